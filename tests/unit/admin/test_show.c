#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/admin/show.h"
#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static struct temp temp;
static struct config *config;

static void put(const char *name, const char *text)
{
    (void)temp_write(&temp, name, 0600, text, strlen(text));
}

static void setup(void)
{
    temp = temp_make();
    put("url", "https://firm.bitrix24.ru/rest/1/abcdef0123456789/\n");
    put("token", "51856fefc120afa4b628cc82d3935cce\n");
    put("b24bridge.ini", "[server]\ndatabase = b.db\n"
                         "[portal moscow]\nurl-file = url\ntoken-file = token\n"
                         "timezone = Europe/Moscow\n"
                         "[portal omsk]\nurl-file = url\ntoken-file = token\n"
                         "timezone = Asia/Omsk\n");
    ck_assert_int_eq(mkdir(temp_path(&temp, "rules.d"), 0700), 0);
    put("rules.d/1.ini", "[rule r]\non = deal added\ncancel-on = deal leaves stage\n"
                         "cancel-on = deal.title is empty\n[wait 1 hours]\n[then stop]\n");
    struct diag diag;
    diag_init(&diag);
    config = config_load(temp_path(&temp, "b24bridge.ini"), &diag);
    ck_assert_msg(config != NULL, "%s", diag.count > 0 ? diag.entries[0].text : "");
    diag_done(&diag);
}

static void teardown(void)
{
    config_free(config);
    temp_remove(&temp);
}

static void shown(const char *value, const char *expected)
{
    struct err err = {0};
    json_t *tree = jv_parse_new(value, strlen(value), &err);
    ck_assert_msg(tree != NULL, "%s", err.text);
    show_times(config, tree);
    char *text = jv_dump_new(tree);
    ck_assert_str_eq(text, expected);
    mem_free(text);
    json_decref(tree);
}

START_TEST(times_are_those_of_the_first_portal_unless_one_is_named)
{
    shown("{\"at_ms\":1755780000000}", "{\"at\":\"2025-08-21T15:40:00+03:00\"}");
    shown("{\"portal\":\"omsk\",\"at_ms\":1755780000000}",
          "{\"portal\":\"omsk\",\"at\":\"2025-08-21T18:40:00+06:00\"}");
    shown("{\"portal\":\"gone\",\"at_ms\":1755780000000}",
          "{\"portal\":\"gone\",\"at\":\"2025-08-21T15:40:00+03:00\"}");
}
END_TEST

START_TEST(what_has_no_time_is_null)
{
    shown("{\"due_ms\":0,\"oldest_ms\":null}", "{\"due\":null,\"oldest\":null}");
}
END_TEST

START_TEST(times_are_found_at_any_depth)
{
    shown("[{\"rows\":[{\"portal\":\"omsk\",\"in\":{\"at_ms\":1755780000000}}]}]",
          "[{\"rows\":[{\"portal\":\"omsk\",\"in\":{\"at\":\"2025-08-21T18:40:00+06:00\"}}]}]");
}
END_TEST

START_TEST(what_is_not_ours_stays_as_it_is)
{
    shown("{\"params\":{\"x_ms\":5},\"result\":{\"x_ms\":5},\"detail\":[{\"x_ms\":5}],\"_ms\":1,"
          "\"ms\":2}",
          "{\"params\":{\"x_ms\":5},\"result\":{\"x_ms\":5},\"detail\":[{\"x_ms\":5}],\"_ms\":1,"
          "\"ms\":2}");
}
END_TEST

START_TEST(a_run_says_what_would_cancel_it)
{
    shown("{\"rule\":\"r\",\"state\":\"waiting\"}",
          "{\"rule\":\"r\",\"state\":\"waiting\",\"cancels\":[\"deal leaves stage\","
          "\"deal.title is empty\"]}");
    shown("{\"rule\":\"gone\",\"state\":\"done\"}",
          "{\"rule\":\"gone\",\"state\":\"done\",\"cancels\":[]}");
    shown("{\"rule\":\"r\"}", "{\"rule\":\"r\"}");
}
END_TEST

CHECK_MAIN_FIXTURE("admin/show", setup, teardown,
                   times_are_those_of_the_first_portal_unless_one_is_named,
                   what_has_no_time_is_null, times_are_found_at_any_depth,
                   what_is_not_ours_stays_as_it_is, a_run_says_what_would_cancel_it)
