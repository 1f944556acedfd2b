#ifndef TESTS_SUPPORT_HOUSE_CHECK_H
#define TESTS_SUPPORT_HOUSE_CHECK_H

/* A house for Check programs: what goes wrong in it fails the test. */

#include <check.h>
#include <stdlib.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/house.h"

/* Kinds and people of the stand-in portal (sandbox/seed.c). */
enum { LEAD = 1, DEAL = 2, CONTACT = 3, COMPANY = 4, SHIPPING = 147 };
enum { ANNA = 1, IVANOV = 5, PETROVA = 6, KUZNETSOV = 7, SOKOLOVA = 8, VOLKOV = 9, MOROZOVA = 17 };

__attribute__((noreturn)) static inline void house_check_fail(const char *text)
{
    ck_abort_msg("%s", text);
    abort();
}

/* With rules given as a text. */
static inline struct house *house_with(const char *rules)
{
    const struct house_options options = {.fail = house_check_fail, .rules = rules};
    return house_open(&options);
}

/* A deal that the daemon has seen, made by a person. Takes fields. */
static inline int64_t house_seen(struct house *h, int user, int type, json_t *fields)
{
    int64_t id = house_add(h, user, type, fields);
    house_settle(h);
    return id;
}

/* A member of the record as text. mem_free. */
static inline char *house_value(struct house *h, int type, int64_t id, const char *name)
{
    JV_AUTO *item = house_item(h, type, id);
    return jv_print_new(json_object_get(item, name));
}

#define HOUSE_VALUE_IS(house, type, id, name, expected)                                            \
    do {                                                                                           \
        char *value_ = house_value(house, type, id, name);                                         \
        ck_assert_str_eq(value_, expected);                                                        \
        mem_free(value_);                                                                          \
    } while (0)

#define HOUSE_EFFECTS_ARE(house, expected, method, where)                                          \
    ck_assert_int_eq(house_effects(house, method, where), expected)

#endif
