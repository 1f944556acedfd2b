#include "daemon/engine/tally.h"

#include <stdio.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

enum { RULES = TALLY_RULES + 5 };
static char names[RULES][16];
static struct rule rules[RULES];

static struct ruleset set_of(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "r%zu", i);
        rules[i].name = names[i];
    }
    return (struct ruleset){.rules = rules, .count = count};
}

static void is(const json_t *row, const char *expected)
{
    char *text = jv_dump_new(row);
    ck_assert_str_eq(text, expected);
    mem_free(text);
}

START_TEST(each_rule_has_a_row_with_what_came_of_it)
{
    struct ruleset set = set_of(2);
    struct tally *t = tally_new(&set);
    tally_add(t, &rules[1], TALLY_FIRED);
    tally_add(t, &rules[1], TALLY_FIRED);
    tally_add(t, &rules[1], TALLY_SKIPPED);
    tally_add(t, &rules[1], TALLY_FAILED);
    tally_add(t, &rules[0], TALLY_PARKED);
    JV_AUTO *rows = tally_print(t);
    ck_assert_uint_eq(json_array_size(rows), 2);
    is(json_array_get(rows, 0),
       "{\"rule\":\"r0\",\"fired\":0,\"skipped\":0,\"failed\":0,\"parked\":1}");
    is(json_array_get(rows, 1),
       "{\"rule\":\"r1\",\"fired\":2,\"skipped\":1,\"failed\":1,\"parked\":0}");
    tally_free(t);
}
END_TEST

START_TEST(rules_beyond_the_ceiling_share_the_last_row)
{
    struct ruleset set = set_of(RULES);
    struct tally *t = tally_new(&set);
    tally_add(t, &rules[TALLY_RULES - 1], TALLY_FIRED);
    tally_add(t, &rules[TALLY_RULES], TALLY_FIRED);
    tally_add(t, &rules[RULES - 1], TALLY_FIRED);
    tally_add(t, NULL, TALLY_FAILED);
    JV_AUTO *rows = tally_print(t);
    ck_assert_uint_eq(json_array_size(rows), TALLY_RULES + 1);
    ck_assert_int_eq(jv_int(json_array_get(rows, TALLY_RULES - 1), "fired", 0), 1);
    is(json_array_get(rows, TALLY_RULES),
       "{\"rule\":\"other\",\"fired\":2,\"skipped\":0,\"failed\":1,\"parked\":0}");
    tally_free(t);
}
END_TEST

CHECK_MAIN("tally", each_rule_has_a_row_with_what_came_of_it,
           rules_beyond_the_ceiling_share_the_last_row)
