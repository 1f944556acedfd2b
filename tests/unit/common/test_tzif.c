#include "common/tzif.h"

#include "common/zone.h"
#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/tzif_bytes.h"

static void refused(const struct tzif_bytes *f, const char *text)
{
    struct tzif table;
    struct err err = {0};
    ck_assert(!tzif_parse(f->bytes, f->size, &table, &err));
    ck_assert_str_eq(err.text, text);
}

START_TEST(the_table_says_which_offset_holds_when)
{
    struct tzif_bytes f = tzif_build(&tzif_plan_berlin);
    struct tzif table;
    struct err err = {0};
    ck_assert_msg(tzif_parse(f.bytes, f.size, &table, &err), "%s", err.text);
    ck_assert_int_eq(tzif_span(&table, INT64_MIN).offset, 3208);
    ck_assert_int_eq(tzif_span(&table, -2422054409).offset, 3208);
    ck_assert_int_eq(tzif_span(&table, -2422054409).to, -2422054408);
    ck_assert_int_eq(tzif_span(&table, -2422054408).offset, 3600);
    ck_assert_int_eq(tzif_span(&table, 1774745999).offset, 3600);
    ck_assert_int_eq(tzif_span(&table, 1774746000).offset, 7200);
    ck_assert_int_eq(tzif_span(&table, 1774746000).to, 1792890000);
    tzif_done(&table);
}
END_TEST

START_TEST(the_rule_begins_where_the_table_ends)
{
    struct tzif_bytes f = tzif_build(&tzif_plan_berlin);
    struct tzif table;
    struct err err = {0};
    ck_assert_msg(tzif_parse(f.bytes, f.size, &table, &err), "%s", err.text);
    struct tzspan span = tzif_span(&table, 1792890000);
    ck_assert_int_eq(span.from, 1792890000);
    ck_assert_int_eq(span.offset, 3600);
    ck_assert_int_eq(span.to, 1806195600); /* 2027-03-28T01:00:00Z */
    ck_assert_int_eq(tzif_span(&table, 1806195600).offset, 7200);
    tzif_done(&table);
}
END_TEST

START_TEST(without_a_rule_the_last_offset_stays)
{
    struct tzif_plan plan = tzif_plan_berlin;
    plan.footer = "";
    struct tzif_bytes f = tzif_build(&plan);
    struct tzif table;
    struct err err = {0};
    ck_assert_msg(tzif_parse(f.bytes, f.size, &table, &err), "%s", err.text);
    struct tzspan span = tzif_span(&table, 4000000000);
    ck_assert_int_eq(span.offset, 3600);
    ck_assert(span.to == INT64_MAX);
    tzif_done(&table);
}
END_TEST

START_TEST(a_zone_without_changes_lives_by_its_rule)
{
    struct tzif_plan plan = {.version = '3', .type_count = 1, .footer = "MSK-3"};
    plan.offsets[0] = 10800;
    struct tzif_bytes f = tzif_build(&plan);
    struct tzif table;
    struct err err = {0};
    ck_assert_msg(tzif_parse(f.bytes, f.size, &table, &err), "%s", err.text);
    ck_assert_int_eq(tzif_span(&table, 0).offset, 10800);
    tzif_done(&table);
}
END_TEST

START_TEST(a_file_that_makes_no_sense_is_refused_with_the_reason)
{
    struct tzif_plan plan = tzif_plan_berlin;
    plan.version = '\0';
    struct tzif_bytes f = tzif_build(&plan);
    refused(&f, "a TZif file of version 1, which has no rule for the future");

    plan = tzif_plan_berlin;
    plan.at[1] = plan.at[0];
    f = tzif_build(&plan);
    refused(&f, "the changes in the TZif file are out of order");

    plan = tzif_plan_berlin;
    plan.type[2] = 3;
    f = tzif_build(&plan);
    refused(&f, "the TZif file names an offset that it does not list");

    plan = tzif_plan_berlin;
    plan.offsets[2] = 26 * 3600;
    f = tzif_build(&plan);
    refused(&f, "the TZif file has an offset of 93600 seconds");

    plan = tzif_plan_berlin;
    plan.type_count = 0;
    f = tzif_build(&plan);
    refused(&f, "the TZif file has 0 offsets and 3 changes");

    plan = tzif_plan_berlin;
    plan.leap_count = 1;
    f = tzif_build(&plan);
    refused(&f, "it counts leap seconds, take the zone outside \"right/\"");

    plan = tzif_plan_berlin;
    plan.footer = "CET-1CEST,M3.5.0,M10.5.0/3 and more";
    f = tzif_build(&plan);
    refused(&f, "the rule at the end of the TZif file cannot be read");

    f = (struct tzif_bytes){.bytes = "<html>404 not found", .size = 19};
    refused(&f, "not a TZif file");
}
END_TEST

START_TEST(a_huge_file_or_count_is_refused_before_it_is_read)
{
    static const char huge[TZIF_MOST_BYTES + 1] = "TZif2";
    struct tzif table;
    struct err err = {0};
    ck_assert(!tzif_parse(huge, sizeof huge, &table, &err));
    ck_assert_str_eq(err.text, "the TZif file is larger than 65536 bytes");

    struct tzif_bytes f = tzif_build(&tzif_plan_berlin);
    memset(f.bytes + 54 + 32, 0xFF, 4); /* changes of the second head: four thousand million */
    refused(&f, "the TZif file has 3 offsets and 4294967295 changes");
    f = tzif_build(&tzif_plan_berlin);
    memset(f.bytes + 20, 0xFF, 24); /* every count of the first head */
    refused(&f, "the TZif file is cut short");
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
    struct tzif_bytes whole = tzif_build(&tzif_plan_berlin);
    for (size_t size = 0; size < whole.size; size++) {
        struct tzif table;
        struct err err = {0};
        ck_assert_msg(!tzif_parse(whole.bytes, size, &table, &err), "%zu", size);
        ck_assert_str_ne(err.text, "");
    }
}
END_TEST

/* Whatever was made of the bytes must at least reckon in bounds and come to an end. */
static void reckon(const struct zone *z, struct random *r)
{
    for (int i = 0; i < 8; i++) {
        struct civil c = zone_local(z, (int64_t)random_next(r));
        c.hour += (int)random_between(r, -50, 50);
        (void)zone_moment(z, c);
    }
    (void)zone_moment(z, zone_local(z, INT64_MIN));
    (void)zone_moment(z, zone_local(z, INT64_MAX));
}

START_TEST(random_damage_never_crashes_the_reckoning)
{
    struct random r = {.state = 20260120};
    int read = 0;
    for (int i = 0; i < 20000; i++) {
        struct tzif_bytes f = tzif_build(&tzif_plan_berlin);
        for (int64_t n = random_between(&r, 1, 4); n > 0; n--)
            f.bytes[random_next(&r) % f.size] = (unsigned char)random_next(&r);
        struct err err = {0};
        struct zone *z = zone_parse("damaged", f.bytes, f.size, &err);
        ck_assert((z == NULL) == (err.text[0] != '\0'));
        if (z == NULL)
            continue;
        read++;
        reckon(z, &r);
        zone_free(z);
    }
    ck_assert_int_gt(read, 1000);
}
END_TEST

START_TEST(random_bytes_are_no_zone)
{
    struct random r = {.state = 7};
    for (int i = 0; i < 2000; i++) {
        struct tzif_bytes f = {.size = (size_t)random_between(&r, 0, 300)};
        for (size_t at = 0; at < f.size; at++)
            f.bytes[at] = (unsigned char)random_next(&r);
        memcpy(f.bytes, "TZif2", i % 2 == 0 ? 5 : 0);
        struct err err = {0};
        ck_assert_ptr_null(zone_parse("noise", f.bytes, f.size, &err));
        ck_assert_int_eq(strncmp(err.text, "time zone \"noise\": ", 19), 0);
    }
}
END_TEST

CHECK_MAIN("tzif", the_table_says_which_offset_holds_when, the_rule_begins_where_the_table_ends,
           without_a_rule_the_last_offset_stays, a_zone_without_changes_lives_by_its_rule,
           a_file_that_makes_no_sense_is_refused_with_the_reason,
           a_huge_file_or_count_is_refused_before_it_is_read, a_file_cut_anywhere_is_refused,
           random_damage_never_crashes_the_reckoning, random_bytes_are_no_zone)
