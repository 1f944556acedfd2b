/* The wall clock is set while timers wait: sleeping follows it, forward and back. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/zone.h"
#include "tests/crash/preload.h"
#include "tests/support/house_check.h"

#define COMMENT "crm.timeline.comment.add"
#define MEETING "ufCrmMeeting"

enum { HOUR_MS = 3600000 };

static char path[256];

static void set_clock(int64_t offset_ms)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, &offset_ms, sizeof offset_ms, 0), (ssize_t)sizeof offset_ms);
    (void)close(fd);
}

/* A house whose daemon's clock can be set. */
static struct house *house_of_clocks(const char *rules)
{
    struct house *h = house_with(rules);
    ck_assert_int_eq(house_stop(h), 0);
    (void)snprintf(path, sizeof path, "%s/offset", house_folder(h));
    set_clock(0);
    (void)setenv("JUMP_FILE", path, 1);
    preload_start(h, "jump");
    return h;
}

static void add_meeting(struct house *h, int64_t in_ms)
{
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    char iso[26];
    zone_iso(utc, clock_wall_ms() + in_ms, iso);
    zone_free(utc);
    (void)house_add(h, IVANOV, DEAL, json_pack("{ss ss}", "title", "Окна", MEETING, iso));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
}

static const char rule[] = "[rule r]\n"
                           "on = 2s before deal.\"Дата встречи\"\n"
                           "late = skip\n"
                           "[then comment]\n"
                           "text = скоро\n";

static bool comments_are(struct house *h, int expected)
{
    return house_effects(h, COMMENT, NULL) == expected;
}

START_TEST(a_clock_set_forward_wakes_what_waits)
{
    struct house *h = house_of_clocks(rule);
    add_meeting(h, HOUR_MS);
    set_clock(HOUR_MS - 4000); /* two seconds are left */
    HOUSE_UNTIL_WITHIN(h, 6, comments_are(h, 1));
    house_close(h);
}
END_TEST

START_TEST(a_clock_set_far_forward_is_an_outage)
{
    struct house *h = house_of_clocks(rule);
    add_meeting(h, HOUR_MS);
    set_clock(3 * (int64_t)HOUR_MS);
    HOUSE_UNTIL_WITHIN(h, 6, house_count_runs(h, "r", "cancelled") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, COMMENT, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_clock_set_back_lets_timers_wait)
{
    struct house *h = house_of_clocks(rule);
    add_meeting(h, 6000);
    set_clock(-HOUR_MS);
    int64_t until_ms = clock_mono_ms() + 6000;
    while (clock_mono_ms() < until_ms)
        json_decref(house_control(h, json_pack("{ss}", "do", "stats")));
    ck_assert_int_eq(house_count_runs(h, "r", "waiting"), 1);
    set_clock(0);
    HOUSE_UNTIL_WITHIN(h, 6, comments_are(h, 1));
    house_close(h);
}
END_TEST

START_TEST(every_day_comes_each_day_once)
{
    struct house *h = house_of_clocks("[rule r]\n"
                                      "on = every day 09:00\n"
                                      "[then notify]\n"
                                      "to = 5\n"
                                      "text = утро\n");
    struct err err = {0};
    struct zone *moscow = zone_load("Europe/Moscow", &err);
    ck_assert_msg(moscow != NULL, "%s", err.text);
    struct civil nine = zone_local(moscow, clock_wall_ms());
    nine.hour = 9;
    nine.minute = nine.second = nine.ms = 0;
    if (zone_moment(moscow, nine) <= clock_wall_ms() + 2000)
        nine.day++;
    for (int day = 1; day <= 3; day++, nine.day++) {
        int64_t at_ms = zone_moment(moscow, nine);
        set_clock(at_ms - clock_wall_ms() - 1500);
        HOUSE_UNTIL_WITHIN(h, 8, house_effects(h, NULL, NULL) >= day);
        HOUSE_UNTIL(h, house_count_runs(h, "r", "waiting") == 1);
        char due[26];
        struct civil next = nine;
        next.day++;
        zone_iso(moscow, zone_moment(moscow, next), due);
        JV_AUTO *runs = house_runs(h, "r", "waiting", "");
        ck_assert_str_eq(jv_text(json_array_get(runs, 0), "due", ""), due);
    }
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 3, NULL, NULL);
    zone_free(moscow);
    house_close(h);
}
END_TEST

CHECK_MAIN("jump", a_clock_set_forward_wakes_what_waits, a_clock_set_far_forward_is_an_outage,
           a_clock_set_back_lets_timers_wait, every_day_comes_each_day_once)
