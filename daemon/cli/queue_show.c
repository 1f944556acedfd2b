/* `queue list`, `dead`, `show`, `paused`, `log`: looking, before the hand is put to it. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"
#include "daemon/cli/queue.h"
#include "daemon/cli/runs.h"
#include "daemon/cli/story.h"

/* What has not ended well yet: the default of `queue list`. What is stuck stands before what is on
 * its way, of which there may be more than is shown. */
static const char *const open_states[] = {"parked", "dead", "running", "ready", "waiting", NULL};

enum exit_code hand_list(const struct args *args)
{
    const char *one[] = {args_text(args, OPTION_STATE, NULL), NULL};
    char entity[ENTITY_WORDS_SIZE];
    struct err err = {0};
    int64_t limit;
    bool more, about = args->count > 1;
    if (!queue_check_state(one[0]) || !runs_limit(args, &limit))
        return EXIT_UNABLE;
    if (about && !entity_words(args, 1, entity, &err)) {
        out_complain("%s", err.text);
        return EXIT_UNABLE;
    }
    json_t *runs =
        runs_ask(args, one[0] != NULL ? one : open_states, about ? entity : NULL, limit, &more);
    if (runs == NULL)
        return EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(runs);
    else if (json_array_size(runs) > 0)
        runs_print(runs, more);
    else
        out_line("no runs");
    json_decref(runs);
    return EXIT_YES;
}

/* GET; NULL: said already. */
static json_t *ask(const struct args *args, const char *route, const char *const *pairs,
                   int *ret_status)
{
    json_t *answer = NULL;
    char *path = ask_path_new(route, pairs);
    if (!ask_daemon(args, path, &answer, ret_status))
        answer = NULL;
    mem_free(path);
    return answer;
}

/* ---- dead letters ---------------------------------------------------------------------------- */

static void print_dead(const json_t *groups, bool more)
{
    static const char *const headings[] = {"count",  "last",   "state", "rule",
                                           "portal", "newest", "why",   NULL};
    struct out_table table;
    out_table_init(&table, headings);
    size_t i;
    json_t *group;
    json_array_foreach (jv_loose(groups), i, group) {
        char count[24], last[24], run[32];
        (void)snprintf(count, sizeof count, "%lld", (long long)jv_int(group, "count", 0));
        (void)snprintf(run, sizeof run, "run %lld", (long long)jv_int(group, "run", 0));
        out_time(jv_text(group, "last", NULL), last);
        const char *cells[] = {count,
                               last,
                               jv_text(group, "state", "?"),
                               jv_text(group, "rule", "?"),
                               jv_text(group, "portal", "?"),
                               run,
                               jv_text(group, "reason", "")};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
    if (more)
        out_line("… and older ones: only the newest of them were counted");
}

enum exit_code hand_dead(const struct args *args)
{
    const char *const pairs[] = {"state",  args_text(args, OPTION_STATE, NULL),
                                 "portal", args_text(args, OPTION_PORTAL, NULL),
                                 "rule",   args_text(args, OPTION_RULE, NULL),
                                 "reason", args_text(args, OPTION_REASON, NULL),
                                 "since",  args_text(args, OPTION_SINCE, NULL),
                                 "until",  args_text(args, OPTION_UNTIL, NULL),
                                 NULL};
    int status;
    JV_AUTO *answer = ask(args, "/api/dead", pairs, &status);
    if (answer == NULL)
        return EXIT_UNABLE;
    const json_t *groups = jv_at(answer, "dead");
    if (args_has(args, OPTION_JSON))
        out_json(groups);
    else if (json_array_size(groups) > 0)
        print_dead(groups, jv_flag(answer, "more"));
    else
        out_line("no dead letters");
    return EXIT_YES;
}

/* ---- one run --------------------------------------------------------------------------------- */

static void print_can(const json_t *answer, long long id)
{
    size_t i;
    json_t *can;
    json_array_foreach (jv_loose(jv_at(answer, "can")), i, can)
        out_line("%s b24bridge queue %s %lld", i == 0 ? "you may: " : "         ",
                 json_string_value(can), id);
    out_line("the whole story: b24bridge why run %lld", id);
}

static void print_labels(const json_t *labels)
{
    const char *name;
    json_t *value;
    json_object_foreach (jv_loose(labels), name, value) {
        char *text = jv_dump_new(value);
        out_line("result   %s = %.200s", name, text);
        mem_free(text);
    }
}

static void print_show(const json_t *answer)
{
    const json_t *run = jv_at(answer, "run");
    long long id = (long long)jv_int(run, "id", 0);
    char due[24], created[24], updated[24], entity[128];
    const char *reason = jv_text(run, "reason", "");
    size_t i;
    json_t *row;
    out_time(jv_text(run, "due", NULL), due);
    out_time(jv_text(run, "created", NULL), created);
    out_time(jv_text(run, "updated", NULL), updated);
    runs_entity(run, entity, sizeof entity);
    out_line("run      %lld of rule %s, portal %s, %s", id, jv_text(run, "rule", "?"),
             jv_text(run, "portal", "?"), entity);
    out_line("state    %s%s%s", jv_text(run, "state", "?"), reason[0] != '\0' ? ": " : "", reason);
    out_line("step     %lld, attempt %lld, priority %s", (long long)jv_int(run, "step", 0) + 1,
             (long long)jv_int(run, "attempt", 0) + 1, jv_text(run, "priority", "?"));
    out_line("began    %s, last changed %s, due %s", created, updated, due);
    out_line("cause    event %lld%s", (long long)jv_int(run, "cause_event", 0),
             jv_int(run, "cause_run", 0) != 0 ? ", by a run of ours" : "");
    json_array_foreach (jv_loose(jv_at(run, "cancels")), i, row)
        out_line("%s %s", i == 0 ? "unless  " : "        ", json_string_value(row));
    if (json_object_get(run, "paused") != NULL)
        out_line("paused   by %s %s", jv_text(run, "paused.by", "?"),
                 jv_text(run, "paused.why", ""));
    print_labels(jv_at(answer, "labels"));
    json_array_foreach (jv_loose(jv_at(answer, "calls")), i, row)
        story_print_row(row);
    print_can(answer, id);
}

enum exit_code hand_show(const struct args *args)
{
    int status = 0;
    if (args->count != 2 || !queue_is_number(args->operands[1])) {
        out_complain("which run? \"queue show 17\"; `b24bridge queue list` shows them");
        return EXIT_UNABLE;
    }
    const char *const pairs[] = {"run", args->operands[1], NULL};
    JV_AUTO *answer = ask(args, "/api/run", pairs, &status);
    if (answer == NULL)
        return status == 404 ? EXIT_NO : EXIT_UNABLE;
    if (args_has(args, OPTION_JSON))
        out_json(answer);
    else
        print_show(answer);
    return EXIT_YES;
}

/* ---- pauses and frozen rules ----------------------------------------------------------------- */

static void print_paused(const json_t *paused)
{
    static const char *const headings[] = {"paused", "since", "by", "why", NULL};
    struct out_table table;
    out_table_init(&table, headings);
    size_t i;
    json_t *hold;
    json_array_foreach (jv_loose(paused), i, hold) {
        char what[256], since[24];
        story_name_hold(hold, what, sizeof what);
        out_time(jv_text(hold, "since", NULL), since);
        const char *cells[] = {what, since, jv_text(hold, "by", "?"), jv_text(hold, "why", "")};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
}

static void print_frozen(const json_t *frozen)
{
    static const char *const headings[] = {"frozen", "for", "portal", "until", "why", NULL};
    struct out_table table;
    out_table_init(&table, headings);
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(frozen), i, row) {
        char entity[128], until[24];
        runs_entity(row, entity, sizeof entity);
        out_time(jv_text(row, "until", NULL), until);
        const char *cells[] = {jv_text(row, "rule", "?"), entity, jv_text(row, "portal", "?"),
                               until, jv_text(row, "reason", "")};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
}

enum exit_code hand_paused(const struct args *args)
{
    const char *const pairs[] = {"rule", args_text(args, OPTION_RULE, NULL), "portal",
                                 args_text(args, OPTION_PORTAL, NULL), NULL};
    int status;
    JV_AUTO *answer = ask(args, "/api/holds", pairs, &status);
    if (answer == NULL)
        return EXIT_UNABLE;
    const json_t *paused = jv_at(answer, "paused"), *frozen = jv_at(answer, "frozen");
    if (args_has(args, OPTION_JSON)) {
        out_json(answer);
        return EXIT_YES;
    }
    print_paused(paused);
    print_frozen(frozen);
    if (json_array_size(paused) + json_array_size(frozen) == 0)
        out_line("nothing is paused, no rule is frozen");
    return EXIT_YES;
}

enum exit_code hand_log(const struct args *args)
{
    const char *const pairs[] = {"entity", "operator", NULL};
    int status;
    size_t i;
    json_t *row;
    JV_AUTO *answer = ask(args, "/api/story", pairs, &status);
    if (answer == NULL)
        return EXIT_UNABLE;
    const json_t *rows = jv_at(answer, "rows");
    if (args_has(args, OPTION_JSON)) {
        out_json(rows);
        return EXIT_YES;
    }
    json_array_foreach (jv_loose(rows), i, row)
        story_print_row(row);
    if (json_array_size(rows) == 0)
        out_line("nobody has ordered anything");
    return EXIT_YES;
}
