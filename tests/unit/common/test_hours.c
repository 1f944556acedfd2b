#include "common/hours.h"

#include <stdio.h>

#include "tests/support/check_main.h"

/* The spans in minutes, "540-780 840-1080". */
static const char *shown(const struct hours *h)
{
    static char text[200];
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < h->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d-%d", i > 0 ? " " : "",
                                 h->spans[i].from, h->spans[i].to);
    return text;
}

START_TEST(spans_are_sorted_and_joined_where_they_touch)
{
    static const struct {
        const char *text, *spans;
    } cases[] = {
        {"09:00-18:00", "540-1080"},
        {"9:00-18:00", "540-1080"},
        {"09:00 - 18:00", "540-1080"},
        {" 09:00-13:00\t14:00-18:00 ", "540-780 840-1080"},
        {"14:00-18:00 09:00-13:00", "540-780 840-1080"},
        {"09:00-13:00 13:00-18:00", "540-1080"},
        {"09:00-14:00 13:00-18:00", "540-1080"},
        {"09:00-18:00 10:00-11:00", "540-1080"},
        {"01:00-02:00 03:00-04:00 05:00-06:00 00:30-05:30", "30-360"},
        {"00:00-24:00", "0-1440"},
        {"09:00-13:00, 14:00-18:00", "540-780 840-1080"},
        {"09:00-13:00,14:00-18:00 , 20:00-21:00", "540-780 840-1080 1200-1260"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scan s = {.text = cases[i].text};
        struct hours h;
        struct err err = {0};
        ck_assert_msg(hours_parse(&s, &h, &err), "%s: %s", cases[i].text, err.text);
        ck_assert_str_eq(shown(&h), cases[i].spans);
        ck_assert(scan_end(&s));
    }
}
END_TEST

START_TEST(a_mistake_is_shown_where_it_stands)
{
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"", 0, "opening hours are missing; write them as 09:00-18:00"},
        {"9-18", 0, "\"9-18\" is not a stretch of hours; write it as 09:00-18:00"},
        {"09:00", 0, "\"09:00\" is not a stretch of hours; write it as 09:00-18:00"},
        {"09:00-13:00 14:00-25:00", 12,
         "\"14:00-25:00\" is not a stretch of hours; write it as 09:00-18:00"},
        {"09:00-13:00,", 12, "a stretch of hours is missing behind the comma"},
        {"09:00-13:00; 14:00-18:00", 0,
         "\"09:00-13:00;\" is not a stretch of hours; write it as 09:00-18:00"},
        {"22:00-06:00", 0,
         "\"22:00-06:00\" ends before it begins; hours past midnight are two: until 24:00, and "
         "from 00:00 on the day after"},
        {"09:00-09:00", 0,
         "\"09:00-09:00\" ends before it begins; hours past midnight are two: until 24:00, and "
         "from 00:00 on the day after"},
        {"1:00-1:10 2:00-2:10 3:00-3:10 4:00-4:10 5:00-5:10 6:00-6:10 7:00-7:10 8:00-8:10 "
         "9:00-9:10",
         80, "a day has at most 8 stretches of hours"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scan s = {.text = cases[i].text};
        struct hours h;
        struct err err = {0};
        ck_assert_msg(!hours_parse(&s, &h, &err), "%s", cases[i].text);
        ck_assert_str_eq(err.text, cases[i].error);
        ck_assert_uint_eq(s.at, cases[i].at);
    }
}
END_TEST

START_TEST(what_does_not_fit_is_not_joined_at_all)
{
    struct hours full = {0};
    struct hours more = {.count = 2, .spans = {{0, 30}, {1430, 1440}}};
    for (; full.count < HOURS_MOST; full.count++)
        full.spans[full.count] = (struct hours_span){60 * full.count + 60, 60 * full.count + 70};
    struct hours before = full;
    ck_assert(!hours_join(&full, &more));
    ck_assert_mem_eq(&full, &before, sizeof full);
    more.count = 1;
    more.spans[0] = (struct hours_span){60, 600};
    ck_assert(hours_join(&full, &more));
    ck_assert_str_eq(shown(&full), "60-600");
}
END_TEST

CHECK_MAIN("hours", spans_are_sorted_and_joined_where_they_touch,
           a_mistake_is_shown_where_it_stands, what_does_not_fit_is_not_joined_at_all)
