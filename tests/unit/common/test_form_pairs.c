/* What the flat pairs of a form say is what its tree says. */

#include <string.h>

#include "common/form_pairs.h"
#include "common/jv.h"
#include "tests/support/check_main.h"
#include "tests/support/random.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* The same name in brackets and as a path of the tree. */
static const struct {
    const char *name, *path;
} names[] = {{"a", "a"}, {"a[b]", "a.b"}, {"a[b][c]", "a.b.c"}, {"b", "b"}, {"b[c]", "b.c"}};

static void same_as_the_tree(const char *form)
{
    struct form_pairs pairs;
    struct err tree_err = {0}, err = {0};
    json_t *tree = form_decode(form, strlen(form), NULL, NULL, &tree_err);
    bool read = form_pairs_read(&pairs, form, strlen(form), &err);
    ck_assert_msg(read == (tree != NULL), "%s: %s", form, err.text);
    ck_assert_str_eq(err.text, tree_err.text);
    for (size_t i = 0; read && i < sizeof names / sizeof names[0]; i++) {
        const char *value = form_pairs_value(&pairs, names[i].name);
        const char *expected = jv_text(tree, names[i].path, NULL);
        ck_assert_msg((value == NULL) == (expected == NULL), "%s in %s", names[i].name, form);
        ck_assert_pstr_eq(value, expected);
        ck_assert_msg(form_pairs_have(&pairs, names[i].name) ==
                          (jv_at(tree, names[i].path) != NULL),
                      "%s in %s", names[i].name, form);
    }
    if (read)
        form_pairs_done(&pairs);
    json_decref(tree);
}

START_TEST(values_are_those_of_the_tree)
{
    static const char *const forms[] = {
        "",
        "a=1",
        "a",
        "=1&a=2",
        "&&a=1&",
        "a=1&a=2",
        "a%5Bb%5D=x+y%21&b=2",
        "a[b]=1&a[b]=2",
        "a[b]=1&a=2",
        "a=2&a[b]=1",
        "a[b][c]=1&a[b]=2",
        "a[b]=2&a[b][c]=1",
        "a[b][c]=1&a=2&a[b][c]=3",
        "a[b][c]=1&a=2",
        "a[b][d]=1",
        "a[]=1&a[]=2",
        "ab=1&a[bc]=2",
        "a=%D1%8F",
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        same_as_the_tree(forms[i]);
}
END_TEST

START_TEST(so_are_those_of_a_thousand_random_forms)
{
    static const char *const words[] = {"a",   "b",   "[b]", "[c]", "[]", "=", "&",
                                        "%5B", "%5D", "=1&", "=2&", "%",  "c", "%D1%8F"};
    struct random random = {20250821};
    for (int i = 0; i < 1000; i++) {
        char form[64];
        random_text(&random, words, sizeof words / sizeof words[0], form, sizeof form);
        same_as_the_tree(form);
    }
}
END_TEST

START_TEST(a_name_is_counted_as_often_as_it_came)
{
    struct form_pairs pairs;
    struct err err = {0};
    static const char form[] = "a[b]=1&a%5Bb%5D=2&a=3&a[b][c]=4";
    ck_assert(form_pairs_read(&pairs, form, sizeof form - 1, &err));
    ck_assert_uint_eq(pairs.count, 4);
    ck_assert_uint_eq(form_pairs_times(&pairs, "a[b]"), 2);
    ck_assert_uint_eq(form_pairs_times(&pairs, "a"), 1);
    ck_assert_uint_eq(form_pairs_times(&pairs, "b"), 0);
    form_pairs_done(&pairs);
}
END_TEST

START_TEST(there_is_room_for_as_many_as_are_allowed)
{
    enum { BYTES = 2 * (FORM_MAX_PAIRS + 1) };
    static char form[BYTES + 1];
    struct form_pairs pairs;
    struct err err = {0};
    for (size_t i = 0; i < BYTES; i += 2)
        memcpy(form + i, "a&", 2);
    ck_assert(form_pairs_read(&pairs, form, BYTES - 2, &err));
    ck_assert_uint_eq(pairs.count, FORM_MAX_PAIRS);
    form_pairs_done(&pairs);
    ck_assert(!form_pairs_read(&pairs, form, BYTES, &err));
    ck_assert_str_eq(err.text, "more than 4096 names");
}
END_TEST

CHECK_MAIN("common/form_pairs", values_are_those_of_the_tree,
           so_are_those_of_a_thousand_random_forms, a_name_is_counted_as_often_as_it_came,
           there_is_room_for_as_many_as_are_allowed)
