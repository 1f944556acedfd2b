#include "daemon/rules/filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/number.h"
#include "common/percent.h"
#include "common/utf8.h"
#include "daemon/rules/compare.h"
#include "daemon/rules/filter_text.h"
#include "daemon/rules/stagename.h"
#include "daemon/rules/who.h"

enum { MOST_BYTES = 64 * 1024, MOST_LETTERS = 10000, MOST_DECIMALS = 6, PHRASE_SIZE = 256 };

/* What one filter is at work on. */
struct work {
    struct scope *scope;
    struct flow *flow;
    const struct filter_call *call;
};

typedef void text_fn(struct buf *, const char *);

struct filter {
    const char *name;
    int least, most;  /* arguments */
    int from, to;     /* the first argument is a number in these bounds; to 0: a text */
    const char *args; /* what is right, for messages */
    enum {
        ON_SHOWN, /* works on what people see */
        ON_RAW,   /* on the ids the portal keeps, when they are still there */
    } on;
    /* One of the three. `text` and `each` make a text of a value that is not empty, and of each
     * member of a list; `whole` changes the flow. */
    text_fn *text;
    enum known (*each)(const struct work *, const json_t *value, struct buf *out);
    enum known (*whole)(const struct work *);
    bool (*prepare)(struct filter_call *, struct err *);
};

static const char *arg_or(const struct work *w, int i, const char *otherwise)
{
    return i < w->call->count ? w->call->args[i].text : otherwise;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static enum known do_truncate(const struct work *w, const json_t *value, struct buf *out)
{
    char *text = jv_print_new(value);
    text_truncate(out, text, (size_t)w->call->args[0].number);
    mem_free(text);
    return KNOWN;
}

static enum known do_url(const struct work *w, const json_t *value, struct buf *out)
{
    char *text = jv_print_new(value);
    percent_encode(out, text, strlen(text));
    mem_free(text);
    w->flow->url = true;
    return KNOWN;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static enum known do_number(const struct work *w, const json_t *value, struct buf *out)
{
    char *text = jv_print_new(value);
    int decimals = w->call->count > 0 ? (int)w->call->args[0].number : -1;
    if (!text_number(out, text, decimals))
        buf_text(out, text);
    mem_free(text);
    return KNOWN;
}

/* The currency of the record the sum stands in; an old record, which keeps only what rules watch,
 * has that of today's. */
static enum known currency_of(const struct work *w, const char **ret)
{
    const struct seen *seen = &w->flow->seen;
    *ret = jv_text(seen->record, "currencyId", "");
    if ((*ret)[0] != '\0' || seen->record == NULL || seen->field.type != w->scope->entity.type)
        return KNOWN;
    const json_t *now;
    enum known known = scope_record(w->scope, &w->scope->entity, &now);
    if (known == KNOWN)
        *ret = jv_text(now, "currencyId", "");
    return known;
}

/* 1500.5 by the record's currency, "1500.5|USD" by its own (bitrix24.md §3.5). */
static enum known do_money(const struct work *w, const json_t *value, struct buf *out)
{
    char *text = jv_print_new(value);
    char *bar = strchr(text, '|');
    const char *code = NULL;
    enum known known = KNOWN;
    if (w->call->count > 0)
        code = w->call->args[0].text;
    else if (bar != NULL)
        code = bar + 1;
    else
        known = currency_of(w, &code);
    if (bar != NULL)
        *bar = '\0';
    if (known == KNOWN && !text_number(out, text, 2))
        buf_text(out, text);
    else if (known == KNOWN && code[0] != '\0')
        buf_printf(out, " %s", text_currency(code));
    mem_free(text);
    return known;
}

static enum known do_plural(const struct work *w, const json_t *value, struct buf *out)
{
    const struct filter_arg *args = w->call->args;
    char *text = jv_print_new(value);
    const char *word = text_plural(text, args[0].text, args[1].text, args[2].text);
    if (word == NULL || !text_number(out, text, -1))
        buf_text(out, text);
    else
        buf_printf(out, " %s", word);
    mem_free(text);
    return KNOWN;
}

/* ---- dates ----------------------------------------------------------------------------------- */

enum { LEAST_UNIX_SECOND = 1000000000 }; /* 2001: smaller numbers are no dates */

static bool moment_of(const struct work *w, const json_t *value, int64_t *ret)
{
    int64_t seconds = jv_int(value, "", 0);
    if (seconds >= LEAST_UNIX_SECOND && seconds < INT64_MAX / 1000) { /* event.ts */
        *ret = seconds * 1000;
        return true;
    }
    const char *text = json_string_value(value);
    return text != NULL && zone_parse_iso(w->flow->zone, text, ret);
}

static enum known do_date(const struct work *w, const json_t *value, struct buf *out)
{
    int64_t at_ms;
    char text[PHRASE_SIZE];
    bool day = strlen(jv_text(value, "", "")) == 10; /* a date without a time */
    const char *format = arg_or(w, 0, day ? "%d.%m.%Y" : "%d.%m.%Y %H:%M");
    if (moment_of(w, value, &at_ms) && zone_format(w->flow->zone, at_ms, format, text, sizeof text))
        buf_text(out, text);
    else
        jv_print(out, value);
    return KNOWN;
}

static bool prepare_date(struct filter_call *call, struct err *err)
{
    static const char letters[] = "dmYyHMS%BAj";
    for (const char *c = strchr(call->args[0].text, '%'); c != NULL; c = strchr(c + 2, '%'))
        if (c[1] == '\0' || strchr(letters, c[1]) == NULL)
            return err_set(err,
                           "unknown letter \"%.*s\" in a date; there are %%d %%m %%Y %%y %%H "
                           "%%M %%S %%B %%A %%j %%%%",
                           (int)(1 + (c[1] != '\0' ? utf8_prefix(c + 1, 1) : 0)), c);
    return call->args[0].text[0] != '\0' || err_set(err, "the form of the date is empty");
}

/* Dates that follow are shown by that zone's clock; by itself it gives the ISO text there. */
static enum known do_tz(const struct work *w, const json_t *value, struct buf *out)
{
    int64_t at_ms;
    char iso[26];
    if (!moment_of(w, value, &at_ms)) {
        jv_print(out, value);
        return KNOWN;
    }
    zone_iso(w->call->zone, at_ms, iso);
    buf_text(out, iso);
    w->flow->zone = w->call->zone;
    return KNOWN;
}

static bool prepare_tz(struct filter_call *call, struct err *err)
{
    call->zone = zone_load(call->args[0].text, err);
    return call->zone != NULL;
}

/* ---- users, stages, links -------------------------------------------------------------------- */

/* His name; what is no user's id, or nobody's, stays. */
static enum known print_user(const struct work *w, const json_t *value, struct buf *out)
{
    const json_t *record = NULL;
    int64_t id = user_id_of(value);
    enum known known = id > 0 ? user_record(w->scope, id, &record) : KNOWN;
    if (known != KNOWN)
        return known;
    if (record == NULL)
        jv_print(out, value);
    else
        user_print_name(out, record);
    return KNOWN;
}

/* [USER=17]Имя Фамилия[/USER], the name's own brackets made harmless. */
static enum known do_mention(const struct work *w, const json_t *value, struct buf *out)
{
    struct buf name BUF_AUTO;
    buf_init(&name, 1024);
    enum known known = print_user(w, value, &name);
    int64_t id = user_id_of(value);
    if (known != KNOWN)
        return known;
    if (id > 0)
        buf_printf(out, "[USER=%" PRId64 "]", id);
    for (const char *c = name.data; *c != '\0'; c++) {
        if (*c == '[' || *c == ']')
            buf_text(out, *c == '[' ? "&#91;" : "&#93;");
        else
            buf_char(out, *c);
    }
    if (id > 0)
        buf_text(out, "[/USER]");
    w->flow->bb = true;
    return KNOWN;
}

/* The name of a stage, or of a funnel where the value is one's id. */
static enum known do_stage(const struct work *w, const json_t *value, struct buf *out)
{
    const struct field_info *field = &w->flow->seen.field;
    int type = field->type != ENTITY_NONE ? field->type : scope_own_type(w->scope);
    char *id = jv_print_new(value);
    const char *name = NULL;
    enum known known = field->leads == FIELD_FUNNEL
                           ? funnel_name(w->scope, type, jv_int(value, "", -1), &name)
                           : stage_name(w->scope, type, id, &name);
    if (known == KNOWN)
        buf_text(out, name != NULL ? name : id);
    mem_free(id);
    return known;
}

static enum known do_link(const struct work *w, const json_t *value, struct buf *out)
{
    const struct seen *seen = &w->flow->seen;
    struct entity entity = seen->entity;
    if (entity.type == ENTITY_NONE) { /* a member of a list, or no entity at all */
        entity.type = seen->field.to;
        (void)snprintf(entity.id, sizeof entity.id, "%" PRId64, user_id_of(value));
    }
    if (entity.type == ENTITY_NONE || strcmp(entity.id, "0") == 0)
        return scope_bad(w->scope, "link stands behind an entity: {{deal | link}}");
    char *link = scope_link_new(w->scope, &entity);
    buf_text(out, link);
    mem_free(link);
    return KNOWN;
}

/* ---- whole values ---------------------------------------------------------------------------- */

static void replace(const struct work *w, json_t *value)
{
    json_decref(w->flow->seen.value);
    w->flow->seen.value = value;
}

static enum known do_default(const struct work *w)
{
    if (jv_is_empty(w->flow->seen.value)) {
        replace(w, json_string(w->call->args[0].text));
        w->flow->author = true;
    }
    return KNOWN;
}

static enum known do_join(const struct work *w)
{
    const char *between = arg_or(w, 0, ", ");
    json_t *list = w->flow->seen.value, *member;
    if (!json_is_array(list))
        return KNOWN;
    struct buf text BUF_AUTO;
    buf_init(&text, MOST_BYTES + 1);
    size_t i, written = 0;
    json_array_foreach (list, i, member) {
        if (jv_is_empty(member))
            continue;
        buf_text(&text, written++ > 0 ? between : "");
        jv_print(&text, member);
    }
    replace(w, jv_string_new(text.data));
    return KNOWN;
}

static enum known do_json(const struct work *w)
{
    char *text = jv_dump_new(w->flow->seen.value);
    replace(w, jv_string_new(text));
    mem_free(text);
    return KNOWN;
}

static enum known do_bb(const struct work *w)
{
    w->flow->bb = true;
    return KNOWN;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define NO_ARGS "takes no argument"

static const struct filter filters[] = {
    {"default", 1, 1, 0, 0, "takes a text: default \"нет\"", ON_SHOWN, .whole = do_default},
    {"upper", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .text = utf8_upper},
    {"lower", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .text = utf8_lower},
    {"trim", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .text = text_trim},
    {"truncate", 1, 1, 1, MOST_LETTERS, "takes a number of letters from 1 to 10000: truncate 60",
     ON_SHOWN, .each = do_truncate},
    {"digits", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .text = text_digits},
    {"phone", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .text = text_phone},
    {"number", 0, 1, 0, MOST_DECIMALS, "takes at most a number of decimals up to 6: number 2",
     ON_SHOWN, .each = do_number},
    {"money", 0, 1, 0, 0, "takes at most a currency: money USD", ON_SHOWN, .each = do_money},
    {"date", 0, 1, 0, 0, "takes at most a form: date \"%d.%m %H:%M\"", ON_SHOWN, .each = do_date,
     .prepare = prepare_date},
    {"tz", 1, 1, 0, 0, "takes a time zone: tz \"Asia/Omsk\"", ON_SHOWN, .each = do_tz,
     .prepare = prepare_tz},
    {"user", 0, 0, 0, 0, NO_ARGS, ON_RAW, .each = print_user},
    {"mention", 0, 0, 0, 0, NO_ARGS, ON_RAW, .each = do_mention},
    {"link", 0, 0, 0, 0, NO_ARGS, ON_RAW, .each = do_link},
    {"stage", 0, 0, 0, 0, NO_ARGS, ON_RAW, .each = do_stage},
    {"plural", 3, 3, 0, 0, "takes three words: plural \"день\" \"дня\" \"дней\"", ON_SHOWN,
     .each = do_plural},
    {"join", 0, 1, 0, 0, "takes at most what stands between: join \"; \"", ON_SHOWN,
     .whole = do_join},
    {"json", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .whole = do_json},
    {"url", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .each = do_url},
    {"bb", 0, 0, 0, 0, NO_ARGS, ON_SHOWN, .whole = do_bb},
};

enum { FILTER_COUNT = sizeof filters / sizeof filters[0] };

const struct filter *filter_find(const char *name)
{
    for (size_t i = 0; i < FILTER_COUNT; i++)
        if (strcmp(filters[i].name, name) == 0)
            return &filters[i];
    return NULL;
}

const char *const *filter_names(size_t *ret_count)
{
    static const char *const names[] = {
        "default", "upper",  "lower", "trim", "truncate", "digits",  "phone",
        "number",  "money",  "date",  "tz",   "user",     "mention", "link",
        "stage",   "plural", "join",  "json", "url",      "bb",
    };
    _Static_assert(sizeof names / sizeof names[0] == FILTER_COUNT, "a filter has no name here");
    *ret_count = FILTER_COUNT;
    return names;
}

bool filter_wants_entity(const struct filter *filter)
{
    return filter->each == do_link;
}

bool filter_prepare(struct filter_call *call, size_t *ret_offset, struct err *err)
{
    const struct filter *filter = call->filter;
    *ret_offset = SIZE_MAX;
    if (call->count < filter->least || call->count > filter->most)
        return err_set(err, "%s %s", filter->name, filter->args);
    if (call->count == 0)
        return true;
    *ret_offset = call->args[0].offset;
    int64_t *number = &call->args[0].number;
    if (filter->to > 0 &&
        (!number_int(call->args[0].text, number) || *number < filter->from || *number > filter->to))
        return err_set(err, "%s %s", filter->name, filter->args);
    return filter->prepare == NULL || filter->prepare(call, err);
}

void filter_call_done(struct filter_call *call)
{
    for (int i = 0; i < call->count; i++)
        mem_free(call->args[i].text);
    zone_free(call->zone);
    *call = (struct filter_call){0};
}

/* ---- applying -------------------------------------------------------------------------------- */

static enum known add_text(const struct work *w, const json_t *value, struct buf *out)
{
    if (w->call->filter->each != NULL)
        return w->call->filter->each(w, value, out);
    char *text = jv_print_new(value);
    w->call->filter->text(out, text);
    mem_free(text);
    return KNOWN;
}

static enum known text_of(const struct work *w, const json_t *value, json_t **ret)
{
    struct buf out BUF_AUTO;
    buf_init(&out, MOST_BYTES + 1);
    bool nothing = compare_is_empty(value);
    enum known known = nothing ? KNOWN : add_text(w, value, &out);
    if (known == KNOWN)
        *ret = nothing ? json_null() : jv_string_new(out.data);
    return known;
}

/* Of a list, every member becomes a text; all are tried, so that their needs go out together. */
static enum known apply_each(const struct work *w)
{
    const json_t *value = w->flow->seen.value;
    json_t *text = NULL, *member;
    if (!json_is_array(value)) {
        enum known known = text_of(w, value, &text);
        if (known == KNOWN)
            replace(w, text);
        return known;
    }
    JV_AUTO *texts = json_array();
    enum known all = KNOWN;
    size_t i;
    json_array_foreach (jv_loose(value), i, member) {
        enum known known = text_of(w, member, &text);
        if (known == KNOWN)
            (void)json_array_append_new(texts, text);
        else if (all != KNOWN_BAD)
            all = known;
    }
    if (all == KNOWN)
        replace(w, json_incref(texts));
    return all;
}

enum known flow_show(struct scope *scope, struct flow *flow)
{
    json_t *value;
    if (flow->shown)
        return KNOWN;
    enum known known = seen_show_text(scope, &flow->seen, &value);
    if (known != KNOWN)
        return known;
    json_decref(flow->seen.value);
    flow->seen.value = value;
    flow->shown = true;
    return KNOWN;
}

enum known filter_apply(const struct filter_call *call, struct scope *scope, struct flow *flow)
{
    const struct work w = {scope, flow, call};
    enum known known = call->filter->on == ON_SHOWN ? flow_show(scope, flow) : KNOWN;
    if (known != KNOWN)
        return known;
    known = call->filter->whole != NULL ? call->filter->whole(&w) : apply_each(&w);
    if (known != KNOWN)
        return known;
    flow->shown = true;
    flow->author = flow->author && call->filter->on == ON_SHOWN; /* a looked up name is not his */
    return KNOWN;
}

void flow_done(struct flow *flow)
{
    seen_done(&flow->seen);
}
