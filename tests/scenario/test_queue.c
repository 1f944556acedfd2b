/* The operator's hand: what nobody can look for waits for a person, who decides in one line. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

#define MESSAGE "im.message.add"
#define COMMENT "crm.timeline.comment.add"

static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "[then chat as M]\n"
                           "to = chat2941\n"
                           "text = {{deal.title}}\n"
                           "[then comment]\n"
                           "text = {{M.id}}, {{deal.title}}\n";

struct parked {
    struct house *h;
    char entity[32], run[24];
};

/* A run whose message is lost on the way there, or its answer on the way back. */
static struct parked park(const char *fault)
{
    struct parked p = {.h = house_with(rule)};
    house_fault(p.h, json_pack("{ss ss}", "kind", fault, "method", MESSAGE));
    int64_t id = house_add(p.h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(p.h, house_count_runs(p.h, "r", "parked") == 1);
    (void)snprintf(p.entity, sizeof p.entity, "deal %lld", (long long)id);
    JV_AUTO *runs = house_runs(p.h, "r", "parked", p.entity);
    (void)snprintf(p.run, sizeof p.run, "%lld", (long long)jv_int(runs, "0.id", 0));
    return p;
}

static void give(const struct parked *p, int code, const char *word, const char *run,
                 const char *made)
{
    const char *words[] = {"queue", word, run, made, NULL};
    struct house_said said = house_verb(p->h, words);
    ck_assert_msg(said.code == code, "%d: %s%s", said.code, said.out, said.err);
    house_said_done(&said);
}

static void story_tells(const struct parked *p, const char *text)
{
    const char *words[] = {"why", "deal", p->entity + strlen("deal "), NULL};
    struct house_said said = house_verb(p->h, words);
    ck_assert_msg(strstr(said.out, text) != NULL, "no \"%s\" in: %s", text, said.out);
    house_said_done(&said);
}

START_TEST(a_parked_run_says_the_command_that_decides)
{
    struct parked p = park("drop_after");
    JV_AUTO *runs = house_runs(p.h, "r", "parked", p.entity);
    char *wanted = mem_printf("; if it is there: b24bridge queue done %s; if it is not: b24bridge "
                              "queue retry %s",
                              p.run, p.run);
    const char *reason = jv_text(runs, "0.reason", "");
    ck_assert_msg(strstr(reason, wanted) != NULL, "%s", reason);
    mem_free(wanted);
    house_close(p.h);
}
END_TEST

START_TEST(what_was_done_stays_done_and_the_run_goes_on)
{
    struct parked p = park("drop_after");
    give(&p, 0, "done", p.run, "77");
    HOUSE_UNTIL(p.h, house_count_runs(p.h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(p.h, 1, MESSAGE, NULL);
    HOUSE_EFFECTS_ARE(p.h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "77, Окна"));
    story_tells(&p, "says it was done: goes on behind step 1");
    give(&p, 1, "done", p.run, NULL); /* it is not parked any more */
    house_close(p.h);
}
END_TEST

START_TEST(what_was_not_done_is_done_once_more)
{
    struct parked p = park("drop_before");
    give(&p, 0, "retry", p.run, NULL);
    HOUSE_UNTIL(p.h, house_count_runs(p.h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(p.h, 1, MESSAGE, NULL);
    HOUSE_EFFECTS_ARE(p.h, 1, COMMENT, NULL);
    story_tells(&p, "(uid ");
    story_tells(&p, "says it was not done: step 1 again, attempt 2");
    house_close(p.h);
}
END_TEST

START_TEST(an_order_outlives_kill_9)
{
    struct parked p = park("drop_before");
    house_fault(p.h, json_pack("{ss ss si}", "kind", "slow", "method", MESSAGE, "ms", 60000));
    give(&p, 0, "retry", p.run, NULL);
    HOUSE_UNTIL(p.h, house_effects(p.h, MESSAGE, NULL) == 1);
    house_kill(p.h);
    house_start(p.h);
    HOUSE_UNTIL(p.h, house_count_runs(p.h, "r", "parked") == 1); /* unknown again: asked again */
    HOUSE_EFFECTS_ARE(p.h, 1, MESSAGE, NULL);
    give(&p, 0, "done", p.run, NULL);
    HOUSE_UNTIL(p.h, house_count_runs(p.h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(p.h, 1, MESSAGE, NULL);
    house_close(p.h);
}
END_TEST

START_TEST(what_is_dropped_is_over)
{
    struct parked p = park("drop_after");
    give(&p, 0, "drop", p.run, NULL);
    ck_assert_int_eq(house_count_runs(p.h, "r", "cancelled"), 1);
    house_settle(p.h);
    HOUSE_EFFECTS_ARE(p.h, 0, COMMENT, NULL);
    story_tells(&p, "dropped by ");
    house_close(p.h);
}
END_TEST

START_TEST(a_dead_run_can_be_tried_again)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    house_fault(h, json_pack("{ss ss si ss}", "kind", "error", "method", COMMENT, "status", 400,
                             "code", "ERROR_CORE"));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "dead") == 1);
    JV_AUTO *runs = house_runs(h, "r", "dead", "");
    struct parked p = {.h = h};
    (void)snprintf(p.run, sizeof p.run, "%lld", (long long)jv_int(runs, "0.id", 0));
    give(&p, 1, "done", p.run, NULL); /* it is known that it was not */
    give(&p, 0, "retry", p.run, NULL);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_wrong_order_says_what_is_wrong)
{
    struct parked p = park("drop_after");
    give(&p, 1, "retry", "999999", NULL);
    give(&p, 2, "retry", "deal", NULL);
    give(&p, 2, "retry", NULL, NULL);
    give(&p, 2, "rety", "1", NULL);
    int status;
    mem_free(house_get(p.h, "/api/queue/retry?run=1", &status));
    ck_assert_int_eq(status, 405);
    ck_assert_int_eq(house_count_runs(p.h, "r", "parked"), 1);
    house_close(p.h);
}
END_TEST

CHECK_MAIN("queue", a_parked_run_says_the_command_that_decides,
           what_was_done_stays_done_and_the_run_goes_on, what_was_not_done_is_done_once_more,
           an_order_outlives_kill_9, what_is_dropped_is_over, a_dead_run_can_be_tried_again,
           a_wrong_order_says_what_is_wrong)
