/* The operator's hand: what nobody can look for waits for a person, who decides in one line. */

#include <signal.h>
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

/* ---- looking --------------------------------------------------------------------------------- */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The verb ends with that code and prints all these texts, on whichever stream. */
static void says(struct house *h, const char *const *words, int code, const char *const *texts)
{
    struct house_said said = house_verb(h, words);
    ck_assert_msg(said.code == code, "%s %s: %d\n%s%s", words[0], words[1], said.code, said.out,
                  said.err);
    for (size_t i = 0; texts[i] != NULL; i++)
        ck_assert_msg(strstr(said.out, texts[i]) != NULL || strstr(said.err, texts[i]) != NULL,
                      "%s %s does not say \"%s\":\n%s%s", words[0], words[1], texts[i], said.out,
                      said.err);
    house_said_done(&said);
}

static json_t *json_said(struct house *h, const char *const *words)
{
    struct house_said said = house_verb(h, words);
    struct err err = {0};
    ck_assert_msg(said.code == 0, "%s: %d\n%s", words[0], said.code, said.err);
    json_t *tree = jv_parse_new(said.out, strlen(said.out), &err);
    ck_assert_msg(tree != NULL, "%s: %s\n%s", words[0], err.text, said.out);
    house_said_done(&said);
    return tree;
}

static void text_of(int64_t number, char out[24])
{
    (void)snprintf(out, 24, "%lld", (long long)number);
}

static bool is_told(struct house *h, int64_t deal, const char *text)
{
    char entity[32];
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)deal);
    JV_AUTO *story = house_story(h, entity);
    char *dump = jv_dump_new(story);
    bool told = strstr(dump, text) != NULL;
    mem_free(dump);
    return told;
}

/* So many dead runs of rule r, each of a deal of its own, refused at their second step. */
static struct house *house_of_dead(int count)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then todo]\n"
                                 "title = Позвонить\n"
                                 "[then comment]\n"
                                 "text = x\n");
    house_fault(h, json_pack("{ss ss si ss si}", "kind", "error", "method", COMMENT, "status", 400,
                             "code", "ERROR_CORE", "count", count));
    for (int i = 0; i < count; i++)
        house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "dead") == count);
    return h;
}

START_TEST(dead_letters_are_counted_by_reason_and_a_run_is_shown_whole)
{
    struct house *h = house_of_dead(3);
    says(h, WORDS("queue", "dead"), 0, WORDS("3 ", "dead", "ERROR_CORE"));
    JV_AUTO *dead = json_said(h, WORDS("queue", "dead", "--rule", "r", "--json"));
    ck_assert_uint_eq(json_array_size(dead), 1);
    ck_assert_int_eq(jv_int(dead, "0.count", 0), 3);
    says(h, WORDS("queue", "dead", "--rule", "other"), 0, WORDS("no dead letters"));
    char run[24];
    text_of(jv_int(dead, "0.run", 0), run);
    says(h, WORDS("queue", "show", run), 0,
         WORDS("of rule r, portal main, deal", "state    dead: ", "step     2",
               "crm.activity.todo.add", "→ DONE", "→ REFUSED", "b24bridge queue retry"));
    JV_AUTO *shown = json_said(h, WORDS("queue", "show", run, "--json"));
    ck_assert_str_eq(jv_text(shown, "run.state", ""), "dead");
    ck_assert_uint_eq(json_array_size(jv_at(shown, "calls")), 2);
    ck_assert_str_eq(jv_text(shown, "can.0", ""), "retry");
    says(h, WORDS("queue", "show", "999999"), 1, WORDS("there is no run 999999"));
    says(h, WORDS("queue", "show"), 2, WORDS("which run?"));
    house_close(h);
}
END_TEST

START_TEST(lists_are_filtered_by_rule_time_and_reason)
{
    struct house *h = house_of_dead(2);
    says(h, WORDS("queue", "list", "--reason", "ERROR_CORE"), 0, WORDS("dead"));
    says(h, WORDS("queue", "list", "--reason", "ERROR_XY"), 0, WORDS("no runs"));
    says(h, WORDS("queue", "list", "--since", "1h"), 0, WORDS("dead"));
    says(h, WORDS("queue", "list", "--until", "1h"), 0, WORDS("no runs"));
    says(h, WORDS("queue", "list", "--since", "2020-01-01 10:00"), 0, WORDS("dead"));
    says(h, WORDS("queue", "list", "--since", "yesterdayish"), 2,
         WORDS("is no time; \"2h\" (ago)"));
    says(h, WORDS("queue", "list", "--limit", "1"), 0, WORDS("there are more: --limit"));
    says(h, WORDS("queue", "list", "--limit", "x"), 2, WORDS("is no number"));
    says(h, WORDS("queue", "list", "--state", "daed"), 2, WORDS("did you mean \"dead\"?"));
    says(h, WORDS("queue", "lsit"), 2, WORDS("did you mean \"list\"?"));
    int status;
    char *answer = house_get(h, "/api/runs?staet=dead", &status);
    ck_assert_int_eq(status, 400);
    ck_assert_ptr_nonnull(strstr(answer, "did you mean \\\"state\\\"?"));
    mem_free(answer);
    house_close(h);
}
END_TEST

/* ---- many at once ---------------------------------------------------------------------------- */

START_TEST(what_is_wide_is_shown_first_and_repeats_nothing_that_was_done)
{
    struct house *h = house_of_dead(130);
    HOUSE_EFFECTS_ARE(h, 130, "crm.activity.todo.add", NULL);
    says(h, WORDS("queue", "retry", "--rule", "r"), 1,
         WORDS("nothing is done yet: `queue retry` would take 130 runs", "130"));
    says(h, WORDS("queue", "retry", "--rule", "r", "--dry-run"), 0, WORDS("130"));
    ck_assert_int_eq(house_count_runs(h, "r", "dead"), 130);
    says(h, WORDS("queue", "retry", "--rule", "other", "--all"), 1, WORDS("no runs fit"));
    says(h, WORDS("queue", "retry", "--state", "parked", "--all"), 2,
         WORDS("only dead runs are retried many at once"));
    says(h, WORDS("queue", "retry", "--rule", "r", "--all"), 0,
         WORDS("130 runs: retry; 0 refused"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 130);
    HOUSE_EFFECTS_ARE(h, 130, "crm.activity.todo.add", NULL); /* not once more */
    HOUSE_EFFECTS_ARE(h, 130, COMMENT, NULL);
    says(h, WORDS("queue", "log"), 0, WORDS("queue retry by ", "(uid ", "… 100 in all"));
    says(h, WORDS("why", "operator"), 0, WORDS("queue retry by "));
    house_close(h);
}
END_TEST

/* A step of several calls: those that were answered are not made again, and what they answered is
 * there whole, however long it is. */
START_TEST(a_retry_within_a_step_makes_only_what_is_missing)
{
    char description[3500] = "";
    memset(description, 'x', sizeof description - 1);
    char *text = mem_printf("[rule r]\n"
                            "on = deal added\n"
                            "[then task as T]\n"
                            "title = Позвонить\n"
                            "description = %s\n"
                            "checklist = один\n"
                            "checklist = два\n"
                            "[then comment]\n"
                            "text = задача {{T.id}}\n",
                            description);
    struct house *h = house_with(text);
    mem_free(text);
    house_fault(h, json_pack("{ss ss si ss}", "kind", "error", "method", "task.checklistitem.add",
                             "status", 400, "code", "ERROR_CORE"));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "dead") == 1);
    says(h, WORDS("queue", "retry", "--all"), 0, WORDS("wants it tried again: step 1 again"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.add", NULL);
    HOUSE_EFFECTS_ARE(h, 2, "task.checklistitem.add", json_pack("{si}", "TASKID", 1));
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "задача 1"));
    house_close(h);
}
END_TEST

/* The portal takes its time and the entity waits to be looked at: its runs are in the engine's
 * hands. */
START_TEST(what_is_at_work_is_not_dropped_but_its_rule_can_be_paused)
{
    struct house *h = house_with("[rule w]\n"
                                 "on = deal added\n"
                                 "[wait 2s]\n"
                                 "[then comment]\n"
                                 "text = x\n");
    int64_t id = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "w", "waiting") == 1);
    house_fault(h, json_pack("{ss ss si}", "kind", "slow", "method", "*", "ms", 8000));
    char body[300];
    (void)snprintf(
        body, sizeof body,
        "event=ONCRMDEALUPDATE&data[FIELDS][ID]=%lld&ts=1&auth[application_token]=" HOUSE_TOKEN
        "&auth[member_id]=" HOUSE_MEMBER,
        (long long)id);
    ck_assert_int_eq(house_post(h, "/hook/main", body), 200);
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_looks_total ") == 2);
    says(h, WORDS("queue", "drop", "--rule", "w", "--state", "waiting", "--all"), 1,
         WORDS("is at work just now", "`b24bridge queue pause --rule w` first"));
    says(h, WORDS("queue", "pause", "--rule", "w"), 0, WORDS("rule w paused by "));
    house_clear_faults(h);
    HOUSE_UNTIL(h, is_told(h, id, "its rule was paused by"));
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_tasks ") == 0);
    says(h, WORDS("queue", "drop", "--rule", "w", "--state", "waiting", "--all"), 0,
         WORDS("dropped by "));
    says(h, WORDS("queue", "resume", "--all"), 0, WORDS("rule w resumed by "));
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_cancelled_run_goes_on_by_number_only)
{
    struct parked p = park("drop_before");
    give(&p, 0, "drop", p.run, NULL);
    says(p.h, WORDS("queue", "retry", "--state", "cancelled", "--all"), 2, WORDS("by number"));
    give(&p, 0, "retry", p.run, NULL);
    HOUSE_UNTIL(p.h, house_count_runs(p.h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(p.h, 1, MESSAGE, NULL);
    give(&p, 1, "retry", p.run, NULL); /* what is done is never repeated */
    give(&p, 1, "drop", p.run, NULL);
    story_tells(&p, "wants the cancelled run to go on");
    house_close(p.h);
}
END_TEST

/* ---- what waits ------------------------------------------------------------------------------ */

static const char waiting_rule[] = "[rule w]\n"
                                   "on = deal added\n"
                                   "mode = queue\n"
                                   "[wait 3 days]\n"
                                   "[then comment]\n"
                                   "text = x\n"
                                   "[rule t]\n"
                                   "on = 2h before deal.\"Дата встречи\"\n"
                                   "[then comment]\n"
                                   "text = y\n"
                                   "[rule e]\n"
                                   "on = every weekday 09:00\n"
                                   "[then rest crm.status.list]\n";

START_TEST(a_waiting_run_and_a_timer_can_be_dropped_and_stay_dropped)
{
    struct house *h = house_with(waiting_rule);
    int64_t id = house_seen(
        h, IVANOV, DEAL,
        json_pack("{ss ss}", "title", "Окна", "ufCrmMeeting", "2030-01-21T12:00:00+03:00"));
    char deal[24], clock[24];
    text_of(id, deal);
    HOUSE_UNTIL(h, house_count_runs(h, "t", "waiting") == 1);
    says(h, WORDS("timers", "deal", deal), 0, WORDS("2030-01-21 10:00", "w", "t"));
    says(h, WORDS("queue", "drop", "deal", deal, "--state", "waiting", "--all"), 0,
         WORDS("dropped by "));
    ck_assert_int_eq(house_count_runs(h, "w", "cancelled"), 1);
    ck_assert_int_eq(house_count_runs(h, "t", "cancelled"), 1);
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    house_settle(h);
    ck_assert_int_eq(house_count_runs(h, "t", "waiting"), 0); /* over for that value */
    JV_AUTO *timers = house_runs(h, "t", "cancelled", "");
    text_of(jv_int(timers, "0.id", 0), clock);
    says(h, WORDS("queue", "retry", clock), 1, WORDS("is a timer that is over; it is set again"));
    house_update(h, IVANOV, DEAL, id,
                 json_pack("{ss}", "ufCrmMeeting", "2031-01-21T12:00:00+03:00"));
    HOUSE_UNTIL(h, house_count_runs(h, "t", "waiting") == 1);
    JV_AUTO *every = house_runs(h, "e", "waiting", "");
    text_of(jv_int(every, "0.id", 0), clock);
    says(h, WORDS("queue", "drop", clock), 1, WORDS("is the clock of rule e", "pause the rule"));
    house_close(h);
}
END_TEST

/* ---- pauses ---------------------------------------------------------------------------------- */

START_TEST(a_paused_portal_is_left_alone_and_its_events_are_kept)
{
    struct house *h = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    says(h, WORDS("queue", "pause"), 2, WORDS("what is to be paused?"));
    says(h, WORDS("queue", "pause", "mian"), 2, WORDS("no portal \"mian\""));
    says(h, WORDS("queue", "pause", "main", "--why", "перенос портала"), 0,
         WORDS("portal main paused by ", "events go on being accepted"));
    double before = house_metric(h, "b24bridge_portal_requests_total{portal=\"main\"} ");
    int64_t id = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_queue_depth ") >= 1);
    char deal[24];
    text_of(id, deal);
    says(h, WORDS("status"), 0, WORDS("paused: portal main since ", "перенос портала"));
    says(h, WORDS("queue", "paused"), 0, WORDS("portal main", "(uid "));
    says(h, WORDS("why", "deal", deal), 0,
         WORDS("ONCRMDEALADD came in, not looked at yet", "portal main is paused since "));
    int status;
    char *health = house_get(h, "/health", &status);
    ck_assert_int_eq(status, 200);
    ck_assert_ptr_nonnull(strstr(health, "1 paused; the first: "));
    mem_free(health);
    house_kill(h); /* it outlives that */
    house_start(h);
    says(h, WORDS("queue", "paused"), 0, WORDS("portal main"));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    ck_assert(house_metric(h, "b24bridge_looks_total ") == 0);
    ck_assert(house_metric(h, "b24bridge_paused ") == 1);
    ck_assert(before >= 0);
    says(h, WORDS("queue", "resume", "main"), 0, WORDS("portal main resumed by "));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    says(h, WORDS("why", "deal", deal), 0, WORDS("an operator: portal main resumed by "));
    says(h, WORDS("queue", "resume", "main"), 1, WORDS("it is not paused"));
    house_close(h);
}
END_TEST

static bool is_logged(struct house *h, const char *text)
{
    char *log = house_daemon_log(h);
    bool logged = strstr(log, text) != NULL;
    mem_free(log);
    return logged;
}

START_TEST(runs_of_a_paused_rule_wait_and_others_do_not)
{
    struct house *h = house_with("[rule a]\n"
                                 "on = deal added\n"
                                 "[then todo]\n"
                                 "title = Позвонить\n"
                                 "[rule b]\n"
                                 "on = deal added\n"
                                 "[then comment]\n"
                                 "text = x\n");
    says(h, WORDS("queue", "pause", "--rule", "aa"), 2, WORDS("did you mean \"a\"?"));
    says(h, WORDS("queue", "pause", "--rule", "a"), 0, WORDS("rule a paused by "));
    for (int i = 0; i < 5; i++)
        house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "b", "done") == 5);
    ck_assert_int_eq(house_count_runs(h, "a", "ready"), 5);
    HOUSE_EFFECTS_ARE(h, 0, "crm.activity.todo.add", NULL);
    says(h, WORDS("queue", "list", "--rule", "a"), 0, WORDS("paused by "));
    JV_AUTO *runs = json_said(h, WORDS("queue", "list", "--rule", "a", "--json"));
    ck_assert_uint_eq(json_array_size(runs), 5);
    ck_assert_str_eq(jv_text(runs, "0.paused.rule", ""), "a");
    ck_assert_ptr_nonnull(jv_text(runs, "0.due", NULL));
    house_kill(h);
    house_start(h);
    ck_assert_int_eq(house_count_runs(h, "a", "ready"), 5);
    ck_assert_int_eq(kill(house_daemon_pid(h), SIGHUP), 0); /* and a reload */
    HOUSE_UNTIL(h, is_logged(h, "reloaded "));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_count_runs(h, "b", "done") == 6);
    HOUSE_EFFECTS_ARE(h, 0, "crm.activity.todo.add", NULL);
    says(h, WORDS("queue", "resume", "--rule", "a"), 0, WORDS("rule a resumed by "));
    HOUSE_UNTIL(h, house_count_runs(h, "a", "done") == 6);
    HOUSE_EFFECTS_ARE(h, 6, "crm.activity.todo.add", NULL);
    HOUSE_EFFECTS_ARE(h, 6, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_wait_that_ends_in_a_pause_goes_on_after_it_unless_it_was_cancelled)
{
    struct house *h = house_with("[rule w]\n"
                                 "on = deal added\n"
                                 "cancel-on = deal.title changes\n"
                                 "[wait 2s]\n"
                                 "[then comment]\n"
                                 "text = {{deal.title}}\n");
    int64_t stays = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    int64_t goes = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Двери"));
    HOUSE_UNTIL(h, house_count_runs(h, "w", "waiting") == 2);
    says(h, WORDS("queue", "pause", "main", "--rule", "w"), 0,
         WORDS("rule w on portal main paused by "));
    HOUSE_UNTIL(h, is_told(h, stays, "its rule was paused by") &&
                       is_told(h, goes, "its rule was paused by"));
    house_update(h, IVANOV, DEAL, goes, json_pack("{ss}", "title", "Балкон"));
    HOUSE_UNTIL(h, house_count_runs(h, "w", "cancelled") == 1);
    says(h, WORDS("queue", "resume", "--rule", "w"), 1, WORDS("it is not paused"));
    says(h, WORDS("queue", "resume", "main", "--rule", "w"), 0,
         WORDS("rule w on portal main resumed by "));
    HOUSE_UNTIL(h, house_count_runs(h, "w", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "Окна"));
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_pause_in_the_middle_of_a_run_ends_its_call_and_no_more)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then todo]\n"
                                 "title = Позвонить\n"
                                 "[then comment]\n"
                                 "text = x\n");
    house_fault(
        h, json_pack("{ss ss si}", "kind", "slow", "method", "crm.activity.todo.add", "ms", 700));
    house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    HOUSE_UNTIL(h, house_effects(h, "crm.activity.todo.add", NULL) == 1);
    says(h, WORDS("queue", "pause", "main"), 0, WORDS("portal main paused by "));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "ready") == 1);
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    says(h, WORDS("queue", "resume", "--all"), 0, WORDS("portal main resumed by "));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add", NULL);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_frozen_rule_is_let_go_on_for_one_entity)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal.title changes\n"
                                 "limit = 1 per deal per day\n"
                                 "[then comment]\n"
                                 "text = x\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    char deal[24];
    text_of(id, deal);
    static const char *const titles[] = {"А", "Б"};
    for (size_t i = 0; i < 2; i++) {
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", titles[i]));
        house_settle(h);
    }
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    says(h, WORDS("queue", "paused"), 0, WORDS("frozen", "r", deal));
    says(h, WORDS("queue", "resume", "--rule", "r"), 1, WORDS("frozen for 1 entities"));
    says(h, WORDS("queue", "resume", "deal", "999"), 1, WORDS("no rule is frozen for it"));
    says(h, WORDS("queue", "resume", "deal", deal, "--rule", "r"), 0,
         WORDS("rule r may start again for deal"));
    says(h, WORDS("why", "deal", deal), 0, WORDS("rule r may start again for deal"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "В"));
    HOUSE_UNTIL(h, house_effects(h, COMMENT, NULL) == 2);
    house_close(h);
}
END_TEST

CHECK_MAIN("queue", a_parked_run_says_the_command_that_decides,
           what_was_done_stays_done_and_the_run_goes_on, what_was_not_done_is_done_once_more,
           an_order_outlives_kill_9, what_is_dropped_is_over, a_dead_run_can_be_tried_again,
           a_wrong_order_says_what_is_wrong,
           dead_letters_are_counted_by_reason_and_a_run_is_shown_whole,
           lists_are_filtered_by_rule_time_and_reason,
           what_is_wide_is_shown_first_and_repeats_nothing_that_was_done,
           a_retry_within_a_step_makes_only_what_is_missing,
           what_is_at_work_is_not_dropped_but_its_rule_can_be_paused,
           a_cancelled_run_goes_on_by_number_only,
           a_waiting_run_and_a_timer_can_be_dropped_and_stay_dropped,
           a_paused_portal_is_left_alone_and_its_events_are_kept,
           runs_of_a_paused_rule_wait_and_others_do_not,
           a_wait_that_ends_in_a_pause_goes_on_after_it_unless_it_was_cancelled,
           a_pause_in_the_middle_of_a_run_ends_its_call_and_no_more,
           a_frozen_rule_is_let_go_on_for_one_entity)
