#include "daemon/cli/story.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/cli/out.h"

enum { VALUE_BYTES = 160, LINE_CEILING = 16384 };
static const char indent[] = "                     "; /* below the time */

/* ---- values ---------------------------------------------------------------------------------- */

/* The text, cut at a letter where it is long. */
static void add_cut(struct buf *line, const char *text)
{
    size_t size = strlen(text);
    size_t keep = size > VALUE_BYTES ? utf8_whole(text, VALUE_BYTES) : size;
    buf_printf(line, "%.*s%s", (int)keep, text, keep < size ? "…" : "");
}

static char *value_new(const json_t *value)
{
    struct buf out BUF_AUTO;
    buf_init(&out, LINE_CEILING);
    if (jv_is_empty(value))
        buf_text(&out, "empty");
    else
        jv_print(&out, value);
    return buf_take(&out);
}

static void add_value(struct buf *line, const json_t *value)
{
    char *text = value_new(value);
    add_cut(line, text);
    mem_free(text);
}

/* "yes  deal.opportunity > 1000: it is 2500". The right side is shown where the text does not: a
 * name that stands for a number, another field. */
static void print_comparison(const json_t *one)
{
    const char *text = jv_text(one, "text", "");
    const json_t *right = json_object_get(one, "right");
    struct buf line BUF_AUTO;
    buf_init(&line, LINE_CEILING);
    buf_printf(&line, "%s  %s %s", indent, jv_flag(one, "is") ? "yes:" : "no: ", text);
    if (json_object_get(one, "left") != NULL) {
        buf_text(&line, "; it is ");
        add_value(&line, json_object_get(one, "left"));
    }
    char *shown = value_new(right);
    if (right != NULL && !jv_is_empty(right) && strstr(text, shown) == NULL) {
        buf_text(&line, ", the right side ");
        add_cut(&line, shown);
    }
    mem_free(shown);
    out_line("%s", line.data);
}

static void print_detail(const json_t *detail)
{
    size_t i;
    json_t *one;
    json_array_foreach (jv_loose(detail), i, one)
        if (json_is_object(one) && json_object_get(one, "text") != NULL)
            print_comparison(one);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void print_event(const json_t *row, const char *at)
{
    const char *source = jv_text(row, "source", "?"), *name = jv_text(row, "name", "?");
    long long id = (long long)jv_int(row, "id", 0), run = (long long)jv_int(row, "cause_run", 0);
    bool news = strcmp(jv_text(row, "state", ""), "new") == 0;
    const char *later = news ? ", not looked at yet" : "";
    if (strcmp(source, "own") == 0)
        out_line("%s  event %lld: the portal confirms what run %lld wrote%s", at, id, run, later);
    else if (strcmp(source, "robot") == 0)
        out_line("%s  event %lld: the robot %s called%s", at, id, name, later);
    else if (strcmp(source, "inner") == 0 && strcmp(name, "TIMER") == 0)
        out_line("%s  event %lld: found by the search for timers%s", at, id, later);
    else if (strcmp(source, "inner") == 0)
        out_line("%s  event %lld: %s%s", at, id, name, later);
    else
        out_line("%s  event %lld: %s came in%s", at, id, name, later);
}

/* ---- traces ---------------------------------------------------------------------------------- */

/* How a trace of that kind is said; "" as it stands. */
static const struct phrase {
    const char *what, *before;
} phrases[] = {
    {"if", "only if "},    {"skip", "left out: "},        {"done", "done: "},
    {"wait", "waits "},    {"error", "failed: "},         {"chosen", "whom: "},
    {"stop", "stops: "},   {"ended", "ended "},           {"seen", "it was looked at: "},
    {"blind", "unseen: "}, {"operator", "an operator: "}, {"frozen", "frozen: "},
};

static const char *phrase_of(const char *what)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (strcmp(phrases[i].what, what) == 0)
            return phrases[i].before;
    return "";
}

/* Lines of a step begin with its head: "[then todo] …". */
static void print_trace(const json_t *row, const char *at)
{
    long long run = (long long)jv_int(row, "run", 0);
    const char *say = jv_text(row, "say", ""), *behind = say;
    char of[48] = "";
    if (say[0] == '[') {
        const char *end = strstr(say, "] ");
        behind = end != NULL ? end + 2 : say;
    }
    if (run > 0)
        (void)snprintf(of, sizeof of, "run %lld: ", run);
    out_line("%s  %s%.*s%s%s", at, of, (int)(behind - say), say,
             phrase_of(jv_text(row, "what", "")), behind);
    print_detail(json_object_get(row, "detail"));
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* What a verdict means (daemon/model/command.h). */
static const struct {
    const char *verdict, *means;
} verdicts[] = {
    {"NONE", "not answered yet"},
    {"REFUSED", "refused for good"},
    {"LIMITED", "not carried out: over a limit"},
    {"RETRY", "not carried out"},
    {"UNSURE", "sent, and nobody knows whether it was carried out"},
    {"SHADOW", "not sent: the rule is in shadow"},
};

static void add_verdict(struct buf *line, const json_t *call)
{
    const char *verdict = jv_text(call, "verdict", "?"), *error = jv_text(call, "error", "");
    const char *text = jv_text(call, "text", "");
    double took = jv_real(call, "took_s", -1);
    buf_printf(line, " → %s", verdict);
    if (took >= 0)
        buf_printf(line, " after %.3f s", took);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        if (strcmp(verdicts[i].verdict, verdict) == 0)
            buf_printf(line, " (%s)", verdicts[i].means);
    if (jv_flag(call, "looked") && strcmp(verdict, "DONE") == 0)
        buf_text(line, ", found by looking");
    if (error[0] != '\0')
        buf_printf(line, ": %s", error);
    if (text[0] != '\0' && strcmp(text, "found by looking") != 0)
        buf_printf(line, "%s %s", error[0] != '\0' ? "," : ":", text);
}

static void print_call(const json_t *row, const char *at)
{
    struct buf line BUF_AUTO;
    buf_init(&line, LINE_CEILING);
    long long attempt = (long long)jv_int(row, "attempt", 1);
    char *params = jv_dump_new(json_object_get(row, "params"));
    buf_printf(&line, "%s  run %lld: step %lld calls %s ", at, (long long)jv_int(row, "run", 0),
               (long long)jv_int(row, "step", 0) + 1, jv_text(row, "method", "?"));
    add_cut(&line, params);
    if (attempt > 1)
        buf_printf(&line, ", attempt %lld", attempt);
    add_verdict(&line, row);
    out_line("%s", line.data);
    mem_free(params);
}

/* ---- runs: where they are now ---------------------------------------------------------------- */

void story_name_hold(const json_t *hold, char *out, size_t size)
{
    const char *portal = jv_text(hold, "portal", ""), *rule = jv_text(hold, "rule", "");
    bool both = portal[0] != '\0' && rule[0] != '\0';
    (void)snprintf(out, size, "%s%s%s%s%s", rule[0] != '\0' ? "rule " : "", rule,
                   both ? " on " : "", portal[0] != '\0' ? "portal " : "", portal);
}

static void print_hold(const json_t *hold, const char *before)
{
    char what[256], since[24];
    const char *why = jv_text(hold, "why", "");
    story_name_hold(hold, what, sizeof what);
    out_time(jv_text(hold, "since", NULL), since);
    out_line("%s%s is paused since %s by %s%s%s", before, what, since, jv_text(hold, "by", "?"),
             why[0] != '\0' ? ": " : "", why);
}

static void print_run(const json_t *row, const char *at)
{
    const char *state = jv_text(row, "state", "?"), *reason = jv_text(row, "reason", "");
    char due[24];
    size_t i;
    json_t *cancel;
    out_time(jv_text(row, "due", NULL), due);
    bool waits = strcmp(state, "waiting") == 0;
    out_line("%s  run %lld of \"%s\" is %s%s%s%s%s", at, (long long)jv_int(row, "id", 0),
             jv_text(row, "rule", "?"), state, waits ? " until " : "", waits ? due : "",
             reason[0] != '\0' ? ": " : "", reason);
    if (waits)
        json_array_foreach (jv_loose(json_object_get(row, "cancels")), i, cancel)
            out_line("%s  ends early when: %s", indent, json_string_value(cancel));
    if (json_object_get(row, "paused") != NULL)
        print_hold(json_object_get(row, "paused"), "                       ");
}

/* ---- all together ---------------------------------------------------------------------------- */

static const struct row_kind {
    const char *kind;
    void (*print)(const json_t *row, const char *at);
} kinds[] = {
    {"event", print_event}, {"trace", print_trace}, {"call", print_call}, {"run", print_run}};

void story_print_row(const json_t *row)
{
    char at[24];
    out_time(jv_text(row, "at", NULL), at);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, jv_text(row, "kind", "")) == 0)
            kinds[i].print(row, at);
}

/* Is there a trace of that kind, of that run (0: any)? */
static bool is_told(const json_t *rows, const char *what, int64_t run)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(rows), i, row)
        if (strcmp(jv_text(row, "what", ""), what) == 0 &&
            (run == 0 || jv_int(row, "run", 0) == run))
            return true;
    return false;
}

/* What has gone of it: nothing, when it is known how it began. */
static void print_gone(const json_t *story)
{
    char before[24];
    out_time(jv_text(story, "pruned", NULL), before);
    if (jv_text(story, "pruned", NULL) != NULL && !is_told(jv_at(story, "rows"), "added", 0))
        out_line("(what had ended before %s is not kept any more: keep = %lld days)", before,
                 (long long)jv_int(story, "keep_days", 0));
    if (jv_flag(story, "more"))
        out_line("(older lines are left out; --limit 10000 shows more)");
}

static void print_happenings(const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(rows), i, row)
        if (strcmp(jv_text(row, "kind", ""), "run") != 0)
            story_print_row(row);
}

/* Of runs that have ended well the story told the end. */
static void print_now(const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(rows), i, row) {
        const char *state = jv_text(row, "state", "");
        bool over = strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
        if (strcmp(jv_text(row, "kind", ""), "run") == 0 &&
            !(over && is_told(rows, "ended", jv_int(row, "id", 0))))
            story_print_row(row);
    }
}

void story_print(const json_t *story)
{
    const json_t *rows = jv_at(story, "rows");
    size_t i;
    json_t *hold;
    print_gone(story);
    print_happenings(rows);
    print_now(rows);
    json_array_foreach (jv_loose(jv_at(story, "paused")), i, hold)
        print_hold(hold, "");
}
