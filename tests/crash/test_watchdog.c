/* The watchdog is fed while every part makes progress, and only then: each part is made to stand
 * still (still.c) for longer than systemd would wait. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "tests/crash/preload.h"
#include "tests/support/notified.h"

enum { WATCH_MS = 1000, PATIENCE_MS = 20000 };

static const char event[] = "event=ONCRMDEALUPDATE&data%5BFIELDS%5D%5BID%5D=1&ts=1755780000"
                            "&auth%5Bapplication_token%5D=" HOUSE_TOKEN;
static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "if = deal.title matches \"^Окна\"\n"
                           "[then comment]\n"
                           "text = x\n";

struct watch {
    struct house *house;
    struct notified notified;
    char room[96];
    int door; /* a connection that nobody lets in, -1: none */
};

static void watch_open(struct watch *w)
{
    w->house = house_with(rule);
    w->door = -1;
    (void)snprintf(w->room, sizeof w->room, "%s/still", house_folder(w->house));
    ck_assert_int_eq(mkdir(w->room, 0700), 0);
    ck_assert_int_eq(house_stop(w->house), 0);
    notified_open(&w->notified, w->house, WATCH_MS * 1000L);
    (void)setenv("STILL_FOLDER", w->room, 1);
    preload_start(w->house, "still");
    ck_assert(notified_until(&w->notified, "WATCHDOG=1", PATIENCE_MS));
}

static void watch_close(struct watch *w)
{
    if (w->door >= 0)
        (void)close(w->door);
    house_close(w->house);
    notified_close(&w->notified);
}

/* ---- what gives a part something to do ------------------------------------------------------- */

static void post_event(struct watch *w)
{
    (void)house_post(w->house, "/hook/main",
                     event); /* 503 in two seconds, while the disk is mute */
}

static void add_deal(struct watch *w)
{
    (void)house_add(w->house, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
}

static int port_of(const char *url)
{
    return (int)strtol(strrchr(url, ':') + 1, NULL, 10);
}

static void knock(struct watch *w, const char *url)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port_of(url)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    w->door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(w->door, (const struct sockaddr *)&address, sizeof address), 0);
}

static void knock_at_the_public_door(struct watch *w)
{
    knock(w, house_public_url(w->house));
}

static void knock_at_the_operators_door(struct watch *w)
{
    knock(w, house_admin_url(w->house));
}

/* One row per part: its name in the log, the file that stops it, and what makes it move. */
static const struct {
    const char *name, *file;
    const char *(*port)(const struct house *); /* what the file says; NULL: nothing */
    void (*poke)(struct watch *);
} parts[] = {
    {"writer", "writer", NULL, post_event},
    {"workers", "workers", NULL, add_deal},
    {"workers", "feeder", NULL, add_deal},
    {"client", "client", NULL, add_deal},
    {"listener", "listener", house_public_url, knock_at_the_public_door},
    {"operator's listener", "listener", house_admin_url, knock_at_the_operators_door},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static void stop_part(const struct watch *w, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", w->room, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    mem_free(path);
}

static void free_part(const struct watch *w, const char *name)
{
    char *path = mem_printf("%s/%s", w->room, name);
    ck_assert_int_eq(unlink(path), 0);
    mem_free(path);
}

static bool log_has(const struct watch *w, const char *text)
{
    char *log = house_daemon_log(w->house);
    bool has = strstr(log, text) != NULL;
    mem_free(log);
    return has;
}

/* Nothing comes for longer than systemd waits; what was said before is read off first. */
static void goes_hungry(struct watch *w)
{
    while (notified_next(&w->notified, 0))
        continue;
    ck_assert(!notified_until(&w->notified, "WATCHDOG=1", 2 * WATCH_MS));
}

START_TEST(it_is_not_fed_while_a_part_stands_still)
{
    struct watch w;
    const char *quote = strchr(parts[_i].name, ' ') != NULL ? "\"" : "";
    char *says = mem_printf(
        "a part of the daemon stands still, the watchdog is not fed part=%s%s%s for=", quote,
        parts[_i].name, quote);
    watch_open(&w);
    char *text = parts[_i].port != NULL ? mem_printf("%d", port_of(parts[_i].port(w.house)))
                                        : mem_strdup("");
    stop_part(&w, parts[_i].file, text);
    parts[_i].poke(&w);
    HOUSE_UNTIL(w.house, log_has(&w, says));
    goes_hungry(&w);
    free_part(&w, parts[_i].file);
    ck_assert(notified_until(&w.notified, "WATCHDOG=1", PATIENCE_MS));
    HOUSE_UNTIL(w.house, log_has(&w, "every part moves again, the watchdog is fed"));
    mem_free(text);
    mem_free(says);
    watch_close(&w);
}
END_TEST

START_TEST(it_is_not_fed_while_the_main_thread_stands_still)
{
    struct watch w;
    watch_open(&w);
    stop_part(&w, "main", "");
    ck_assert(!notified_until(&w.notified, "nothing", WATCH_MS)); /* it is there by now */
    goes_hungry(&w);
    free_part(&w, "main");
    ck_assert(notified_until(&w.notified, "WATCHDOG=1", PATIENCE_MS));
    watch_close(&w);
}
END_TEST

/* Nothing to do is no standstill. */
START_TEST(it_is_fed_while_nothing_happens)
{
    struct watch w;
    watch_open(&w);
    for (int64_t until_ms = clock_mono_ms() + 6 * WATCH_MS; clock_mono_ms() < until_ms;)
        ck_assert(notified_until(&w.notified, "WATCHDOG=1", WATCH_MS));
    ck_assert(!log_has(&w, "stands still"));
    watch_close(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watchdog");
    TCase *tcase = tcase_create("watchdog");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, it_is_not_fed_while_a_part_stands_still, 0, PARTS);
    tcase_add_test(tcase, it_is_not_fed_while_the_main_thread_stands_still);
    tcase_add_test(tcase, it_is_fed_while_nothing_happens);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
