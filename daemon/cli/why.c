#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"

enum { VALUE_LETTERS = 120, VALUE_CEILING = 4096 };
static const char indent[] = "                     "; /* below the time */

/* ---- what a decision compared ---------------------------------------------------------------- */

static char *value_new(const json_t *value)
{
    struct buf out BUF_AUTO;
    buf_init(&out, VALUE_CEILING);
    if (jv_is_empty(value))
        buf_text(&out, "nothing");
    else
        jv_print(&out, value);
    return buf_take(&out);
}

static void print_comparison(const json_t *one)
{
    char *left = value_new(jv_at(one, "left")), *right = value_new(jv_at(one, "right"));
    bool sided = json_object_get(one, "left") != NULL;
    out_line("%s  %s %s%s%.*s%s%.*s%s", indent, jv_flag(one, "is") ? "yes" : "no ",
             jv_text(one, "text", ""), sided ? "  [" : "", VALUE_LETTERS, sided ? left : "",
             sided ? " | " : "", VALUE_LETTERS, sided ? right : "", sided ? "]" : "");
    mem_free(left);
    mem_free(right);
}

static void print_detail(const json_t *detail)
{
    size_t i;
    json_t *one;
    json_array_foreach (jv_loose(detail), i, one)
        if (json_is_object(one) && json_object_get(one, "text") != NULL)
            print_comparison(one);
}

/* ---- a row of the story ---------------------------------------------------------------------- */

static void print_event(const json_t *row, const char *at)
{
    out_line("%s  %s came in (%s)%s", at, jv_text(row, "name", "?"), jv_text(row, "source", "?"),
             strcmp(jv_text(row, "state", ""), "new") == 0 ? ", not looked at yet" : "");
}

static void print_trace(const json_t *row, const char *at)
{
    long long run = (long long)jv_int(row, "run", 0);
    char of[48] = "";
    if (run > 0)
        (void)snprintf(of, sizeof of, "run %lld: ", run);
    out_line("%s  %s%s: %s", at, of, jv_text(row, "what", "?"), jv_text(row, "say", ""));
    print_detail(jv_at(row, "detail"));
}

static void print_effect(const json_t *effect)
{
    const char *error = jv_text(effect, "error", ""), *text = jv_text(effect, "text", "");
    out_line("%s  %s %s%s%s%s%s%s", indent, jv_text(effect, "verdict", "?"),
             jv_text(effect, "method", "?"), jv_flag(effect, "looked") ? ", found by looking" : "",
             error[0] != '\0' ? ": " : "", error, text[0] != '\0' ? ", " : "", text);
}

static void print_cancels(const json_t *cancels)
{
    size_t i;
    json_t *cancel;
    json_array_foreach (jv_loose(cancels), i, cancel)
        out_line("%s  ends early when: %s", indent, json_string_value(cancel));
}

static void print_run(const json_t *row, const char *at)
{
    const char *state = jv_text(row, "state", "?"), *reason = jv_text(row, "reason", "");
    char due[24];
    out_time(jv_text(row, "due", NULL), due);
    bool waits = strcmp(state, "waiting") == 0;
    out_line("%s  run %lld of \"%s\" is %s%s%s%s%s", at, (long long)jv_int(row, "id", 0),
             jv_text(row, "rule", "?"), state, waits ? " until " : "", waits ? due : "",
             reason[0] != '\0' ? ": " : "", reason);
    if (waits)
        print_cancels(jv_at(row, "cancels"));
    size_t i;
    json_t *effect;
    json_array_foreach (jv_loose(jv_at(row, "effects")), i, effect)
        print_effect(effect);
}

static const struct row_kind {
    const char *kind;
    void (*print)(const json_t *row, const char *at);
    bool later; /* below the story: where it is now */
} kinds[] = {
    {"event", print_event, false}, {"trace", print_trace, false}, {"run", print_run, true}};

static void print_row(const json_t *row, bool later)
{
    char at[24];
    out_time(jv_text(row, "at", NULL), at);
    const char *kind = jv_text(row, "kind", "");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].later == later && strcmp(kinds[i].kind, kind) == 0)
            kinds[i].print(row, at);
}

static void print_rows(const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(rows), i, row)
        print_row(row, false);
    json_array_foreach (jv_loose(rows), i, row)
        print_row(row, true);
}

static enum exit_code print_story(const struct args *args, const json_t *story)
{
    const json_t *rows = jv_at(story, "rows");
    bool known = json_array_size(rows) > 0;
    if (args_has(args, OPTION_JSON)) {
        out_json(story);
        return known ? EXIT_YES : EXIT_NO;
    }
    if (!known) {
        const char *note = jv_text(story, "note", "");
        out_complain("nothing is known of %s%s%s", jv_text(story, "entity", "it"),
                     note[0] != '\0' ? ": " : "", note);
        return EXIT_NO;
    }
    print_rows(rows);
    return EXIT_YES;
}

static enum exit_code run(const struct args *args)
{
    char entity[ENTITY_WORDS_SIZE];
    struct err err = {0};
    if (!entity_words(args, 0, entity, &err)) {
        out_complain("%s", err.text);
        return EXIT_UNABLE;
    }
    const char *const pairs[] = {"entity", entity, "portal", args_text(args, OPTION_PORTAL, NULL),
                                 NULL};
    char *path = ask_path_new("/api/story", pairs);
    json_t *story;
    int status;
    bool asked = ask_daemon(args, path, &story, &status);
    mem_free(path);
    if (!asked)
        return EXIT_UNABLE;
    enum exit_code code = print_story(args, story);
    json_decref(story);
    return code;
}

const struct verb verb_why = {
    .name = "why",
    .operands = "deal 123",
    .help = "what happened to an entity and why: events, changes, rules, calls and answers",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_ADMIN) |
               OPTION_BIT(OPTION_PORTAL),
    .least = 1,
    .most = 4,
    .run = run,
};
