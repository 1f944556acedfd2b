#include "daemon/config/senders.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"

enum { SENDERS_MOST = 10000 };

struct list {
    struct net *nets;
    int count;
    struct diag *diag;
};

static bool add(struct list *list, const char *text, struct place at)
{
    struct net net;
    struct err err = {0};
    if (!net_parse(text, &net, &err))
        return diag_add(list->diag, at, "%s", err.text);
    if (list->count == SENDERS_MOST)
        return diag_add(list->diag, at, "more than %d senders", SENDERS_MOST);
    list->nets = mem_grow(list->nets, (size_t)list->count + 1, sizeof *list->nets);
    list->nets[list->count++] = net;
    return true;
}

static bool add_json(struct list *list, const char *text, size_t size, struct place whole)
{
    struct err err = {0};
    JV_AUTO *tree = jv_parse_new(text, size, &err);
    if (tree == NULL)
        return diag_add(list->diag, whole, "%s", err.text);
    const json_t *nodes = jv_at(tree, "nodes");
    if (!json_is_array(nodes))
        return diag_add(list->diag, whole, "no list of senders in it: {\"nodes\":[\"ADDRESS\",…]}");
    bool good = true;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const char *node = json_string_value(json_array_get(nodes, i));
        if (node == NULL)
            good = diag_add(list->diag, whole, "entry %zu of \"nodes\" is no text", i + 1);
        else
            good = add(list, node, whole) && good;
    }
    return good;
}

static bool add_line(struct list *list, const char *line, struct place at)
{
    size_t blanks = strspn(line, " \t");
    size_t length = strcspn(line + blanks, " \t\r");
    if (length == 0 || line[blanks] == '#' || line[blanks] == ';')
        return true;
    at.column = (int)blanks + 1;
    const char *behind = line + blanks + length;
    if (behind[strspn(behind, " \t\r")] != '\0')
        return diag_add(list->diag, at, "one address or network a line is wanted");
    char *text = mem_strndup(line + blanks, length);
    bool good = add(list, text, at);
    mem_free(text);
    return good;
}

static bool add_lines(struct list *list, const char *text, struct place whole)
{
    bool good = true;
    struct place at = {.file = whole.file, .column = 1};
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char *one = mem_strndup(line, length);
        at.line++;
        good = add_line(list, one, at) && good;
        mem_free(one);
        line += length + (line[length] == '\n');
    }
    return good;
}

bool senders_parse(const char *file, const char *text, size_t size, struct net **ret_nets,
                   int *ret_count, struct diag *diag)
{
    struct list list = {.diag = diag};
    struct place whole = {.file = file};
    bool good;
    if (strlen(text) != size || !utf8_valid(text, size))
        good = diag_add(diag, whole, "not valid UTF-8; the file has to be saved so");
    else if (text[strspn(text, " \t\r\n")] == '{')
        good = add_json(&list, text, size, whole);
    else
        good = add_lines(&list, text, whole);
    if (good && list.count == 0)
        good = diag_add(diag, whole, "no sender in it: every event would be refused");
    *ret_nets = list.nets;
    *ret_count = list.count;
    return good;
}
