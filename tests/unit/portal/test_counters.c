#include "daemon/portal/counters.h"

#include <stdio.h>

#include "common/jv.h"
#include "tests/support/check_main.h"

START_TEST(what_the_daemon_calls_is_counted_by_name)
{
    static const char *const methods[] = {"bizproc.workflow.start",
                                          "crm.activity.todo.add",
                                          "crm.item.add",
                                          "crm.item.get",
                                          "crm.item.list",
                                          "crm.item.update",
                                          "crm.stagehistory.list",
                                          "crm.timeline.comment.add",
                                          "http",
                                          "im.notify.system.add",
                                          "profile",
                                          "tasks.task.add",
                                          "user.get"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        ck_assert_str_eq(counters_name(methods[i]), methods[i]);
}
END_TEST

START_TEST(what_people_write_is_counted_as_other)
{
    ck_assert_str_eq(counters_name("crm.item.import"), "other");
    ck_assert_str_eq(counters_name("api/main.eventlog.list"), "other");
    ck_assert_str_eq(counters_name(""), "other");
    ck_assert_str_eq(counters_name("zzz"), "other");
}
END_TEST

START_TEST(however_many_methods_there_are_the_rows_are_few)
{
    static struct counters counters;
    JV_AUTO *rows = json_array();
    char method[40];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(method, sizeof method, "rest.method%d", i);
        counters_add(&counters, method, i % 10 == 0 ? VERDICT_REFUSED : VERDICT_DONE);
    }
    counters_add(&counters, "crm.item.get", VERDICT_DONE);
    counters_print(&counters, "main", rows);
    JV_AUTO *expected =
        json_pack("[{s:s, s:s, s:s, s:i}, {s:s, s:s, s:s, s:i}, {s:s, s:s, s:s, s:i}]", "portal",
                  "main", "method", "crm.item.get", "verdict", "DONE", "count", 1, "portal", "main",
                  "method", "other", "verdict", "DONE", "count", 900, "portal", "main", "method",
                  "other", "verdict", "REFUSED", "count", 100);
    ck_assert(json_equal(rows, expected));
}
END_TEST

CHECK_MAIN("counters", what_the_daemon_calls_is_counted_by_name,
           what_people_write_is_counted_as_other, however_many_methods_there_are_the_rows_are_few)
