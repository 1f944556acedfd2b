/* SIGHUP: the new configuration whole, or the old one stays and the log says why. Nobody is
 * refused, and what is under way goes on. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/house_check.h"
#include "tests/support/stream.h"

#define COMMENT "crm.timeline.comment.add"
static const char one_rule[] = "[rule first]\n"
                               "on = deal added\n"
                               "[then comment]\n"
                               "text = первое {{deal.title}}\n";
static const char two_rules[] = "[rule first]\n"
                                "on = deal added\n"
                                "[then comment]\n"
                                "text = иначе {{deal.title}}\n"
                                "[rule second]\n"
                                "on = deal added\n"
                                "[then update]\n"
                                "comments = второе\n";

static int64_t add_deal(struct house *h)
{
    return house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
}

static int log_count(struct house *h, const char *text)
{
    char *log = house_daemon_log(h);
    int count = 0;
    for (const char *at = strstr(log, text); at != NULL; at = strstr(at + 1, text))
        count++;
    mem_free(log);
    return count;
}

/* SIGHUP, and the end of what it does. */
static void reload(struct house *h, const char *says)
{
    int before = log_count(h, says);
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL_WITHIN(h, 30, log_count(h, says) > before);
}

static void write_file(struct house *h, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", house_folder(h), name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    mem_free(path);
}

/* One line more for [server]; what it had under that key goes. */
static void add_line(struct house *h, const char *line)
{
    char text[32768], longer[33000];
    FILE *file = fopen(house_config(h), "re");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    char *old = strstr(text, "\nmax-queue = ");
    if (old != NULL && strncmp(line, "max-queue", 9) == 0)
        old[1] = '#';
    char *rest = strstr(text, "[server]\n");
    ck_assert_ptr_nonnull(rest);
    rest += strlen("[server]\n");
    (void)snprintf(longer, sizeof longer, "%.*s%s%s", (int)(rest - text), text, line, rest);
    write_file(h, "b24bridge.ini", longer);
}

static bool effects_reach(struct house *h, const char *method, int count)
{
    return house_effects(h, method, NULL) >= count;
}

/* ---- the new configuration ------------------------------------------------------------------- */

START_TEST(a_new_rule_works_and_a_changed_one_does_what_it_says_now)
{
    struct house *h = house_with(one_rule);
    pid_t pid = house_daemon_pid(h);
    house_rules(h, two_rules);
    reload(h, "reloaded portals=1 rules=2");
    ck_assert_int_eq(log_count(h, "rule added rule=\"second\""), 1);
    ck_assert_int_eq(log_count(h, "rule changed, its runs go on by the new text rule=\"first\""),
                     1);
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, NULL, 2));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "иначе Окна"));
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.update", NULL);
    ck_assert_int_eq(house_daemon_pid(h), pid);
    house_rules(h, one_rule);
    reload(h, "reloaded portals=1 rules=1");
    ck_assert_int_eq(log_count(h, "rule removed, its runs are cancelled rule=\"second\""), 1);
    house_close(h);
}
END_TEST

START_TEST(a_wrong_file_keeps_the_old_rules_and_every_mistake_is_named)
{
    struct house *h = house_with(one_rule);
    house_rules(h, "[rule first]\n"
                   "on = dael added\n"
                   "colour = red\n"
                   "[then commment]\n"
                   "text = x\n");
    reload(h, "the configuration is wrong, the one in use stays");
    ck_assert_int_eq(log_count(h, "10-test.ini:2:"), 1);
    ck_assert_int_eq(log_count(h, "10-test.ini:3:"), 1);
    ck_assert_int_eq(log_count(h, "10-test.ini:4:"), 1);
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 1));
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "первое Окна"));
    house_close(h);
}
END_TEST

START_TEST(a_key_that_takes_a_restart_is_named_and_keeps_its_value)
{
    struct house *h = house_with(one_rule);
    add_line(h, "max-queue = 7000\n");
    reload(h, "reloaded portals=1");
    ck_assert_int_eq(log_count(h, "takes a restart: the old value stays in use "
                                  "section=\"server\" key=max-queue"),
                     1);
    ck_assert_int_eq((int)house_metric(h, "b24bridge_queue_ceiling "), 1000000);
    house_close(h);
}
END_TEST

static char *event_with(const char *token, int id)
{
    return mem_printf("event=ONCRMCOMPANYADD&data[FIELDS][ID]=%d&ts=1755780000"
                      "&auth[member_id]=" HOUSE_MEMBER "&auth[application_token]=%s",
                      id, token);
}

START_TEST(a_rotated_token_is_good_after_the_reload_and_the_old_one_no_longer)
{
    struct house *h = house_with(one_rule);
    char *old = event_with(HOUSE_TOKEN, 1), *new = event_with("rotated0token1of2the3house", 2);
    ck_assert_int_eq(house_post(h, "/hook/main", new), 403);
    write_file(h, "portal-token", "rotated0token1of2the3house\n");
    reload(h, "reloaded portals=1");
    ck_assert_int_eq(log_count(h, "secret changed portal=main what=token"), 1);
    ck_assert_int_eq(log_count(h, "rotated0token"), 0);
    ck_assert_int_eq(house_post(h, "/hook/main", new), 200);
    ck_assert_int_eq(house_post(h, "/hook/main", old), 403);
    mem_free(old);
    mem_free(new);
    house_close(h);
}
END_TEST

START_TEST(a_changed_list_of_senders_applies)
{
    struct house *h = house_with(one_rule);
    char *event = event_with(HOUSE_TOKEN, 1);
    write_file(h, "senders.txt", "192.0.2.0/24\n");
    add_line(h, "senders = senders.txt\n");
    reload(h, "reloaded portals=1");
    ck_assert_int_eq(house_post(h, "/hook/main", event), 403);
    write_file(h, "senders.txt", "192.0.2.0/24\n127.0.0.1\n");
    reload(h, "reloaded portals=1");
    ck_assert_int_eq(log_count(h, "list of senders changed senders=2"), 1);
    ck_assert_int_eq(house_post(h, "/hook/main", event), 200);
    mem_free(event);
    house_close(h);
}
END_TEST

/* ---- b24bridge reload ------------------------------------------------------------------------ */

static struct house_said reload_verb(struct house *h, int code, const char *option)
{
    struct house_said said = house_verb(h, (const char *const[]){"reload", option, NULL});
    ck_assert_msg(said.code == code, "%d: %s%s", said.code, said.out, said.err);
    return said;
}

static void says(struct house *h, int code, const char *out, const char *err)
{
    struct house_said said = reload_verb(h, code, NULL);
    ck_assert_str_eq(said.out, out);
    ck_assert_str_eq(said.err, err);
    house_said_done(&said);
}

START_TEST(the_verb_says_in_plain_words_what_has_changed)
{
    struct house *h = house_with(one_rule);
    reload(h, "reloaded portals=1"); /* the house has written down where the daemon listens */
    says(h, 0, "nothing has changed\nreloaded: 1 rules, 1 portals\n", "");
    house_rules(h, two_rules);
    write_file(h, "holidays.txt", "2026-01-01\n");
    write_file(h, "rules.d/50-people.ini",
               "[team sales]\nmembers = 1\n[calendar shop]\nhours = Mon-Fri 09:00-18:00\n"
               "holidays = holidays.txt\n");
    add_line(h, "http-allow = 10.0.0.0/8\n");
    add_line(h, "max-queue = 7000\n");
    struct house_said said = reload_verb(h, 0, NULL);
    ck_assert_str_eq(
        said.out, "[server] max-queue changed, which takes a restart: the old value stays in use\n"
                  "[server] http-allow changed\n"
                  "[team sales] added\n"
                  "[calendar shop] added\n"
                  "rule \"first\" changed: its runs go on by the new text\n"
                  "rule \"second\" added\n"
                  "reloaded: 2 rules, 1 portals\n");
    ck_assert_msg(strstr(said.err, "warning: ") == said.err &&
                      strstr(said.err, "the holidays of calendar \"shop\" end on 2026-01-01") !=
                          NULL,
                  "%s", said.err);
    house_said_done(&said);
    house_rules(h, one_rule);
    write_file(h, "holidays.txt", "2026-01-01\n2099-12-31\n");
    says(h, 0,
         "holidays of calendar \"shop\" changed\n"
         "rule \"first\" changed: its runs go on by the new text\n"
         "rule \"second\" removed: its runs are cancelled\n"
         "reloaded: 1 rules, 1 portals\n",
         "");
    ck_assert_int_eq(log_count(h, "operator says=reload number=3 who="), 1);
    house_close(h);
}
END_TEST

START_TEST(the_verb_names_every_mistake_and_nothing_changes)
{
    struct house *h = house_with(one_rule);
    house_rules(h, "[rule second]\non = dael added\n[then comment]\ntext = x\n");
    write_file(h, "rules.d/50-more.ini", "[team]\nmembers = 1\n");
    struct house_said said = reload_verb(h, 1, NULL);
    ck_assert_str_eq(said.out, "");
    ck_assert_ptr_nonnull(
        strstr(said.err, "/rules.d/50-more.ini:1:2: [team] needs a name: [team NAME]\n"));
    ck_assert_ptr_nonnull(strstr(said.err, "/rules.d/10-test.ini:2:6: "));
    ck_assert_ptr_nonnull(
        strstr(said.err, "\nb24bridge: nothing was changed, the configuration in use stays\n"));
    house_said_done(&said);
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 1));
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "первое Окна"));
    said = reload_verb(h, 1, "--json");
    struct err err = {0};
    JV_AUTO *told = jv_parse_new(said.out, strlen(said.out), &err);
    ck_assert_str_eq(jv_text(told, "state", ""), "refused");
    ck_assert_uint_eq(json_array_size(json_object_get(told, "errors")), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(told, "changes")), 0);
    ck_assert_int_eq(jv_int(told, "rules", 0), 1);
    house_said_done(&said);
    house_close(h);
}
END_TEST

static char *robot_path(const char *key)
{
    return mem_printf("/hook/main/robot/ask?key=%s", key);
}

/* Each is in use when the verb returns, and the one before is not. */
START_TEST(every_secret_is_read_anew)
{
    static const char document[] =
        "document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]="
        "DEAL_1&auth[member_id]=" HOUSE_MEMBER;
    struct house *h = house_with("[rule r]\non = robot ask\n[then comment]\ntext = x\n");
    char *old = event_with(HOUSE_TOKEN, 1), *new = event_with("rotated0token1of2the3house", 2);
    char *old_key = robot_path(HOUSE_ROBOT_KEY), *new_key = robot_path("rotated0robot1key");
    add_deal(h);
    reload(h, "reloaded portals=1"); /* the house has written down where the daemon listens */
    write_file(h, "portal-token", "rotated0token1of2the3house\n");
    write_file(h, "robot-key", "rotated0robot1key\n");
    write_file(h, "admin-token", "rotated0admin1token\n");
    says(h, 0,
         "token of portal \"main\" changed: 1 added, 1 gone, 2 in use\n"
         "robot-key of portal \"main\" changed: 1 added, 1 gone, 1 in use\n"
         "the admin token changed\nreloaded: 1 rules, 1 portals\n",
         "");
    ck_assert_int_eq(house_post(h, "/hook/main", new), 200);
    ck_assert_int_eq(house_post(h, "/hook/main", old), 403);
    ck_assert_int_eq(house_post(h, new_key, document), 200);
    ck_assert_int_eq(house_post(h, old_key, document), 403);
    struct house_said said =
        house_verb(h, (const char *const[]){"status", "--admin",
                                            house_admin_url(h) + strlen("http://"), NULL});
    ck_assert_msg(said.code == 0, "%s", said.err);
    house_said_done(&said);
    ck_assert_int_eq(log_count(h, "rotated0"), 0);
    /* The portal's address with its code. */
    char *url = mem_printf("%s/rest/1/%s/x/\n", house_portal_url(h), HOUSE_HOOK_CODE);
    write_file(h, "portal-url", url);
    struct house_said url_said = reload_verb(h, 1, NULL);
    ck_assert_msg(strstr(url_said.err, HOUSE_HOOK_CODE) == NULL, "%s", url_said.err);
    house_said_done(&url_said);
    mem_free(url);
    mem_free(old);
    mem_free(new);
    mem_free(old_key);
    mem_free(new_key);
    house_close(h);
}
END_TEST

START_TEST(a_portal_comes_and_goes_with_a_reload)
{
    struct house *h = house_with(one_rule);
    char *event = event_with(HOUSE_TOKEN, 1);
    reload(h, "reloaded portals=1"); /* the house has written down where the daemon listens */
    ck_assert_int_eq(house_post(h, "/hook/second", event), 404);
    write_file(h, "rules.d/60-portal.ini",
               "[portal second]\nurl-file = portal-url\ntoken-file = portal-token\n");
    says(h, 0, "[portal second] added\nreloaded: 1 rules, 2 portals\n", "");
    ck_assert_int_eq(house_post(h, "/hook/second", event), 200);
    write_file(h, "rules.d/60-portal.ini", "# none\n");
    says(h, 0,
         "[portal second] removed: its runs and events stay until it is back\n"
         "reloaded: 1 rules, 1 portals\n",
         "");
    ck_assert_int_eq(house_post(h, "/hook/second", event), 404);
    ck_assert_int_eq(house_post(h, "/hook/main", event), 200);
    mem_free(event);
    house_close(h);
}
END_TEST

START_TEST(without_a_daemon_the_verb_is_unable)
{
    struct house *h = house_with(one_rule);
    ck_assert_int_eq(house_stop(h), 0);
    struct house_said said = reload_verb(h, 2, NULL);
    ck_assert_msg(strstr(said.err, "no daemon answers at ") != NULL, "%s", said.err);
    house_said_done(&said);
    house_start(h);
    house_close(h);
}
END_TEST

/* ---- what is under way ----------------------------------------------------------------------- */

START_TEST(a_run_that_waits_goes_on_by_the_new_text)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[wait 2 seconds]\n"
                                 "[then comment]\n"
                                 "text = старый\n");
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_rules(h, "[rule r]\n"
                   "on = deal added\n"
                   "[wait 2 seconds]\n"
                   "[then comment]\n"
                   "text = новый\n");
    reload(h, "reloaded portals=1");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "новый"));
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    struct house_said said = house_verb(h, (const char *const[]){"why", "deal", "1", NULL});
    ck_assert_msg(strstr(said.out,
                         "the rule's text has changed, the run goes on by the new one: at "
                         "step 2") != NULL,
                  "%s", said.out);
    house_said_done(&said);
    house_close(h);
}
END_TEST

START_TEST(a_run_whose_rule_is_gone_is_cancelled_with_that_reason)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[wait 2 seconds]\n"
                                 "[then comment]\n"
                                 "text = x\n");
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
    house_rules(h, one_rule);
    reload(h, "reloaded portals=1");
    HOUSE_UNTIL(h, house_count_runs(h, "r", "cancelled") == 1);
    JV_AUTO *runs = house_runs(h, "r", "cancelled", "");
    ck_assert_str_eq(jv_text(runs, "0.reason", ""), "its rule is no longer in the configuration");
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

/* A message to a chat cannot be looked for: had the reload not waited for the answer, the run would
 * be parked for a person. */
START_TEST(a_call_in_flight_comes_back_as_if_nothing_were)
{
    struct house *h = house_with("[rule first]\n"
                                 "on = deal added\n"
                                 "[then chat]\n"
                                 "to = chat2941\n"
                                 "text = Новая сделка\n");
    house_fault(h, json_pack("{ss ss si}", "kind", "slow", "method", "im.message.add", "ms", 2000));
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, "im.message.add", 1));
    reload(h, "reloaded portals=1");
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

/* The portal sits on one call: by the new rules the others are served at once, and what the call
 * was for is left alone until its answer has come. */
START_TEST(a_hanging_call_holds_up_neither_the_reload_nor_the_rules)
{
    struct house *h = house_with(one_rule);
    house_fault(h, json_pack("{ss ss si}", "kind", "slow", "method", COMMENT, "ms", 12000));
    int64_t hanging = add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 1));
    reload(h, "reloaded portals=1");
    house_update(h, IVANOV, DEAL, hanging, json_pack("{ss}", "title", "Двери"));
    for (int i = 0; i < 3; i++) {
        add_deal(h);
        HOUSE_UNTIL(h, effects_reach(h, COMMENT, 2 + i));
        HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 1 + i);
    }
    ck_assert_int_eq(house_count_runs(h, "first", "running"), 1);
    HOUSE_UNTIL_WITHIN(h, 40, house_count_runs(h, "first", "done") == 4);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 4, COMMENT, NULL);
    house_close(h);
}
END_TEST

enum { RELOADS = 5, SENDERS = 4, BETWEEN = 200 };

START_TEST(five_reloads_under_a_stream_refuse_lose_and_double_nothing)
{
    struct house *h = house_with(one_rule);
    struct stream *stream = stream_start(h, SENDERS);
    for (int i = 0; i < RELOADS; i++) {
        int64_t then = stream_accepted(stream) + BETWEEN;
        HOUSE_UNTIL_WITHIN(h, 60, stream_accepted(stream) >= then);
        house_rules(h, i % 2 == 0 ? two_rules : one_rule);
        reload(h, "reloaded portals=1");
    }
    struct stream_count count = stream_stop(stream);
    ck_assert_int_ge(count.accepted, RELOADS * BETWEEN);
    ck_assert_int_eq(count.accepted, count.sent);
    ck_assert_int_eq(count.refused + count.broken + count.other, 0);
    ck_assert_int_eq(count.missing, 0);
    ck_assert_int_eq(count.twice, 0);
    house_close(h);
}
END_TEST

/* ---- two signals ----------------------------------------------------------------------------- */

/* The call of before the reload gets its seconds of grace as any other (product.md §3), and what is
 * not known then is looked for. */
START_TEST(sigterm_after_a_reload_ends_with_0_in_time_though_old_calls_hang)
{
    struct house *h = house_with(one_rule);
    house_fault(h, json_pack("{ss ss si}", "kind", "slow", "method", COMMENT, "ms", 60000));
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 1));
    reload(h, "reloaded portals=1");
    int64_t began_ms = clock_mono_ms();
    ck_assert_int_eq(house_stop(h), 0);
    ck_assert_int_lt(clock_mono_ms() - began_ms, 10000);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    house_close(h);
}
END_TEST

/* Calls of how many configurations may be under way beside those of the one in use. */
enum { FORMERS = 4 };

static void hang_calls_of_each_former(struct house *h)
{
    house_fault(h, json_pack("{ss ss si si}", "kind", "slow", "method", COMMENT, "ms", 60000,
                             "count", FORMERS));
    for (int i = 1; i <= FORMERS; i++) {
        add_deal(h);
        HOUSE_UNTIL(h, effects_reach(h, COMMENT, i));
        reload(h, "reloaded portals=1");
    }
    ck_assert_int_eq(log_count(h, "the reload waits for calls"), 0);
}

START_TEST(sigterm_during_a_reload_that_waits_for_those_before_ends_with_0_in_time)
{
    struct house *h = house_with(one_rule);
    hang_calls_of_each_former(h);
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL(h, log_count(h, "the reload waits for calls of the configurations before "
                                "formers=4") == 1);
    int64_t began_ms = clock_mono_ms();
    ck_assert_int_eq(house_stop(h), 0);
    ck_assert_int_lt(clock_mono_ms() - began_ms, 10000);
    ck_assert_int_eq(log_count(h, "told to end in the middle of a reload"), 1);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL(h, house_count_runs(h, "first", "done") == FORMERS);
    HOUSE_EFFECTS_ARE(h, FORMERS, COMMENT, NULL);
    house_close(h);
}
END_TEST

/* Each deal's call hangs in a configuration of its own; none is made twice, and work goes on. */
START_TEST(reload_after_reload_waits_for_no_hanging_call)
{
    struct house *h = house_with(one_rule);
    house_fault(
        h, json_pack("{ss ss si si}", "kind", "slow", "method", COMMENT, "ms", 10000, "count", 2));
    int64_t first = add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 1));
    reload(h, "reloaded portals=1");
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 2));
    house_rules(h, two_rules);
    int64_t began_ms = clock_mono_ms();
    reload(h, "reloaded portals=1 rules=2");
    ck_assert_int_lt(clock_mono_ms() - began_ms, 5000);
    house_clear_faults(h);
    house_update(h, IVANOV, DEAL, first, json_pack("{ss}", "title", "Двери"));
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "second", "done") == 1);
    HOUSE_UNTIL_WITHIN(h, 40, house_count_runs(h, "first", "done") == 3);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 3, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_second_sighup_during_a_reload_is_obeyed_after_it)
{
    struct house *h = house_with(one_rule);
    house_fault(h, json_pack("{ss ss si}", "kind", "slow", "method", COMMENT, "ms", 1500));
    add_deal(h);
    HOUSE_UNTIL(h, effects_reach(h, COMMENT, 1));
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL(h, log_count(h, "reloading file=") == 1);
    house_rules(h, two_rules);
    (void)kill(house_daemon_pid(h), SIGHUP);
    HOUSE_UNTIL(h, log_count(h, "reloaded portals=1 rules=2") == 1);
    ck_assert_int_eq(log_count(h, "reloaded portals=1 rules=1"), 1);
    house_close(h);
}
END_TEST

/* ---- what systemd is told -------------------------------------------------------------------- */

/* A socket in the place of systemd's, named in the environment of what is started. */
static int be_told(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = HOUSE_PATIENCE_S};
    socklen_t size = sizeof address;
    char name[32];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    /* Without a name the kernel chooses one that is no file. */
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(name, sizeof name, "@%.*s", (int)(size - sizeof(sa_family_t) - 1),
                   address.sun_path + 1);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

/* The next message that is not about the status. */
static void is_told(int fd, const char *expected)
{
    char text[1024] = "STATUS=";
    while (strncmp(text, "STATUS=", 7) == 0) {
        ssize_t size = recv(fd, text, sizeof text - 1, 0);
        ck_assert_int_gt(size, 0);
        text[size] = '\0';
    }
    ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "\"%s\" instead of \"%s\"", text,
                  expected);
}

START_TEST(systemd_is_told_when_a_reload_begins_and_when_it_is_over)
{
    int fd = be_told();
    struct house *h = house_with(one_rule);
    is_told(fd, "READY=1");
    (void)kill(house_daemon_pid(h), SIGHUP);
    is_told(fd, "RELOADING=1\nMONOTONIC_USEC=");
    is_told(fd, "READY=1");
    ck_assert_int_eq(log_count(h, "reloaded portals=1"), 1); /* not a moment earlier */
    house_rules(h, "[rule");
    (void)kill(house_daemon_pid(h), SIGHUP);
    is_told(fd, "RELOADING=1\nMONOTONIC_USEC=");
    is_told(fd, "READY=1");
    house_close(h);
    is_told(fd, "STOPPING=1");
    (void)close(fd);
}
END_TEST

CHECK_MAIN("reload", a_new_rule_works_and_a_changed_one_does_what_it_says_now,
           a_wrong_file_keeps_the_old_rules_and_every_mistake_is_named,
           a_key_that_takes_a_restart_is_named_and_keeps_its_value,
           a_rotated_token_is_good_after_the_reload_and_the_old_one_no_longer,
           the_verb_says_in_plain_words_what_has_changed,
           the_verb_names_every_mistake_and_nothing_changes, every_secret_is_read_anew,
           a_portal_comes_and_goes_with_a_reload, without_a_daemon_the_verb_is_unable,
           a_changed_list_of_senders_applies, a_run_that_waits_goes_on_by_the_new_text,
           a_run_whose_rule_is_gone_is_cancelled_with_that_reason,
           a_call_in_flight_comes_back_as_if_nothing_were,
           a_hanging_call_holds_up_neither_the_reload_nor_the_rules,
           five_reloads_under_a_stream_refuse_lose_and_double_nothing,
           sigterm_after_a_reload_ends_with_0_in_time_though_old_calls_hang,
           sigterm_during_a_reload_that_waits_for_those_before_ends_with_0_in_time,
           reload_after_reload_waits_for_no_hanging_call,
           a_second_sighup_during_a_reload_is_obeyed_after_it,
           systemd_is_told_when_a_reload_begins_and_when_it_is_over)
