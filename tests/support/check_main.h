#ifndef TESTS_SUPPORT_CHECK_MAIN_H
#define TESTS_SUPPORT_CHECK_MAIN_H

/* main() of a Check program: CHECK_MAIN("form", a_pair_is_decoded, an_open_bracket_is_refused)
 * after START_TEST definitions; CHECK_MAIN_FIXTURE calls a function before and one after each test.
 * Forks by default (a crash fails one test); CK_FORK=no for sanitizers. */

#include <check.h>
#include <stdlib.h>

#define CHECK_MAIN_FIXTURE(suite_name, setup, teardown, ...)                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        Suite *suite = suite_create(suite_name);                                                   \
        TCase *tcase = tcase_create(suite_name);                                                   \
        tcase_set_timeout(tcase, 60);                                                              \
        tcase_add_checked_fixture(tcase, setup, teardown);                                         \
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)                                \
            tcase_add_test(tcase, tests[i]);                                                       \
        suite_add_tcase(suite, tcase);                                                             \
        SRunner *runner = srunner_create(suite);                                                   \
        srunner_run_all(runner, CK_ENV);                                                           \
        int failed = srunner_ntests_failed(runner);                                                \
        srunner_free(runner);                                                                      \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                          \
    }

#define CHECK_MAIN(suite_name, ...) CHECK_MAIN_FIXTURE(suite_name, NULL, NULL, __VA_ARGS__)

#endif
