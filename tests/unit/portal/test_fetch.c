#include "daemon/portal/fetch.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static json_t *json(const char *text)
{
    struct err err = {0};
    json_t *value = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(value != NULL, "%s: %s", text, err.text);
    return value;
}

static void expect_command(struct command *command, const char *method, const char *params)
{
    char *text = jv_dump_new(command->params);
    ck_assert_str_eq(command->method, method);
    ck_assert_str_eq(text, params);
    ck_assert(!command->write);
    ck_assert_int_eq(command->kind, COMMAND_REST);
    mem_free(text);
    command_done(command);
}

START_TEST(every_need_has_its_calls)
{
    static const struct {
        const char *need, *method, *params;
    } samples[] = {
        {"entity:2:351", "crm.item.get", "{\"entityTypeId\":2,\"id\":351}"},
        {"entity:147:22", "crm.item.get", "{\"entityTypeId\":147,\"id\":22}"},
        {"entity:-1:3711", "tasks.task.get",
         "{\"taskId\":3711,\"select\":[\"*\",\"UF_*\",\"UF_CRM_TASK\"]}"},
        {"entity:-2:9", "crm.activity.get", "{\"id\":9}"},
        {"entity:-3:11018.A:1", "voximplant.statistic.get",
         "{\"FILTER\":{\"CALL_ID\":\"11018.A:1\"}}"},
        {"entity:-4:999", "crm.timeline.comment.get", "{\"id\":999}"},
        {"entity:-5:7", "user.get", "{\"ID\":7}"},
        {"user:5", "user.get", "{\"ID\":5}"},
        {"user-email:a@b.ru", "user.get", "{\"FILTER\":{\"EMAIL\":\"a@b.ru\"}}"},
        {"department:15", "department.get", "{\"ID\":15}"},
        {"department-name:Отдел продаж", "department.get", "{\"NAME\":\"Отдел продаж\"}"},
        {"stages:1", "crm.status.list",
         "{\"order\":{\"ID\":\"ASC\"},\"filter\":{\"ENTITY_ID\":\"STATUS\"}}"},
        {"fields:2", "crm.item.fields", "{\"entityTypeId\":2}"},
        {"history:2:351:7", "crm.stagehistory.list",
         "{\"entityTypeId\":2,\"filter\":{\"OWNER_ID\":351,\">ID\":7},\"order\":{\"ID\":\"ASC\"}}"},
        {"open:2:4:8", "crm.item.list",
         "{\"entityTypeId\":2,\"select\":[\"id\"],\"filter\":{\"companyId\":8,"
         "\"stageSemanticId\":\"P\"},\"order\":{\"id\":\"DESC\"}}"},
        {"owners:+79001112233", "crm.duplicate.findbycomm",
         "{\"type\":\"PHONE\",\"values\":[\"+79001112233\"]}"},
        {"lines:1:1205", "imopenlines.crm.chat.get",
         "{\"CRM_ENTITY_TYPE\":\"lead\",\"CRM_ENTITY\":1205,\"ACTIVE_ONLY\":\"N\"}"},
        {"whoami:", "profile", "{}"},
        {"users:", "user.get", "{\"FILTER\":{\"ACTIVE\":true},\"sort\":\"ID\",\"order\":\"ASC\"}"},
        {"types:", "crm.type.list", "{\"order\":{\"id\":\"ASC\"}}"},
        {"directory:SOURCE", "crm.status.list",
         "{\"filter\":{\"ENTITY_ID\":\"SOURCE\"},\"order\":{\"SORT\":\"ASC\"}}"},
        {"templates:2", "crm.documentgenerator.template.list",
         "{\"select\":[\"id\",\"name\",\"entityTypeId\"],\"order\":{\"id\":\"ASC\"}}"},
        {"scope:", "scope", "{}"},
        {"method:crm.item.ADD", "method.get", "{\"name\":\"crm.item.add\"}"},
        {"admin:", "user.admin", "{}"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct command commands[FETCH_MOST];
        ck_assert_msg(fetch_calls(samples[i].need, commands) == 1, "%s", samples[i].need);
        ck_assert_str_eq(commands[0].key, "0");
        expect_command(&commands[0], samples[i].method, samples[i].params);
    }
}
END_TEST

START_TEST(a_funnel_kind_asks_for_statuses_and_categories)
{
    struct command commands[FETCH_MOST];
    ck_assert_uint_eq(fetch_calls("stages:147", commands), 2);
    expect_command(&commands[0], "crm.status.list", "{\"order\":{\"ID\":\"ASC\"}}");
    ck_assert_str_eq(commands[1].key, "1");
    expect_command(&commands[1], "crm.category.list", "{\"entityTypeId\":147}");
}
END_TEST

START_TEST(an_activity_is_read_with_what_it_is_bound_to)
{
    struct command commands[FETCH_MOST];
    ck_assert_uint_eq(fetch_calls("activity:9", commands), 2);
    expect_command(&commands[0], "crm.activity.list",
                   "{\"filter\":{\"ID\":9},\"select\":[\"*\",\"COMMUNICATIONS\"]}");
    expect_command(&commands[1], "crm.activity.binding.list", "{\"activityId\":9}");
}
END_TEST

START_TEST(the_deals_of_a_contact_are_asked_for_both_ways)
{
    struct command commands[FETCH_MOST];
    ck_assert_uint_eq(fetch_calls("open:2:3:7", commands), 2);
    expect_command(&commands[0], "crm.item.list",
                   "{\"entityTypeId\":2,\"select\":[\"id\"],\"filter\":{\"contactId\":7,"
                   "\"stageSemanticId\":\"P\"},\"order\":{\"id\":\"DESC\"}}");
    expect_command(&commands[1], "crm.item.list",
                   "{\"entityTypeId\":2,\"select\":[\"id\"],\"filter\":{\"contactIds\":7,"
                   "\"stageSemanticId\":\"P\"},\"order\":{\"id\":\"DESC\"}}");
}
END_TEST

START_TEST(a_full_name_is_asked_for_both_ways_round)
{
    struct command commands[FETCH_MOST];
    ck_assert_uint_eq(fetch_calls("user-name:Анна де Ли ", commands), 2);
    expect_command(&commands[0], "user.get",
                   "{\"FILTER\":{\"NAME\":\"Анна\",\"LAST_NAME\":\"де Ли\"}}");
    expect_command(&commands[1], "user.get",
                   "{\"FILTER\":{\"NAME\":\"де Ли\",\"LAST_NAME\":\"Анна\"}}");
    ck_assert_uint_eq(fetch_calls("user-name:Анна", commands), 2);
    expect_command(&commands[0], "user.get", "{\"FILTER\":{\"NAME\":\"Анна\"}}");
    expect_command(&commands[1], "user.get", "{\"FILTER\":{\"LAST_NAME\":\"Анна\"}}");
}
END_TEST

START_TEST(presence_is_asked_of_the_calendar_and_of_the_working_day)
{
    struct command commands[FETCH_MOST];
    ck_assert_uint_eq(fetch_calls("presence:17:2026-12-31", commands), 2);
    expect_command(&commands[0], "calendar.accessibility.get",
                   "{\"users\":[17],\"from\":\"2026-12-31\",\"to\":\"2027-01-01\"}");
    expect_command(&commands[1], "timeman.status", "{\"USER_ID\":17}");
}
END_TEST

START_TEST(a_load_is_what_is_open)
{
    struct command commands[FETCH_MOST];
    ck_assert_uint_eq(fetch_calls("load:17", commands), 2);
    expect_command(&commands[0], "tasks.task.list",
                   "{\"filter\":{\"RESPONSIBLE_ID\":17,\"!REAL_STATUS\":5},\"select\":[\"ID\"]}");
    expect_command(&commands[1], "crm.activity.list",
                   "{\"filter\":{\"RESPONSIBLE_ID\":17,\"COMPLETED\":\"N\","
                   "\"PROVIDER_ID\":\"CRM_TODO\"},\"select\":[\"ID\"]}");
}
END_TEST

START_TEST(what_is_no_need_has_no_calls)
{
    static const char *const needs[] = {"",
                                        "deal:1",
                                        "entity:",
                                        "entity:2:",
                                        "entity:5:1",
                                        "entity:x:1",
                                        "stages:3",
                                        "fields:-1",
                                        "history:2:351",
                                        "history:2",
                                        "presence:17",
                                        "presence:17:2026-02-30",
                                        "presence:x:2026-02-03",
                                        "team:first-line",
                                        "open:2",
                                        "open:2:3:",
                                        "lines:147:1",
                                        "lines:2:",
                                        "templates:-1",
                                        "entity:99999999999999:1"};
    struct command commands[FETCH_MOST];
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        ck_assert_msg(fetch_calls(needs[i], commands) == 0, "%s", needs[i]);
}
END_TEST

/* ---- values ---------------------------------------------------------------------------------- */

static struct answer answers[64];
static size_t answer_count;
static json_t *value;
static struct command more;
static struct err err;

static void add_answer(const char *result)
{
    answers[answer_count++] = (struct answer){.verdict = VERDICT_DONE, .result = json(result)};
}

static void add_error(const char *code, const char *text)
{
    struct answer *answer = &answers[answer_count++];
    *answer = (struct answer){.verdict = VERDICT_REFUSED};
    (void)snprintf(answer->error, sizeof answer->error, "%s", code);
    (void)snprintf(answer->text, sizeof answer->text, "%s", text);
}

static enum fetched fetch(const char *need)
{
    err.text[0] = '\0';
    value = NULL;
    return fetch_value(need, answers, answer_count, &value, &more, &err);
}

static void forget(void)
{
    while (answer_count > 0)
        answer_done(&answers[--answer_count]);
    json_decref(value);
    value = NULL;
}

static void expect_value(const char *need, const char *expected)
{
    enum fetched fetched = fetch(need);
    ck_assert_msg(fetched == FETCHED, "%s: %d %s", need, (int)fetched, err.text);
    char *text = jv_dump_new(value);
    ck_assert_str_eq(text, expected);
    mem_free(text);
    forget();
}

static void expect_failure(const char *need, const char *text)
{
    ck_assert_int_eq(fetch(need), FETCH_FAILED);
    ck_assert_str_eq(err.text, text);
    forget();
}

START_TEST(of_presence_only_absences_and_the_working_day_are_kept)
{
    static const char need[] = "presence:1:2024-12-02";
    add_answer(
        "{\"1\":[{\"ID\":\"1213\",\"NAME\":\"Секрет\",\"DATE_FROM_TS_UTC\":\"1733158800\","
        "\"DATE_TO_TS_UTC\":\"1733162400\",\"DT_SKIP_TIME\":\"N\",\"ACCESSIBILITY\":\"busy\"},"
        "{\"ID\":\"1216\",\"NAME\":\"Отпуск\",\"DATE_FROM_TS_UTC\":\"1733097600\","
        "\"DATE_TO_TS_UTC\":1733184000,\"DT_SKIP_TIME\":\"Y\",\"ACCESSIBILITY\":\"absent\"}],"
        "\"34\":[]}");
    add_answer("{\"STATUS\":\"PAUSED\",\"TIME_START\":\"2024-12-02T09:00:00+03:00\","
               "\"TIME_FINISH\":null}");
    expect_value(need, "{\"absent\":[{\"from\":1733097600,\"to\":1733184000,\"days\":true}],"
                       "\"status\":\"PAUSED\",\"start\":\"2024-12-02T09:00:00+03:00\"}");
    add_answer("[]"); /* PHP's empty object */
    add_error("", "User not found");
    expect_value(need, "{\"absent\":[]}");
    add_error("INSUFFICIENT_SCOPE", "calendar");
    add_error("INSUFFICIENT_SCOPE", "timeman");
    expect_value(need, "{}");
}
END_TEST

/* The first page has fifty of them at most. */
START_TEST(a_load_counts_all_pages)
{
    add_answer("{\"tasks\":[{\"id\":\"1\"},{\"id\":\"2\"}]}");
    answers[0].total = 120;
    add_answer("[{\"ID\":\"7\"}]");
    expect_value("load:5", "121");
    add_answer("{\"tasks\":[]}");
    add_error("INSUFFICIENT_SCOPE", "crm");
    expect_failure("load:5", "REFUSED INSUFFICIENT_SCOPE: crm");
}
END_TEST

START_TEST(a_record_is_taken_out_of_its_answer)
{
    add_answer("{\"item\":{\"id\":351}}");
    expect_value("entity:2:351", "{\"id\":351}");
    add_answer("{\"task\":{\"id\":\"3711\"}}");
    expect_value("entity:-1:3711", "{\"id\":\"3711\"}");
    add_answer("{\"ID\":\"9\"}");
    expect_value("entity:-2:9", "{\"ID\":\"9\"}");
    add_answer("[{\"CALL_ID\":\"x\"}]");
    expect_value("entity:-3:x", "{\"CALL_ID\":\"x\"}");
    add_answer("[{\"ID\":\"5\"}]");
    expect_value("user:5", "{\"ID\":\"5\"}");
    add_answer("[{\"ID\":\"15\"}]");
    expect_value("department:15", "{\"ID\":\"15\"}");
    add_answer("{\"fields\":{\"title\":{\"type\":\"string\"}}}");
    expect_value("fields:2", "{\"title\":{\"type\":\"string\"}}");
    add_answer("{\"ID\":\"1\",\"ADMIN\":true}");
    expect_value("whoami:", "1");
}
END_TEST

START_TEST(what_is_not_there_is_null)
{
    add_error("NOT_FOUND", "Element not found");
    expect_value("entity:2:351", "null");
    add_error("", "Not found.");
    expect_value("entity:-2:9", "null");
    add_error("ERROR_CORE", "Task not found or not accessible");
    expect_value("entity:-1:9", "null");
    add_answer("[]");
    expect_value("user:5", "null");
    add_answer("[]");
    expect_value("user-email:x@y.z", "null");
    add_answer("[]");
    expect_value("department:5", "null");
    add_answer("[]");
    expect_value("department-name:Нет", "[]");
    add_answer("[]");
    expect_value("fields:2", "{}");
}
END_TEST

START_TEST(what_may_not_be_read_says_why)
{
    add_error("ACCESS_DENIED", "Access denied");
    expect_failure("entity:2:351", "REFUSED ACCESS_DENIED: Access denied");
    add_error("", "No rights");
    expect_failure("user:5", "REFUSED: No rights");
    add_error("INSUFFICIENT_SCOPE", "");
    expect_failure("stages:1", "REFUSED INSUFFICIENT_SCOPE");
    add_error("ACCESS_DENIED", "x");
    expect_failure("history:2:1:0", "REFUSED ACCESS_DENIED: x");
    add_error("ERROR_METHOD_NOT_FOUND", "x");
    expect_failure("whoami:", "REFUSED ERROR_METHOD_NOT_FOUND: x");
    add_answer("[]");
    add_error("ACCESS_DENIED", "x");
    expect_failure("user-name:Анна Ли", "REFUSED ACCESS_DENIED: x");
    expect_failure("nonsense", "\"nonsense\" cannot be read from the portal");
}
END_TEST

START_TEST(an_activity_without_readable_bindings_is_still_one)
{
    add_answer("[{\"ID\":\"9\",\"OWNER_ID\":\"5\"}]");
    add_answer("[{\"entityTypeId\":2,\"entityId\":5}]");
    expect_value("activity:9", "{\"record\":{\"ID\":\"9\",\"OWNER_ID\":\"5\"},"
                               "\"bindings\":[{\"entityTypeId\":2,\"entityId\":5}]}");
    add_answer("[{\"ID\":\"9\"}]");
    add_error("ACCESS_DENIED", "x");
    expect_value("activity:9", "{\"record\":{\"ID\":\"9\"},\"bindings\":[]}");
    add_answer("[]");
    add_error("NOT_FOUND", "x");
    expect_value("activity:9", "null");
    add_error("ACCESS_DENIED", "x");
    add_answer("[]");
    expect_failure("activity:9", "REFUSED ACCESS_DENIED: x");
}
END_TEST

/* Fifty ids from `first` down. */
static void add_page(int first)
{
    JV_AUTO *items = json_array();
    for (int i = 0; i < 50; i++)
        (void)json_array_append_new(items, json_pack("{s:i}", "id", first - i));
    JV_AUTO *page = json_pack("{s:O}", "items", items);
    char *text = jv_dump_new(page);
    add_answer(text);
    mem_free(text);
}

static void expect_more_open(const char *field, int below)
{
    char *params = mem_printf("{\"entityTypeId\":2,\"select\":[\"id\"],\"filter\":{\"%s\":7,"
                              "\"stageSemanticId\":\"P\",\"<id\":%d},\"order\":{\"id\":\"DESC\"}}",
                              field, below);
    ck_assert_int_eq(fetch("open:2:3:7"), FETCH_MORE);
    expect_command(&more, "crm.item.list", params);
    mem_free(params);
}

START_TEST(open_deals_are_read_page_by_page)
{
    add_page(900);
    add_page(500);
    expect_more_open("contactId", 851);
    add_page(850);
    expect_more_open("contactId", 801);
    add_answer("{\"items\":[{\"id\":700}]}");
    expect_more_open("contactIds", 451);
    add_answer("{\"items\":[{\"id\":400},{\"id\":700}]}");
    ck_assert_int_eq(fetch("open:2:3:7"), FETCHED);
    ck_assert_uint_eq(json_array_size(value), 152);
    forget();
}
END_TEST

START_TEST(either_way_of_asking_for_open_deals_will_do)
{
    add_answer("{\"items\":[{\"id\":5},{\"id\":6}]}");
    add_answer("{\"items\":[{\"id\":6},{\"id\":7}]}");
    expect_value("open:2:3:7", "[5,6,7]");
    add_answer("{\"items\":[{\"id\":5}]}");
    add_error("INVALID_ARG_VALUE", "Invalid filter");
    expect_value("open:2:3:7", "[5]");
    add_error("ACCESS_DENIED", "x");
    add_error("ACCESS_DENIED", "x");
    expect_failure("open:2:3:7", "REFUSED ACCESS_DENIED: x");
}
END_TEST

START_TEST(owners_of_a_phone_chats_and_templates_are_lists)
{
    add_answer("{\"CONTACT\":[7,8],\"LEAD\":[2]}");
    expect_value("owners:+7900", "[{\"type\":1,\"id\":2},{\"type\":3,\"id\":7},{\"type\":3,"
                                 "\"id\":8}]");
    add_answer("[]");
    expect_value("owners:+7900", "[]");
    add_answer("[{\"CHAT_ID\":\"1763\"},{\"CHAT_ID\":\"1764\"}]");
    expect_value("lines:1:5", "[1763,1764]");
    add_error("CHAT_NOT_IN_CRM", "x");
    expect_value("lines:1:5", "[]");
    add_answer("{\"templates\":{\"39\":{\"id\":\"39\",\"name\":\"Счёт\",\"entityTypeId\":["
               "\"2_category_0\"]},\"40\":{\"id\":\"40\",\"name\":\"Акт\",\"entityTypeId\":["
               "\"31\",\"21\"]},\"41\":{\"id\":\"41\",\"name\":\"КП\"}}}");
    expect_value("templates:2", "[{\"id\":39,\"name\":\"Счёт\"},{\"id\":41,\"name\":\"КП\"}]");
    add_answer("{\"templates\":[]}");
    expect_value("templates:2", "[]");
}
END_TEST

#define USERS                                                                                      \
    "\"users\":{\"27\":{\"connector\":false,\"bot\":false},\"587\":{\"connector\":true},"          \
    "\"99\":{\"connector\":false,\"bot\":true}}"
#define MESSAGE(id, sender, time)                                                                  \
    "\"" id "\":{\"id\":\"" id "\",\"senderid\":\"" sender "\",\"date\":\"2026-01-20T" time        \
    "+03:00\"}"

START_TEST(who_wrote_last_stands_in_the_newest_chats)
{
    add_answer("[{\"CHAT_ID\":\"5\"},{\"CHAT_ID\":\"6\"}]");
    ck_assert_int_eq(fetch("written:2:351"), FETCH_MORE);
    expect_command(&more, "imopenlines.session.history.get", "{\"CHAT_ID\":6}");
    add_answer("{\"message\":{" MESSAGE("1", "587", "10:00:00") "," MESSAGE(
        "2", "27", "10:00:10") "," MESSAGE("3", "99", "11:00:00") "," MESSAGE("4", "0",
                                                                              "11:00:00") "}," USERS
                                                                                          "}");
    ck_assert_int_eq(fetch("written:2:351"), FETCH_MORE);
    expect_command(&more, "imopenlines.session.history.get", "{\"CHAT_ID\":5}");
    add_error("ACCESS_DENIED", "You cannot open this conversation");
    expect_value("written:2:351", "{\"client_ms\":1768892400000,\"we_ms\":1768892410000}");
    add_error("insufficient_scope", "x"); /* who may not read chats goes without */
    expect_value("written:2:351", "{\"client_ms\":0,\"we_ms\":0}");
    add_answer("[{\"CHAT_ID\":\"5\"}]");
    add_answer("{\"message\":[],\"users\":[]}");
    expect_value("written:2:351", "{\"client_ms\":0,\"we_ms\":0}");
}
END_TEST

START_TEST(templates_are_read_page_by_page)
{
    add_answer("{\"templates\":{\"1\":{\"id\":\"1\",\"name\":\"a\"}}}");
    answers[0].next = json_integer(50);
    ck_assert_int_eq(fetch("templates:2"), FETCH_MORE);
    ck_assert_int_eq(json_integer_value(json_object_get(more.params, "start")), 50);
    command_done(&more);
    add_answer("{\"templates\":{\"2\":{\"id\":\"2\",\"name\":\"b\"}}}");
    expect_value("templates:2", "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]");
}
END_TEST

START_TEST(a_user_found_both_ways_counts_once)
{
    add_answer("[{\"ID\":\"5\"},{\"ID\":\"6\"}]");
    add_answer("[{\"ID\":5},{\"ID\":\"7\"}]");
    expect_value("user-name:Ли Ли", "[{\"ID\":\"5\"},{\"ID\":\"6\"},{\"ID\":\"7\"}]");
}
END_TEST

START_TEST(stages_stand_in_their_funnels_in_order)
{
    add_answer(
        "[{\"ENTITY_ID\":\"DEAL_STAGE_5\",\"STATUS_ID\":\"C5:NEW\",\"NAME\":\"Новая\","
        "\"SORT\":\"10\",\"SEMANTICS\":null,\"EXTRA\":{\"SEMANTICS\":\"process\"}},"
        "{\"ENTITY_ID\":\"DEAL_STAGE\",\"STATUS_ID\":\"WON\",\"NAME\":\"Успех\",\"SORT\":\"60\","
        "\"SEMANTICS\":\"S\"},"
        "{\"ENTITY_ID\":\"DEAL_STAGE\",\"STATUS_ID\":\"APOLOGY\",\"NAME\":\"Отказ\","
        "\"SORT\":\"70\",\"EXTRA\":{\"SEMANTICS\":\"apology\"}},"
        "{\"ENTITY_ID\":\"DEAL_STAGE\",\"STATUS_ID\":\"NEW\",\"NAME\":\"Новая\",\"SORT\":\"10\"},"
        "{\"ENTITY_ID\":\"STATUS\",\"STATUS_ID\":\"JUNK\",\"NAME\":\"x\",\"SORT\":\"1\"}]");
    add_answer(
        "{\"categories\":[{\"id\":0,\"name\":\"Продажи\"},{\"id\":\"5\",\"name\":\"B2B\"}]}");
    expect_value("stages:2",
                 "{\"funnels\":[{\"id\":0,\"name\":\"Продажи\"},{\"id\":5,\"name\":\"B2B\"}],"
                 "\"stages\":["
                 "{\"id\":\"NEW\",\"name\":\"Новая\",\"category\":0,\"semantic\":\"P\"},"
                 "{\"id\":\"WON\",\"name\":\"Успех\",\"category\":0,\"semantic\":\"S\"},"
                 "{\"id\":\"APOLOGY\",\"name\":\"Отказ\",\"category\":0,\"semantic\":\"F\"},"
                 "{\"id\":\"C5:NEW\",\"name\":\"Новая\",\"category\":5,\"semantic\":\"P\"}]}");
}
END_TEST

START_TEST(leads_have_stages_without_a_funnel)
{
    add_answer("[{\"ENTITY_ID\":\"STATUS\",\"STATUS_ID\":\"JUNK\",\"NAME\":\"Брак\","
               "\"SORT\":\"80\",\"SEMANTICS\":\"F\"}]");
    expect_value("stages:1", "{\"funnels\":[],\"stages\":[{\"id\":\"JUNK\",\"name\":\"Брак\","
                             "\"category\":null,\"semantic\":\"F\"}]}");
}
END_TEST

START_TEST(statuses_are_read_page_by_page)
{
    add_answer("[{\"ENTITY_ID\":\"DEAL_STAGE\",\"STATUS_ID\":\"A\",\"NAME\":\"a\"}]");
    answers[0].next = json_integer(50);
    add_answer("{\"categories\":[{\"id\":0,\"name\":\"f\"}]}");
    ck_assert_int_eq(fetch("stages:2"), FETCH_MORE);
    expect_command(&more, "crm.status.list", "{\"order\":{\"ID\":\"ASC\"},\"start\":50}");
    add_answer("[{\"ENTITY_ID\":\"DEAL_STAGE\",\"STATUS_ID\":\"B\",\"NAME\":\"b\"}]");
    answers[2].next = json_integer(100);
    ck_assert_int_eq(fetch("stages:2"), FETCH_MORE);
    expect_command(&more, "crm.status.list", "{\"order\":{\"ID\":\"ASC\"},\"start\":100}");
    add_answer("[]");
    expect_value("stages:2", "{\"funnels\":[{\"id\":0,\"name\":\"f\"}],\"stages\":["
                             "{\"id\":\"A\",\"name\":\"a\",\"category\":0,\"semantic\":\"P\"},"
                             "{\"id\":\"B\",\"name\":\"b\",\"category\":0,\"semantic\":\"P\"}]}");
}
END_TEST

START_TEST(history_is_told_in_our_words)
{
    add_answer("{\"items\":[{\"ID\":1,\"TYPE_ID\":2,\"OWNER_ID\":351,"
               "\"CREATED_TIME\":\"2026-01-20T10:00:00+03:00\",\"CATEGORY_ID\":5,"
               "\"STAGE_SEMANTIC_ID\":\"P\",\"STAGE_ID\":\"C5:PREPARATION\"}]}");
    expect_value("history:2:351:0",
                 "[{\"id\":1,\"time_ms\":1768892400000,\"stage\":\"C5:PREPARATION\","
                 "\"category\":5,\"semantic\":\"P\",\"kind\":2}]");
    add_answer("{\"items\":[{\"ID\":\"4\",\"TYPE_ID\":\"1\","
               "\"CREATED_TIME\":\"2026-01-20T07:00:00+00:00\",\"STATUS_SEMANTIC_ID\":\"P\","
               "\"STATUS_ID\":\"NEW\"}]}");
    expect_value("history:1:7:0", "[{\"id\":4,\"time_ms\":1768892400000,\"stage\":\"NEW\","
                                  "\"category\":-1,\"semantic\":\"P\",\"kind\":1}]");
}
END_TEST

START_TEST(a_kind_without_history_has_an_empty_one)
{
    add_answer("[]");
    expect_value("history:2:351:0", "[]");
    add_error("ENTITY_TYPE_NOT_SUPPORTED", "no");
    expect_value("history:7:1:0", "[]");
    add_error("NOT_FOUND", "Smart process not found");
    expect_value("history:147:1:0", "[]");
}
END_TEST

START_TEST(a_full_page_of_history_asks_for_what_comes_behind_it)
{
    json_t *items = json_array();
    for (int i = 1; i <= 50; i++)
        json_array_append_new(items, json_pack("{s:i, s:s}", "ID", 100 + i, "STAGE_ID", "NEW"));
    answers[answer_count++] =
        (struct answer){.verdict = VERDICT_DONE, .result = json_pack("{s:o}", "items", items)};
    ck_assert_int_eq(fetch("history:2:351:100"), FETCH_MORE);
    expect_command(&more, "crm.stagehistory.list",
                   "{\"entityTypeId\":2,\"filter\":{\"OWNER_ID\":351,\">ID\":150},"
                   "\"order\":{\"ID\":\"ASC\"}}");
    add_answer("{\"items\":[{\"ID\":151,\"STAGE_ID\":\"WON\"}]}");
    ck_assert_int_eq(fetch("history:2:351:100"), FETCHED);
    ck_assert_uint_eq(json_array_size(value), 51);
    ck_assert_str_eq(jv_text(value, "50.stage", ""), "WON");
    forget();
}
END_TEST

CHECK_MAIN("fetch", presence_is_asked_of_the_calendar_and_of_the_working_day,
           a_load_is_what_is_open, of_presence_only_absences_and_the_working_day_are_kept,
           a_load_counts_all_pages, every_need_has_its_calls,
           a_funnel_kind_asks_for_statuses_and_categories, a_full_name_is_asked_for_both_ways_round,
           what_is_no_need_has_no_calls, a_record_is_taken_out_of_its_answer,
           what_is_not_there_is_null, what_may_not_be_read_says_why,
           a_user_found_both_ways_counts_once, stages_stand_in_their_funnels_in_order,
           leads_have_stages_without_a_funnel, statuses_are_read_page_by_page,
           history_is_told_in_our_words, a_kind_without_history_has_an_empty_one,
           an_activity_is_read_with_what_it_is_bound_to,
           the_deals_of_a_contact_are_asked_for_both_ways,
           an_activity_without_readable_bindings_is_still_one,
           either_way_of_asking_for_open_deals_will_do, open_deals_are_read_page_by_page,
           who_wrote_last_stands_in_the_newest_chats,
           owners_of_a_phone_chats_and_templates_are_lists, templates_are_read_page_by_page,
           a_full_page_of_history_asks_for_what_comes_behind_it)
