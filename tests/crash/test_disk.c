/* Disks that fill up, fail and dawdle (issue 3, product.md §4): 503 at once, red health with the
 * reason, service again by itself, nothing half-written. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/siege.h"

enum { AT_ONCE_MS = 2000, SOME = 500, STUCK_MS = 3000 };

static const char body[] = "event=ONCRMCONTACTUPDATE&data%5BFIELDS%5D%5BID%5D=1&ts=1755780000"
                           "&auth%5Bapplication_token%5D=" HOUSE_TOKEN;

static struct siege siege;

static void open_siege(void)
{
    siege_open(&siege, "disk", "DISK_FOLDER");
    ck_assert_int_eq(mkdir(siege.room, 0700), 0);
}

/* The disk is like that from now on; see disk.c. */
static void wish(const char *name, const char *text)
{
    char *new = mem_printf("%s/new", siege.room);
    char *path = mem_printf("%s/%s", siege.room, name);
    int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    ck_assert_int_eq(rename(new, path), 0);
    mem_free(path);
    mem_free(new);
}

static void good_again(const char *name)
{
    char *path = mem_printf("%s/%s", siege.room, name);
    ck_assert_int_eq(unlink(path), 0);
    mem_free(path);
}

static bool health_is(int expected, const char *word)
{
    int status;
    char *text = house_get(siege.house, "/health", &status);
    bool as_said = status == expected && strstr(text, word) != NULL;
    mem_free(text);
    return as_said;
}

static bool accepts(void)
{
    return house_post(siege.house, "/hook/main", body) == 200;
}

static void refuses_at_once(const char *why)
{
    int64_t began_ms = clock_mono_ms();
    ck_assert_int_eq(house_post(siege.house, "/hook/main", body), 503);
    ck_assert_int_lt(clock_mono_ms() - began_ms, AT_ONCE_MS);
    ck_assert(health_is(503, why));
}

static void serves_again(void)
{
    HOUSE_UNTIL_WITHIN(siege.house, 5, accepts());
    siege_until(&siege, SOME, true);
    HOUSE_UNTIL(siege.house, health_is(200, "commit took"));
}

START_TEST(a_disk_that_fills_up_is_told_at_once_and_served_from_when_it_is_freed)
{
    open_siege();
    siege_until(&siege, SOME, true);
    wish("full", "300000");
    siege_until(&siege, SOME, false);
    refuses_at_once("full");
    good_again("full");
    serves_again();
    siege_count(&siege);
    siege_close(&siege);
}
END_TEST

START_TEST(a_disk_may_fill_up_many_times)
{
    open_siege();
    for (int i = 0; i < 4; i++) {
        siege_until(&siege, 100, true);
        wish("full", "20001");
        siege_until(&siege, 100, false);
        good_again("full");
        HOUSE_UNTIL_WITHIN(siege.house, 5, accepts());
    }
    serves_again();
    siege_count(&siege);
    siege_close(&siege);
}
END_TEST

/* There is no room for the log's index either. */
START_TEST(a_start_on_a_full_disk_after_kill_9_says_so_and_harms_nothing)
{
    open_siege();
    siege_until(&siege, SOME, true);
    wish("full", "0");
    siege_until(&siege, SOME, false);
    house_kill(siege.house);
    preload_launch(siege.house, "disk");
    for (int64_t until_ms = clock_mono_ms() + AT_ONCE_MS;
         !preload_ended(siege.house) && clock_mono_ms() < until_ms;)
        (void)usleep(1000);
    ck_assert(preload_ended(siege.house));
    house_kill(siege.house);
    char *log = house_daemon_log(siege.house);
    ck_assert_ptr_nonnull(strstr(log, "cannot start why="));
    mem_free(log);
    good_again("full");
    preload_start(siege.house, "disk");
    serves_again();
    siege_count(&siege);
    siege_close(&siege);
}
END_TEST

START_TEST(a_flush_that_fails_is_told_at_once_and_served_from_when_it_works_again)
{
    open_siege();
    siege_until(&siege, SOME, true);
    wish("broken", "");
    siege_until(&siege, SOME, false);
    refuses_at_once("disk I/O error");
    good_again("broken");
    serves_again();
    siege_count(&siege);
    siege_close(&siege);
}
END_TEST

static const struct {
    const char *flush;
    int64_t each_ms; /* of one flush, at least */
} slow[] = {{"1000", 1}, {"5000", 5}, {"5000 20 500000", 5}};
enum { SLOW = sizeof slow / sizeof slow[0] };

START_TEST(a_slow_flush_serves_many_and_everything_is_answered)
{
    enum { EVENTS = 2000 };
    open_siege();
    wish("flush", slow[_i].flush);
    int64_t began_ms = clock_mono_ms();
    siege_until(&siege, EVENTS, true);
    int64_t took_ms = clock_mono_ms() - began_ms;
    ck_assert(health_is(200, "last commit"));
    ck_assert_int_eq(load_counts(siege.load).refused, 0);
    ck_assert_int_eq(load_counts(siege.load).broken, 0);
    /* Alone, each of the events would have waited for a flush of its own. */
    ck_assert_int_lt(took_ms, EVENTS * slow[_i].each_ms + AT_ONCE_MS);
    siege_count(&siege);
    good_again("flush");
    siege_close(&siege);
}
END_TEST

/* A sender is not kept longer than two seconds by a disk that stands still. */
START_TEST(a_disk_that_does_not_answer_is_told_and_nobody_waits_for_it)
{
    open_siege();
    siege_until(&siege, SOME, true);
    wish("flush", "4000000");
    int64_t until_ms = clock_mono_ms() + STUCK_MS;
    bool told = false;
    for (; clock_mono_ms() < until_ms; told = told || health_is(503, "the disk has not answered"))
        load_turn(siege.load, 20);
    ck_assert(told);
    ck_assert_int_gt(load_counts(siege.load).refused, 0);
    ck_assert_int_eq(load_counts(siege.load).broken, 0);
    good_again("flush");
    serves_again();
    /* Those who were sent away meanwhile: the disk took their events in the end. */
    ck_assert_int_gt(siege_count_kept(&siege), 0);
    siege_close(&siege);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk");
    TCase *tcase = tcase_create("disk");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_disk_that_fills_up_is_told_at_once_and_served_from_when_it_is_freed);
    tcase_add_test(tcase, a_disk_may_fill_up_many_times);
    tcase_add_test(tcase, a_start_on_a_full_disk_after_kill_9_says_so_and_harms_nothing);
    tcase_add_test(tcase, a_flush_that_fails_is_told_at_once_and_served_from_when_it_works_again);
    tcase_add_loop_test(tcase, a_slow_flush_serves_many_and_everything_is_answered, 0, SLOW);
    tcase_add_test(tcase, a_disk_that_does_not_answer_is_told_and_nobody_waits_for_it);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
