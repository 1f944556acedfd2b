/* What becomes of a portal that refuses us, moves, or is dead, and of the portals beside it. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/house_check.h"

#define COMMENT "crm.timeline.comment.add"

static const char rule[] = "[rule r]\non = deal added\n[then comment]\ntext = x\n";

static int64_t add_deal(struct house *h)
{
    return house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
}

static int log_count(struct house *h, const char *words)
{
    char *log = house_daemon_log(h);
    int count = 0;
    for (const char *at = strstr(log, words); at != NULL; at = strstr(at + 1, words))
        count++;
    mem_free(log);
    return count;
}

static bool health_says(struct house *h, int wanted_status, const char *words)
{
    int status;
    char *health = house_get(h, "/health", &status);
    bool says = status == wanted_status && strstr(health, words) != NULL;
    mem_free(health);
    return says;
}

static bool metric_is(struct house *h, const char *line)
{
    int status;
    char *metrics = house_get(h, "/metrics", &status);
    char *whole = mem_printf("\n%s\n", line);
    bool is = strstr(metrics, whole) != NULL;
    mem_free(whole);
    mem_free(metrics);
    return is;
}

static void status_says(struct house *h, int code, const char *const *words)
{
    struct house_said said = house_verb(h, (const char *const[]){"status", NULL});
    ck_assert_msg(said.code == code, "%d: %s%s", said.code, said.out, said.err);
    for (; *words != NULL; words++)
        ck_assert_msg(strstr(said.out, *words) != NULL, "\"%s\" is not in %s", *words, said.out);
    house_said_done(&said);
}

/* ---- refused --------------------------------------------------------------------------------- */

#define NEW_WEBHOOK "make a new inbound webhook in Bitrix24 and put its address into the url-file"

/* bitrix24.md §3.3: what is said of the portal or of the webhook, and not of one call. */
static const struct {
    const char *code, *text;
    int status;
    const char *advice;
} refusals[] = {
    {"NO_AUTH_FOUND", "Wrong authorization data", 401, NEW_WEBHOOK},
    {"expired_token", "", 401, "the webhook expired"},
    {"INVALID_CREDENTIALS", "Invalid request credentials", 403, "was dismissed"},
    {"OVERLOAD_LIMIT", "REST API is blocked due to overload", 503, "ask Bitrix24 support"},
    {"PORTAL_DELETED", "Portal was deleted", 500, "the portal is closed or deleted"},
    {"PAYMENT_REQUIRED", "", 402, "the subscription is over"},
    {"ACCESS_DENIED", "REST API is available only on commercial plans", 403,
     "the portal's plan is without the REST API"},
    {"INVALID_REQUEST", "Https required", 400, "the portal wants https"},
};

START_TEST(a_portal_that_refuses_us_is_paused_and_goes_on_by_itself_or_by_a_reload)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss ss si si}", "kind", "refuse", "code", refusals[_i].code,
                             "text", refusals[_i].text, "status", refusals[_i].status, "count", 0));
    add_deal(h);
    HOUSE_UNTIL(h, health_says(h, 503, refusals[_i].advice));
    HOUSE_UNTIL(h, health_says(h, 503, "next probe in"));
    HOUSE_UNTIL(h, metric_is(h, "b24bridge_portal_circuit{portal=\"main\",state=\"paused\"} 1"));
    ck_assert(metric_is(h, "b24bridge_portal_up{portal=\"main\"} 0"));
    status_says(h, 1, (const char *const[]){refusals[_i].advice, "paused", "next probe", NULL});
    HOUSE_UNTIL(h, log_count(h, "portal is not spoken to portal=main circuit=paused") == 1);
    /* Not hammered: what made us doubt, and a probe or two. */
    ck_assert_int_le((int)house_metric(h, "b24bridge_portal_requests_total{portal=\"main\"} "), 2);
    house_clear_faults(h);
    if (_i % 2 == 0)
        (void)kill(house_daemon_pid(h), SIGHUP); /* as after a change of the url-file */
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_UNTIL(h, metric_is(h, "b24bridge_portal_circuit{portal=\"main\",state=\"closed\"} 1"));
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, NULL);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_call_that_nobody_may_make_ends_its_run_and_not_the_portal)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss ss si si}", "kind", "refuse", "code", "INVALID_CREDENTIALS",
                             "method", COMMENT, "status", 403, "count", 0));
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "dead") == 1);
    HOUSE_UNTIL(h, health_says(h, 200, "closed"));
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    house_close(h);
}
END_TEST

/* ---- moved ----------------------------------------------------------------------------------- */

/* The webhook's address is its secret: a person has to say that the new one is the portal's. */
START_TEST(a_portal_that_sends_us_to_strangers_is_paused_and_they_learn_nothing)
{
    struct house *h = house_with(rule);
    house_fault(h, json_pack("{ss ss si}", "kind", "redirect", "to",
                             "https://" HOUSE_HOOK_CODE ".example.ru", "count", 0));
    add_deal(h);
    HOUSE_UNTIL(h, health_says(h, 503, "the portal sends us elsewhere"));
    HOUSE_UNTIL(h, log_count(h, "portal is not spoken to portal=main circuit=paused") == 1);
    ck_assert(health_says(h, 503, "https://***.example.ru"));
    ck_assert_int_eq(log_count(h, HOUSE_HOOK_CODE), 0);
    house_clear_faults(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_portal_that_has_moved_is_followed_said_and_remembered)
{
    struct house *h = house_with(rule);
    char *to = mem_printf("http://localhost%s", strrchr(house_portal_url(h), ':'));
    char *say = mem_printf("it has moved, change url-file to %s", to + strlen("http://"));
    house_fault(h, json_pack("{ss ss si}", "kind", "redirect", "to", to, "count", 1));
    for (int i = 1; i <= 2; i++) {
        add_deal(h);
        HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == i);
        HOUSE_UNTIL(h, health_says(h, 200, say));
        ck_assert(metric_is(h, "b24bridge_portal_moved{portal=\"main\"} 1"));
        HOUSE_UNTIL(h, log_count(h, "portal has moved, change its url-file portal=main") == i);
        ck_assert_int_eq(house_stop(h), 0);
        house_start(h); /* and over a restart */
    }
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    mem_free(say);
    mem_free(to);
    house_close(h);
}
END_TEST

/* ---- one of two ------------------------------------------------------------------------------ */

/* The kernel takes the connections, and nobody ever answers. */
static int listen_and_sit(char *folder, char *url_file, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t length = sizeof address;
    char url[96];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(url_file, size, "%s/url", folder);
    int file = open(url_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int bytes = snprintf(url, sizeof url, "http://127.0.0.1:%d/rest/1/deadhookcode77/\n",
                         ntohs(address.sin_port));
    ck_assert_int_eq(write(file, url, (size_t)bytes), bytes);
    close(file);
    return fd;
}

/* More deals than a portal may have at work at a time. */
enum { DEAD_DEALS = 300, LIVE_DEALS = 20 };

START_TEST(a_portal_that_hangs_takes_nothing_from_the_other)
{
    char folder[] = "/tmp/b24bridge-test-XXXXXX", url_file[64], lines[512];
    int fd = listen_and_sit(folder, url_file, sizeof url_file);
    (void)snprintf(lines, sizeof lines,
                   "timezone = Europe/Moscow\nshare = 100%%\n"
                   "[portal dead]\nurl-file = %s\ntoken-file = portal-token\nplan = self-hosted\n"
                   "debounce = 30ms\n",
                   url_file);
    const struct house_options options = {.fail = house_check_fail, .rules = rule, .portal = lines};
    struct house *h = house_open(&options);
    for (int i = 1; i <= DEAD_DEALS; i++) {
        char body[400];
        (void)snprintf(body, sizeof body,
                       "event=ONCRMDEALADD&data[FIELDS][ID]=%d&ts=1755780000&auth[domain]=x&"
                       "auth[member_id]=0123456789abcdef0123456789abcdef&"
                       "auth[application_token]=" HOUSE_TOKEN,
                       i);
        ck_assert_int_eq(house_post(h, "/hook/dead", body), 200);
    }
    HOUSE_UNTIL(h, house_metric(h, "b24bridge_portal_in_flight{portal=\"dead\"} ") > 0);
    for (int i = 0; i < LIVE_DEALS; i++)
        add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == LIVE_DEALS);
    HOUSE_EFFECTS_ARE(h, LIVE_DEALS, COMMENT, NULL);
    /* No answer has come from there, and it was not asked for each deal. */
    ck_assert(metric_is(h, "b24bridge_portal_last_good_time_seconds{portal=\"dead\"} 0"));
    ck_assert_int_le((int)house_metric(h, "b24bridge_portal_requests_total{portal=\"dead\"} "), 4);
    (void)kill(house_daemon_pid(h), SIGHUP);
    add_deal(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == LIVE_DEALS + 1);
    house_close(h);
    close(fd);
    (void)unlink(url_file);
    (void)rmdir(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("portals");
    TCase *tcase = tcase_create("portals");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase,
                        a_portal_that_refuses_us_is_paused_and_goes_on_by_itself_or_by_a_reload, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tcase, a_call_that_nobody_may_make_ends_its_run_and_not_the_portal);
    tcase_add_test(tcase, a_portal_that_sends_us_to_strangers_is_paused_and_they_learn_nothing);
    tcase_add_test(tcase, a_portal_that_has_moved_is_followed_said_and_remembered);
    tcase_add_test(tcase, a_portal_that_hangs_takes_nothing_from_the_other);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
