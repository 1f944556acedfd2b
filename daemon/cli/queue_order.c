/* `queue retry`, `done`, `drop`: of runs by number, or of all that fit a filter. What is wide is
 * shown first and done with --all only. */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/entity_words.h"
#include "daemon/cli/out.h"
#include "daemon/cli/queue.h"
#include "daemon/cli/runs.h"

enum { AT_ONCE = 100, SHOWN_MOST = 20, TRIES = 25, PAUSE_MS = 200, PATH_CEILING = 4096 };

/* ---- giving orders --------------------------------------------------------------------------- */

/* Of up to AT_ONCE runs, "17,18". Results are appended. False: could not be asked, and *ret_status
 * says why when the daemon refused. */
static bool post(const struct args *args, const char *ids, const char *made, json_t *results,
                 int *ret_status)
{
    char *user = queue_user_new();
    const char *const pairs[] = {"run", ids, "made", made, "by", user, NULL};
    char *route = mem_printf("/api/queue/%s", args->operands[0]);
    char *path = ask_path_new(route, pairs);
    json_t *answer = NULL;
    bool asked = order_daemon(args, path, &answer, ret_status);
    mem_free(route);
    mem_free(path);
    mem_free(user);
    if (asked)
        (void)json_array_extend(results, json_object_get(answer, "orders"));
    json_decref(answer);
    return asked;
}

/* Takes those off the results that the engine had in its hands at that moment, as "17,18"; they are
 * ordered once more. mem_free; "" for none. */
static char *busy_new(json_t *results)
{
    struct buf ids BUF_AUTO;
    buf_init(&ids, PATH_CEILING);
    for (size_t i = json_array_size(results); i-- > 0;) {
        const json_t *result = json_array_get(results, i);
        if (strstr(jv_text(result, "say", ""), "is at work just now") == NULL)
            continue;
        buf_printf(&ids, "%s%lld", ids.size > 0 ? "," : "", (long long)jv_int(result, "run", 0));
        (void)json_array_remove(results, i);
    }
    return buf_take(&ids);
}

static bool give(const struct args *args, const char *ids, const char *made, json_t *all,
                 int *ret_status)
{
    char *left = mem_strdup(ids);
    bool good = true;
    for (int i = 0; i < TRIES && good && left[0] != '\0'; i++) {
        JV_AUTO *results = json_array();
        if (i > 0)
            (void)poll(NULL, 0, PAUSE_MS);
        good = post(args, left, made, results, ret_status);
        mem_free(left);
        left = i + 1 < TRIES ? busy_new(results) : mem_strdup("");
        (void)json_array_extend(all, results);
    }
    mem_free(left);
    return good;
}

static bool give_all(const struct args *args, const json_t *ids, const char *made, json_t *all,
                     int *ret_status)
{
    size_t count = json_array_size(ids);
    bool good = true;
    for (size_t from = 0; from < count && good; from += AT_ONCE) {
        struct buf some BUF_AUTO;
        buf_init(&some, PATH_CEILING);
        for (size_t i = from; i < count && i < from + AT_ONCE; i++)
            buf_printf(&some, "%s%lld", i > from ? "," : "",
                       (long long)json_integer_value(json_array_get(ids, i)));
        good = give(args, some.data, made, all, ret_status);
    }
    return good;
}

static enum exit_code tell(const struct args *args, json_t *results)
{
    size_t i, refused = 0;
    json_t *result;
    bool many = json_array_size(results) > SHOWN_MOST;
    json_array_foreach (results, i, result) {
        bool ok = jv_flag(result, "ok");
        const char *say = jv_text(result, "say", "");
        refused += !ok;
        if (args_has(args, OPTION_JSON))
            continue;
        if (!ok)
            out_complain("%s", say);
        else if (!many)
            out_line("run %lld: %s", (long long)jv_int(result, "run", 0), say);
    }
    if (args_has(args, OPTION_JSON))
        out_json(results);
    else if (many)
        out_line("%zu runs: %s; %zu refused", json_array_size(results) - refused, args->operands[0],
                 refused);
    return refused > 0 ? EXIT_NO : EXIT_YES;
}

static enum exit_code order(const struct args *args, const json_t *ids, const char *made)
{
    JV_AUTO *results = json_array();
    int status = 0;
    if (give_all(args, ids, made, results, &status))
        return tell(args, results);
    (void)tell(args, results); /* what was done before that */
    return status == 404 || status == 409 ? EXIT_NO : EXIT_UNABLE;
}

/* ---- which runs ------------------------------------------------------------------------------ */

static bool names_runs(const struct args *args)
{
    for (size_t i = 1; i < args->count; i++)
        if (!queue_is_number(args->operands[i]))
            return false;
    return args->count > 1;
}

static json_t *named_new(const struct args *args, size_t count)
{
    json_t *ids = json_array();
    for (size_t i = 1; i < count; i++)
        json_array_append_new(ids, json_integer(strtoll(args->operands[i], NULL, 10)));
    return ids;
}

static bool is_filtered(const struct args *args)
{
    static const enum option filters[] = {OPTION_RULE,  OPTION_PORTAL, OPTION_STATE, OPTION_SINCE,
                                          OPTION_UNTIL, OPTION_REASON, OPTION_ALL};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (args_has(args, filters[i]))
            return true;
    return args->count > 1;
}

static enum exit_code which(const struct args *args)
{
    out_complain("which run? \"queue %s 17\"; `b24bridge queue list` shows them",
                 args->operands[0]);
    return EXIT_UNABLE;
}

/* ---- wide ------------------------------------------------------------------------------------ */

/* How many of each rule and state. */
static void print_sums(const json_t *runs)
{
    static const char *const headings[] = {"count", "rule", "state", "portal", NULL};
    JV_AUTO *sums = json_object();
    struct out_table table;
    size_t i;
    json_t *run, *sum;
    const char *key;
    json_array_foreach (jv_loose(runs), i, run) {
        JV_AUTO *name = json_sprintf("%s|%s|%s", jv_text(run, "rule", "?"),
                                     jv_text(run, "state", "?"), jv_text(run, "portal", "?"));
        const char *text = json_string_value(name);
        sum = json_object_get(sums, text);
        if (sum == NULL)
            json_object_set_new(sums, text, json_pack("{s:I, s:O}", "n", (json_int_t)1, "r", run));
        else
            json_object_set_new(sum, "n", json_integer(jv_int(sum, "n", 0) + 1));
    }
    out_table_init(&table, headings);
    json_object_foreach (sums, key, sum) {
        char count[24];
        (void)snprintf(count, sizeof count, "%lld", (long long)jv_int(sum, "n", 0));
        const char *cells[] = {count, jv_text(sum, "r.rule", "?"), jv_text(sum, "r.state", "?"),
                               jv_text(sum, "r.portal", "?")};
        out_table_add(&table, cells);
    }
    out_table_print(&table);
}

static enum exit_code show(const struct args *args, const json_t *runs)
{
    size_t count = json_array_size(runs);
    if (args_has(args, OPTION_JSON))
        out_json(runs);
    else if (count <= SHOWN_MOST)
        runs_print(runs, false);
    else
        print_sums(runs);
    if (!args_has(args, OPTION_DRY_RUN))
        out_complain("nothing is done yet: `queue %s` would take %zu runs; the same with --all "
                     "does it",
                     args->operands[0], count);
    return args_has(args, OPTION_DRY_RUN) ? EXIT_YES : EXIT_NO;
}

static enum exit_code wide(const struct args *args, const char *const *states)
{
    const char *one[] = {args_text(args, OPTION_STATE, NULL), NULL};
    char entity[ENTITY_WORDS_SIZE];
    struct err err = {0};
    bool more;
    size_t i;
    json_t *run;
    if (!queue_check_state(one[0]))
        return EXIT_UNABLE;
    if (args->count > 1 && !entity_words(args, 1, entity, &err)) {
        out_complain("%s", err.text);
        return EXIT_UNABLE;
    }
    JV_AUTO *runs = runs_ask(args, one[0] != NULL ? one : states, args->count > 1 ? entity : NULL,
                             RUNS_MOST, &more);
    if (runs == NULL)
        return EXIT_UNABLE;
    if (json_array_size(runs) == 0) {
        out_complain("no runs fit");
        return EXIT_NO;
    }
    if (!args_has(args, OPTION_ALL) || args_has(args, OPTION_DRY_RUN))
        return show(args, runs);
    JV_AUTO *ids = json_array();
    json_array_foreach (runs, i, run)
        json_array_append(ids, json_object_get(run, "id"));
    return order(args, ids, NULL);
}

/* Numbers, or a filter; for the filter, runs in those states unless it names one. */
static enum exit_code take(const struct args *args, const char *const *states)
{
    if (!is_filtered(args))
        return which(args);
    if (!names_runs(args))
        return wide(args, states);
    JV_AUTO *ids = named_new(args, args->count);
    return order(args, ids, NULL);
}

/* ---- the words ------------------------------------------------------------------------------- */

enum exit_code hand_retry(const struct args *args)
{
    static const char *const dead[] = {"dead", NULL};
    const char *state = args_text(args, OPTION_STATE, "dead");
    if (!queue_check_state(state))
        return EXIT_UNABLE;
    if (strcmp(state, "dead") != 0 && !names_runs(args)) {
        out_complain("only dead runs are retried many at once; others by number, each of them a "
                     "decision: `b24bridge queue list --state %s`",
                     state);
        return EXIT_UNABLE;
    }
    return take(args, dead);
}

enum exit_code hand_drop(const struct args *args)
{
    static const char *const stuck[] = {"parked", "dead", NULL};
    return take(args, stuck);
}

/* `queue done RUN [ID]`: the id that the thing has in the portal becomes {{LABEL.id}}. */
enum exit_code hand_done(const struct args *args)
{
    if (args->count < 2 || !queue_is_number(args->operands[1]))
        return which(args);
    if (args->count > 3) {
        out_complain("one run at a time; behind it the id in the portal may stand");
        return EXIT_UNABLE;
    }
    JV_AUTO *ids = named_new(args, 2);
    return order(args, ids, args->count == 3 ? args->operands[2] : NULL);
}
