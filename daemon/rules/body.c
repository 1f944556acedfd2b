#include "daemon/rules/body.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"

/* The source is cut into JSON and templates: each {{…}} is replaced by a marker of two characters
 * from Unicode's private area with its number between them, the rest is parsed as JSON, and the
 * markers in its strings are filled in afterwards. So a value from outside never meets a parser. */

#define MARK_OPEN "\xee\x80\x80"  /* U+E000 */
#define MARK_CLOSE "\xee\x80\x81" /* U+E001 */

enum { MARK_SIZE = 3, SOURCE_CEILING = 64 * 1024, MOST_HOLES = 256, MOST_TEXT = 64 * 1024 };

struct hole {
    const char *from; /* in the source: "{{" */
    size_t size;      /* up to and with "}}" */
};

struct form {
    struct hole holes[MOST_HOLES];
    size_t count;
    json_t *tree; /* owned; markers in its strings */
};

/* Size of the {{…}} at `text`, quotes inside respected; 0 when it does not end. */
static size_t hole_size(const char *text)
{
    bool quoted = false;
    for (size_t i = 2; text[i] != '\0'; i++) {
        quoted = quoted != (text[i] == '"');
        if (!quoted && text[i] == '}' && text[i + 1] == '}')
            return i + 2;
    }
    return 0;
}

static bool form_add_hole(struct form *form, const char *source, bool quoted, struct err *err)
{
    size_t size = hole_size(source);
    if (size == 0)
        return err_set(err, "\"{{\" is not closed by \"}}\"");
    if (!quoted)
        return err_set(err, "a template may stand only inside a string: \"{{…}}\"");
    if (form->count == MOST_HOLES)
        return err_set(err, "more than %d templates", MOST_HOLES);
    form->holes[form->count++] = (struct hole){source, size};
    return true;
}

static bool form_cut(struct form *form, const char *source, struct buf *json, struct err *err)
{
    bool quoted = false, escaped = false;
    if (strstr(source, MARK_OPEN) != NULL)
        return err_set(err, "the character U+E000 may not stand here");
    while (*source != '\0') {
        if (strncmp(source, "{{", 2) != 0) {
            quoted = quoted != (*source == '"' && !escaped);
            escaped = *source == '\\' && !escaped;
            buf_char(json, *source++);
            continue;
        }
        if (!form_add_hole(form, source, quoted, err))
            return false;
        buf_printf(json, MARK_OPEN "%zu" MARK_CLOSE, form->count - 1);
        source += form->holes[form->count - 1].size;
    }
    return true;
}

static bool form_read(struct form *form, const char *source, struct err *err)
{
    struct buf json BUF_AUTO;
    buf_init(&json, 2 * SOURCE_CEILING);
    if (!form_cut(form, source, &json, err))
        return false;
    if (json.full)
        return err_set(err, "longer than %d bytes", SOURCE_CEILING);
    form->tree = jv_parse_new(json.data, json.size, err);
    return form->tree != NULL;
}

bool body_check(const char *source, struct err *err)
{
    struct form form = {.count = 0};
    bool ok = form_read(&form, source, err);
    json_decref(form.tree);
    return ok;
}

/* ---- filling in ------------------------------------------------------------------------------ */

struct filling {
    struct plan *plan;
    const char *key;
    const struct form *form;
    const char **labels; /* of the rule, NULL-ended */
};

static struct template *parse_hole(struct filling *f, const struct hole *hole)
{
    struct diag diag;
    struct template *ret;
    char *text = mem_strndup(hole->from, hole->size);
    struct ini_line line = {0};
    struct ini_entry entry = {
        .key = (char *)(uintptr_t)f->key, .value = text, .lines = &line, .line_count = 1};
    const struct expr_names names = {.entity_type = f->plan->scope->entity_type,
                                     .labels = f->labels};
    diag_init(&diag);
    ret = template_parse(&entry, 0, &names, &diag);
    if (ret == NULL)
        (void)plan_bad(f->plan, "%s: %s", f->key, diag.count > 0 ? diag.entries[0].text : text);
    diag_done(&diag);
    mem_free(text);
    return ret;
}

/* The number behind a marker; *at moves behind it. */
static const struct hole *next_hole(const struct filling *f, const char **at)
{
    size_t number = 0;
    const char *from = *at + MARK_SIZE;
    while (*from >= '0' && *from <= '9')
        number = number * 10 + (size_t)(*from++ - '0');
    *at = from + MARK_SIZE;
    return number < f->form->count ? &f->form->holes[number] : NULL;
}

static enum planned fill_part(struct filling *f, const char **at, struct buf *out)
{
    char *text = NULL;
    const struct hole *hole = next_hole(f, at);
    struct template *template = hole == NULL ? NULL : parse_hole(f, hole);
    if (template == NULL)
        return PLAN_BAD;
    enum planned planned =
        plan_known(f->plan, template_text_of(template, f->plan->scope, INTO_PLAIN, &text), f->key);
    if (planned == PLAN_READY)
        buf_text(out, text);
    mem_free(text);
    template_free(template);
    return planned;
}

static enum planned fill_mixed(struct filling *f, const char *text, json_t **ret)
{
    struct buf out BUF_AUTO;
    enum planned all = PLAN_READY;
    buf_init(&out, MOST_TEXT);
    while (*text != '\0' && all != PLAN_BAD) {
        size_t size = strlen(text);
        const char *mark = strstr(text, MARK_OPEN);
        if (mark != NULL)
            size = (size_t)(mark - text);
        buf_add(&out, text, size);
        text += size;
        enum planned one = mark == NULL ? PLAN_READY : fill_part(f, &text, &out);
        if (one != PLAN_READY)
            all = one;
    }
    if (out.full)
        return plan_bad(f->plan, "%s: a text is longer than %d bytes", f->key, MOST_TEXT);
    *ret = jv_string_new(out.data);
    return all;
}

/* A string that is one marker and nothing else. */
static bool is_one_hole(const char *text)
{
    const char *close = strstr(text, MARK_CLOSE);
    return strncmp(text, MARK_OPEN, MARK_SIZE) == 0 && close != NULL && close[MARK_SIZE] == '\0';
}

static enum planned fill_text(struct filling *f, const char *text, json_t **ret)
{
    if (!is_one_hole(text))
        return fill_mixed(f, text, ret);
    const struct hole *hole = next_hole(f, &text);
    struct template *template = hole == NULL ? NULL : parse_hole(f, hole);
    if (template == NULL)
        return PLAN_BAD;
    enum planned planned =
        plan_known(f->plan, template_value_of(template, f->plan->scope, ret), f->key);
    template_free(template);
    return planned;
}

static enum planned fill(struct filling *f, const json_t *tree, json_t **ret);

static enum planned fill_object(struct filling *f, const json_t *tree, json_t **ret)
{
    enum planned all = PLAN_READY;
    const char *name;
    json_t *member;
    *ret = json_object();
    json_object_foreach (jv_loose(tree), name, member) {
        JV_AUTO *key = NULL;
        json_t *value = NULL;
        enum planned named = fill_mixed(f, name, &key);
        enum planned filled = fill(f, member, &value);
        if (named == PLAN_BAD || filled == PLAN_BAD)
            all = PLAN_BAD;
        else if (all == PLAN_READY)
            all = named == PLAN_READY ? filled : named;
        if (value != NULL)
            (void)json_object_set_new(*ret, json_string_value(key), value);
    }
    return all;
}

static enum planned fill_array(struct filling *f, const json_t *tree, json_t **ret)
{
    enum planned all = PLAN_READY;
    size_t i;
    json_t *element;
    *ret = json_array();
    json_array_foreach (tree, i, element) {
        json_t *value = NULL;
        enum planned one = fill(f, element, &value);
        if (one != PLAN_READY && all != PLAN_BAD)
            all = one;
        if (value != NULL)
            (void)json_array_append_new(*ret, value);
    }
    return all;
}

/* jv_parse_new refused what is nested deeper than 64. */
static enum planned fill(struct filling *f, const json_t *tree, json_t **ret)
{
    if (json_is_object(tree))
        return fill_object(f, tree, ret);
    if (json_is_array(tree))
        return fill_array(f, tree, ret);
    if (json_is_string(tree))
        return fill_text(f, json_string_value(tree), ret);
    *ret = json_incref(jv_loose(tree));
    return PLAN_READY;
}

static const char **labels_new(const struct rule *rule)
{
    size_t steps = rule == NULL ? 0 : rule->step_count, count = 0;
    const char **ret = mem_array(steps + 1, sizeof ret[0]);
    for (size_t i = 0; i < steps; i++)
        if (rule->steps[i].label != NULL)
            ret[count++] = rule->steps[i].label;
    return ret;
}

enum planned body_json(struct plan *p, const char *name, json_t **ret)
{
    const struct step_key *key = step_key_find(p->step, name);
    struct form form = {.count = 0};
    struct err err = {0};
    *ret = NULL;
    if (key == NULL || key->value == NULL)
        return PLAN_READY;
    if (!form_read(&form, template_text(key->value), &err))
        return plan_bad(p, "%s: %s", name, err.text);
    const char **labels = labels_new(p->rule);
    struct filling filling = {.plan = p, .key = name, .form = &form, .labels = labels};
    enum planned planned = fill(&filling, form.tree, ret);
    json_decref(form.tree);
    mem_free(labels);
    if (planned == PLAN_READY)
        return planned;
    json_decref(*ret);
    *ret = NULL;
    return planned;
}

/* ---- dotted keys ----------------------------------------------------------------------------- */

/* The next name of `fields."a.b".0`: quotes taken off, *at behind the dot. */
static char *next_name(const char **at)
{
    struct buf name;
    bool quoted = false;
    const char *from = *at;
    buf_init(&name, 1024);
    for (; *from != '\0' && (quoted || *from != '.'); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            buf_char(&name, *from);
    }
    *at = *from == '.' ? from + 1 : from;
    return name.data;
}

/* Takes `value`. Deeper than 16 the rest of the key is one name. */
static void put(json_t *tree, const char *key, json_t *value)
{
    for (int depth = 0;; depth++) {
        char *name = depth < 16 ? next_name(&key) : mem_strdup(key);
        if (*key == '\0' || depth == 16) {
            (void)json_object_set_new(tree, name, value);
            mem_free(name);
            return;
        }
        json_t *next = json_object_get(tree, name);
        if (!json_is_object(next)) {
            next = json_object();
            (void)json_object_set_new(tree, name, next);
        }
        mem_free(name);
        tree = next;
    }
}

/* Members named 0, 1, 2 … make a list. New. */
static json_t *listed_new(const json_t *tree)
{
    json_t *list = json_array(), *object = json_object();
    const char *name;
    json_t *member;
    if (!json_is_object(tree)) {
        json_decref(list);
        json_decref(object);
        return json_incref(jv_loose(tree));
    }
    json_object_foreach (jv_loose(tree), name, member) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", json_array_size(list));
        json_t *value = listed_new(member);
        if (list != NULL && strcmp(number, name) == 0) {
            (void)json_array_append(list, value);
        } else {
            json_decref(list);
            list = NULL;
        }
        (void)json_object_set_new(object, name, value);
    }
    bool is_list = list != NULL && json_array_size(list) > 0;
    json_decref(is_list ? object : list);
    return is_list ? list : object;
}

static bool is_wanted(const struct plan *p, const struct step_key *key, const char *prefix)
{
    const struct action_key *named = action_key_find(p->step->action, key->name);
    if (prefix[0] == '\0')
        return named == NULL || strcmp(named->name, "*") == 0;
    return strncmp(key->name, prefix, strlen(prefix)) == 0;
}

enum planned body_dotted(struct plan *p, const char *prefix, json_t **ret)
{
    JV_AUTO *tree = json_object();
    enum planned all = PLAN_READY;
    for (size_t i = 0; i < p->step->key_count && all != PLAN_BAD; i++) {
        const struct step_key *key = &p->step->keys[i];
        json_t *value = NULL;
        if (!is_wanted(p, key, prefix))
            continue;
        enum planned one = PLAN_READY;
        if (key->value == NULL)
            value = json_string("");
        else
            one = plan_known(p, template_value_of(key->value, p->scope, &value), key->name);
        if (one != PLAN_READY)
            all = one;
        if (value != NULL)
            put(tree, key->name + strlen(prefix), value);
    }
    *ret = all == PLAN_READY ? listed_new(tree) : NULL;
    return all;
}
