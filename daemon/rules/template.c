#include "daemon/rules/template.h"

#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/near.h"
#include "common/percent.h"
#include "daemon/rules/filter.h"
#include "daemon/rules/operand.h"
#include "daemon/rules/scope.h"

enum { MOST_PIECES = 512, MOST_FILTERS = 8, MOST_BYTES = 64 * 1024 };

/* Text of the template's own, or {{path | filter …}}. */
struct piece {
    char *literal; /* owned; NULL: the rest counts */
    struct path path;
    struct filter_call *filters;
    int filter_count;
};

struct template
{
    char *text;
    struct piece *pieces;
    size_t count;
};

struct parser {
    const struct ini_entry *entry;
    const char *text; /* of the entry */
    size_t at;
    const struct expr_names *names;
    struct diag *diag;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool complain(const struct parser *p, size_t at, const char *text)
{
    return diag_add(p->diag, ini_value_place(p->entry, at), "%s", text);
}

static void skip_blanks(struct parser *p)
{
    p->at += strspn(p->text + p->at, " \t\n");
}

static bool at_end(const struct parser *p)
{
    return strncmp(p->text + p->at, "}}", 2) == 0;
}

static bool read_arg(struct parser *p, struct filter_call *call)
{
    struct filter_arg arg = {.offset = p->at};
    if (p->text[p->at] == '"') {
        size_t size;
        arg.text = operand_quoted_new(p->text + p->at, &size);
        if (arg.text == NULL)
            return complain(p, p->at, "the quote is not closed");
        p->at += size;
    } else {
        size_t length = strcspn(p->text + p->at, " \t\n|}\"");
        if (length == 0)
            return complain(p, p->at, "\"|\" or \"}}\" is missing here");
        arg.text = mem_strndup(p->text + p->at, length);
        p->at += length;
    }
    if (call->count < FILTER_MOST_ARGS) {
        call->args[call->count++] = arg;
        return true;
    }
    mem_free(arg.text);
    return complain(p, arg.offset, "too many arguments");
}

static bool unknown_filter(const struct parser *p, size_t at, const char *name)
{
    size_t count;
    const char *const *names = filter_names(&count);
    const char *near = near_name(name, names, count);
    if (near != NULL)
        return diag_add(p->diag, ini_value_place(p->entry, at),
                        "unknown filter \"%s\"; did you mean \"%s\"?", name, near);
    struct buf all BUF_AUTO;
    buf_init(&all, 512);
    for (size_t i = 0; i < count; i++)
        buf_printf(&all, "%s%s", i > 0 ? " " : "", names[i]);
    return diag_add(p->diag, ini_value_place(p->entry, at), "unknown filter \"%s\"; there are %s",
                    name, all.data);
}

static bool find_filter(struct parser *p, struct filter_call *call)
{
    size_t at = p->at, length = strcspn(p->text + at, " \t\n|}\"");
    if (length == 0)
        return complain(p, at, "a filter is missing after \"|\"");
    char *name = mem_strndup(p->text + at, length);
    call->filter = filter_find(name);
    p->at += length;
    bool found = call->filter != NULL || unknown_filter(p, at, name);
    mem_free(name);
    return found;
}

static bool read_filter(struct parser *p, const struct piece *piece, struct filter_call *call)
{
    struct err err = {0};
    size_t from = p->at, offset;
    if (!find_filter(p, call))
        return false;
    for (skip_blanks(p); p->text[p->at] != '|' && !at_end(p); skip_blanks(p)) {
        if (p->text[p->at] == '\0')
            return complain(p, p->at, "\"}}\" is missing at the end");
        if (!read_arg(p, call))
            return false;
    }
    if (!filter_prepare(call, &offset, &err))
        return complain(p, offset != SIZE_MAX ? offset : from, err.text);
    if (filter_wants_entity(call->filter) &&
        (piece->filter_count > 1 || !path_may_be_entity(&piece->path, p->names)))
        return complain(p, from, "link stands right behind an entity: {{deal | link}}");
    return true;
}

static bool read_filters(struct parser *p, struct piece *piece)
{
    for (skip_blanks(p); p->text[p->at] == '|'; skip_blanks(p)) {
        if (piece->filter_count == MOST_FILTERS)
            return complain(p, p->at, "more than 8 filters");
        p->at++;
        skip_blanks(p);
        piece->filters =
            mem_grow(piece->filters, (size_t)piece->filter_count + 1, sizeof *piece->filters);
        struct filter_call *call = &piece->filters[piece->filter_count++];
        *call = (struct filter_call){0};
        if (!read_filter(p, piece, call))
            return false;
    }
    return true;
}

/* The cursor stands behind "{{"; leaves it behind "}}". */
static bool read_insert(struct parser *p, struct piece *piece)
{
    struct err err = {0};
    skip_blanks(p);
    if (!path_parse(p->text, &p->at, &piece->path, &err))
        return complain(p, p->at, err.text);
    if (!path_check(&piece->path, p->names, p->entry, 0, p->diag) || !read_filters(p, piece))
        return false;
    if (!at_end(p))
        return complain(p, p->at, "\"|\" or \"}}\" is missing here");
    p->at += 2;
    return true;
}

static struct piece *add_piece(struct template *t)
{
    t->pieces = mem_grow(t->pieces, t->count + 1, sizeof *t->pieces);
    struct piece *piece = &t->pieces[t->count++];
    *piece = (struct piece){0};
    return piece;
}

/* After a mistake reading goes on behind the next "}}", so that all mistakes are told at once. */
static void recover(struct parser *p)
{
    const char *end = strstr(p->text + p->at, "}}");
    p->at = end != NULL ? (size_t)(end - p->text) + 2 : strlen(p->text);
}

static bool read_pieces(struct parser *p, struct template *t)
{
    bool good = true;
    while (p->text[p->at] != '\0') {
        const char *open = strstr(p->text + p->at, "{{");
        size_t literal = open != NULL ? (size_t)(open - p->text) - p->at : strlen(p->text + p->at);
        if (t->count + 2 > MOST_PIECES)
            return complain(p, p->at, "more than 255 insertions in one text");
        if (literal > 0)
            add_piece(t)->literal = mem_strndup(p->text + p->at, literal);
        p->at += literal;
        if (open == NULL)
            break;
        if (strstr(open, "}}") == NULL)
            return complain(p, p->at, "\"{{\" is not closed by \"}}\"");
        p->at += 2;
        if (!read_insert(p, add_piece(t))) {
            good = false;
            recover(p);
        }
    }
    return good;
}

struct template *template_parse(const struct ini_entry *entry, size_t from,
                                const struct expr_names *names, struct diag *diag)
{
    struct parser p = {entry, entry->value, from, names, diag};
    struct template *t = mem_alloc(sizeof *t);
    *t = (struct template){.text = mem_strdup(entry->value + from)};
    if (read_pieces(&p, t))
        return t;
    template_free(t);
    return NULL;
}

void template_free(struct template *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++) {
        struct piece *piece = &t->pieces[i];
        for (int k = 0; k < piece->filter_count; k++)
            filter_call_done(&piece->filters[k]);
        mem_free(piece->filters);
        mem_free(piece->literal);
        path_done(&piece->path);
    }
    mem_free(t->pieces);
    mem_free(t->text);
    mem_free(t);
}

const char *template_text(const struct template *t)
{
    return t->text;
}

bool template_is_plain(const struct template *t)
{
    return t->count == 0 || (t->count == 1 && t->pieces[0].literal != NULL);
}

const struct path *template_only_path(const struct template *t)
{
    bool only = t->count == 1 && t->pieces[0].literal == NULL && t->pieces[0].filter_count == 0;
    return only ? &t->pieces[0].path : NULL;
}

void template_paths(const struct template *t, void (*visit)(const struct path *, void *), void *arg)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->pieces[i].literal == NULL)
            visit(&t->pieces[i].path, arg);
}

/* ---- rendering ------------------------------------------------------------------------------- */

static void add_bb(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '[' || *text == ']')
            buf_text(out, *text == '[' ? "&#91;" : "&#93;");
        else
            buf_char(out, *text);
    }
}

static void add_json(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04x", c);
        else
            buf_char(out, *text);
    }
}

static void add_header(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        buf_char(out, c < 0x20 || c == 0x7f ? ' ' : *text);
    }
}

/* What the filter url made goes in as it is, unless a later filter spoilt it. */
static void add_url(struct buf *out, const char *text, bool encoded)
{
    static const char kept[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%";
    if (encoded && text[strspn(text, kept)] == '\0')
        buf_text(out, text);
    else
        percent_encode(out, text, strlen(text));
}

static void add_value(struct buf *out, const struct flow *flow, enum template_into into)
{
    char *text = jv_print_new(flow->seen.value);
    switch (into) {
    case INTO_PLAIN:
        buf_text(out, text);
        break;
    case INTO_BB:
        if (flow->bb || flow->author)
            buf_text(out, text);
        else
            add_bb(out, text);
        break;
    case INTO_JSON:
        add_json(out, text);
        break;
    case INTO_URL:
        add_url(out, text, flow->url);
        break;
    case INTO_HEADER:
        add_header(out, text);
        break;
    }
    mem_free(text);
}

/* The value of an insert, through its filters, as people see it. To be done with KNOWN. */
static enum known insert_flow(const struct piece *piece, struct scope *scope, struct flow *ret)
{
    *ret = (struct flow){.zone = scope->env->zone};
    enum known known = seen_look(scope, &piece->path, &ret->seen);
    if (known != KNOWN)
        return known;
    for (int i = 0; i < piece->filter_count && known == KNOWN; i++)
        known = filter_apply(&piece->filters[i], scope, ret);
    if (known == KNOWN)
        known = flow_show(scope, ret);
    if (known != KNOWN)
        flow_done(ret);
    return known;
}

static enum known add_insert(const struct piece *piece, struct scope *scope,
                             enum template_into into, struct buf *out)
{
    struct flow flow;
    enum known known = insert_flow(piece, scope, &flow);
    if (known != KNOWN)
        return known;
    add_value(out, &flow, into);
    flow_done(&flow);
    return known;
}

enum known template_text_of(const struct template *t, struct scope *scope, enum template_into into,
                            char **ret_text)
{
    struct buf out BUF_AUTO;
    buf_init(&out, MOST_BYTES);
    enum known all = KNOWN;
    for (size_t i = 0; i < t->count; i++) {
        const struct piece *piece = &t->pieces[i];
        enum known known = KNOWN;
        if (piece->literal != NULL)
            buf_text(&out, piece->literal);
        else
            known = add_insert(piece, scope, into, &out);
        if (known == KNOWN_BAD)
            return known;
        all = known == KNOWN ? all : known;
    }
    if (all != KNOWN)
        return all;
    if (out.full)
        return scope_bad(scope, "the text is longer than %d KiB", MOST_BYTES / 1024);
    *ret_text = buf_take(&out);
    return KNOWN;
}

enum known template_ids_of(const struct template *t, struct scope *scope, json_t **ret_value)
{
    const struct path *only = template_only_path(t);
    struct seen seen;
    if (only == NULL)
        return template_value_of(t, scope, ret_value);
    enum known known = seen_look(scope, only, &seen);
    if (known != KNOWN)
        return known;
    *ret_value = json_incref(seen.value);
    seen_done(&seen);
    return KNOWN;
}

/* A list stays one, anything else is a text: a number that went through a filter is for people. */
static enum known filtered_value(const struct piece *piece, struct scope *scope, json_t **ret)
{
    struct flow flow;
    enum known known = insert_flow(piece, scope, &flow);
    if (known != KNOWN)
        return known;
    if (json_is_array(flow.seen.value)) {
        *ret = json_incref(flow.seen.value);
    } else {
        char *text = jv_print_new(flow.seen.value);
        *ret = jv_string_new(text);
        mem_free(text);
    }
    flow_done(&flow);
    return KNOWN;
}

enum known template_value_of(const struct template *t, struct scope *scope, json_t **ret_value)
{
    const struct path *only = template_only_path(t);
    char *text = NULL;
    if (only != NULL)
        return scope_get(scope, only, ret_value);
    if (t->count == 1 && t->pieces[0].literal == NULL)
        return filtered_value(&t->pieces[0], scope, ret_value);
    enum known known = template_text_of(t, scope, INTO_PLAIN, &text);
    if (known == KNOWN) {
        *ret_value = jv_string_new(text);
        mem_free(text);
    }
    return known;
}
