/* The log: a line a finished run, a line a call's failure, with ids that lead to `why`; and nothing
 * that came from outside begins a line or passes for a key. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

#define COMMENT "crm.timeline.comment.add"

static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "text = {{deal.title}}\n";

/* The n-th line that holds the text, from 1; NULL: there are fewer. mem_free. */
static char *line_new(struct house *h, const char *text, int n)
{
    char *log = house_daemon_log(h);
    char *found = NULL;
    char *rest = log;
    for (char *line; found == NULL && (line = strtok_r(rest, "\n", &rest)) != NULL;)
        if (strstr(line, text) != NULL && --n == 0)
            found = mem_strdup(line);
    mem_free(log);
    return found;
}

static void add_deal(struct house *h)
{
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
}

START_TEST(a_finished_run_is_one_line_that_leads_to_why)
{
    struct house *h = house_with(rule);
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    JV_AUTO *runs = house_runs(h, "r", "done", "");
    char *line = line_new(h, "run ended", 1);
    char *expected =
        mem_printf("run ended run=%lld event=%lld rule=r portal=main entity=\"deal 1\" "
                   "state=done reason=\"\"",
                   (long long)jv_int(runs, "0.id", 0), (long long)jv_int(runs, "0.cause_event", 0));
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(line, expected);
    ck_assert_ptr_null(line_new(h, "run ended", 2));
    mem_free(expected);
    mem_free(line);
    house_close(h);
}
END_TEST

/* What the portal says of it is a value, whatever it holds. */
START_TEST(a_failed_call_is_one_line_and_its_text_cannot_forge_another)
{
    static const char hostile[] =
        "no\" state=done reason=\"\n<2>root: run ended run=7 state=done\x1b[31m";
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss ss si ss}", "kind", "refuse", "method", COMMENT, "code",
                             "NOT_FOUND", "status", 404, "text", hostile));
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "dead") == 1);
    char *failed = line_new(h, "call failed", 1);
    char *ended = line_new(h, "error: run ended", 1);
    ck_assert_ptr_nonnull(failed);
    ck_assert_ptr_nonnull(ended);
    ck_assert_ptr_nonnull(strstr(failed, "warning: call failed run="));
    ck_assert_ptr_nonnull(strstr(failed,
                                 " rule=r portal=main entity=\"deal 1\" step=1 method=" COMMENT
                                 " verdict=REFUSED error=NOT_FOUND say=\"no\\\" state=done "
                                 "reason=\\\""));
    ck_assert_ptr_nonnull(strstr(ended, "error: run ended run="));
    ck_assert_ptr_nonnull(strstr(ended, " state=dead reason=\""));
    ck_assert_ptr_null(line_new(h, "call failed", 2));
    ck_assert_ptr_null(line_new(h, "run ended", 3));
    char *log = house_daemon_log(h);
    ck_assert_ptr_null(strstr(log, "\n<2>"));
    ck_assert_ptr_null(strchr(log, '\x1b'));
    mem_free(log);
    mem_free(failed);
    mem_free(ended);
    house_close(h);
}
END_TEST

CHECK_MAIN("log", a_finished_run_is_one_line_that_leads_to_why,
           a_failed_call_is_one_line_and_its_text_cannot_forge_another)
