#include <check.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/model/command.h"
#include "daemon/rules/look.h"
#include "tests/support/check_main.h"

static const struct look_since since = {"2026-01-20T09:58:00+03:00", "2026-01-19T10:00:00+03:00"};

static json_t *parse(const char *text)
{
    struct err err = {0};
    json_t *ret = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(ret != NULL, "%s: %s", err.text, text);
    return ret;
}

/* The look of a call, made against a portal that answers `portal`: what does it take it for? */
static void check_found(const char *method, const char *params, const char *portal,
                        const char *expected)
{
    JV_AUTO *p = parse(params);
    JV_AUTO *answer = parse(portal);
    JV_AUTO *look = look_new(method, p, &since);
    JV_AUTO *result = NULL;
    ck_assert_msg(look != NULL, "%s has no look", method);
    bool found = command_look_found(look, answer, NULL, &result);
    ck_assert_int_eq(expected != NULL, found);
    if (expected == NULL)
        return;
    JV_AUTO *wanted = parse(expected);
    ck_assert_msg(jv_same(wanted, result), "%s: %s", method, jv_dump_new(result));
}

static void check_look(const char *method, const char *params, const char *expected)
{
    JV_AUTO *p = parse(params);
    JV_AUTO *look = look_new(method, p, &since);
    JV_AUTO *wanted = expected == NULL ? NULL : parse(expected);
    if (expected == NULL)
        ck_assert_ptr_null(look);
    else
        ck_assert_msg(json_equal(look, wanted), "%s: %s", method, jv_dump_new(look));
}

START_TEST(an_added_deal_is_found_by_its_mark)
{
    static const char params[] = "{\"entityTypeId\":2,\"fields\":{\"title\":\"A\",\"originId\":"
                                 "\"17.0.0\",\"originatorId\":\"b24bridge\"}}";
    check_look("crm.item.add", params,
               "{\"method\":\"crm.item.list\",\"params\":{\"entityTypeId\":2,\"select\":[\"*\"],"
               "\"filter\":{\"originatorId\":\"b24bridge\",\"originId\":\"17.0.0\","
               "\">=createdTime\":\"2026-01-19T10:00:00+03:00\"},\"order\":{\"id\":\"DESC\"},"
               "\"start\":-1},\"list\":\"items\",\"where\":{\"originatorId\":\"b24bridge\","
               "\"originId\":\"17.0.0\"},\"as\":\"item\",\"unmarked\":{\"title\":\"A\"}}");
    check_found("crm.item.add", params,
                "{\"items\":[{\"id\":8,\"originatorId\":\"1c\",\"originId\":\"17.0.0\"},"
                "{\"id\":9,\"originatorId\":\"b24bridge\",\"originId\":\"17.0.0\"}]}",
                "{\"item\":{\"id\":9,\"originatorId\":\"b24bridge\",\"originId\":\"17.0.0\"}}");
    check_found("crm.item.add", params, "{\"items\":[]}", NULL);
}
END_TEST

START_TEST(an_added_item_of_a_smart_process_is_found_by_xml_id)
{
    check_found("crm.item.add",
                "{\"entityTypeId\":147,\"fields\":{\"title\":\"A\",\"xmlId\":\"b24bridge-1.0.0\"}}",
                "{\"items\":[{\"id\":3,\"title\":\"A\",\"xmlId\":\"\"},"
                "{\"id\":4,\"xmlId\":\"b24bridge-1.0.0\"}]}",
                "{\"item\":{\"id\":4,\"xmlId\":\"b24bridge-1.0.0\"}}");
}
END_TEST

START_TEST(what_carries_no_mark_is_looked_for_by_its_title_among_the_newest)
{
    static const char params[] = "{\"entityTypeId\":7,\"fields\":{\"title\":\"Q\"}}";
    JV_AUTO *p = parse(params);
    JV_AUTO *look = look_new("crm.item.add", p, &since);
    ck_assert_str_eq(since.recent, jv_text(jv_at(look, "params.filter"), ">=createdTime", ""));
    check_found("crm.item.add", params, "{\"items\":[{\"id\":3,\"title\":\"P\"}]}", NULL);
}
END_TEST

START_TEST(what_nothing_tells_apart_has_no_look)
{
    check_look("crm.item.add", "{\"entityTypeId\":7,\"fields\":{\"comments\":\"Q\"}}", NULL);
    check_look("crm.item.add", "{}", NULL);
    check_look("crm.item.update", "{\"entityTypeId\":2,\"id\":1,\"fields\":{}}", NULL);
    check_look("crm.deal.add", "{\"fields\":{\"TITLE\":\"Q\"}}", NULL);
    check_look("crm.deal.update", "{\"fields\":{\"TITLE\":\"Q\"}}", NULL);
    check_look("crm.activity.todo.add", "{\"ownerTypeId\":2,\"ownerId\":1}", NULL);
    check_look("crm.timeline.comment.add", "{\"fields\":{}}", NULL);
    check_look("tasks.task.add", "{\"fields\":{}}", NULL);
    check_look("im.message.add", "{\"DIALOG_ID\":\"1\",\"MESSAGE\":\"x\"}", NULL);
    check_look("crm.automation.trigger", "{\"target\":\"DEAL_1\",\"code\":\"x\"}", NULL);
    check_look("no.such.method", "{}", NULL);
}
END_TEST

START_TEST(an_update_is_done_when_the_record_says_what_was_written)
{
    static const char params[] =
        "{\"entityTypeId\":2,\"id\":351,\"fields\":{\"stageId\":\"C5:WON\",\"assignedById\":6}}";
    check_found("crm.item.update", params,
                "{\"item\":{\"id\":351,\"stageId\":\"C5:WON\",\"assignedById\":\"6\"}}",
                "{\"item\":{\"id\":351,\"stageId\":\"C5:WON\",\"assignedById\":\"6\"}}");
    check_found("crm.item.update", params,
                "{\"item\":{\"id\":351,\"stageId\":\"C5:WON\",\"assignedById\":7}}", NULL);
    check_found("crm.item.update", params, "[]", NULL);
}
END_TEST

START_TEST(an_update_of_a_phone_is_done_when_the_row_is_there)
{
    static const char params[] =
        "{\"entityTypeId\":3,\"id\":4,\"fields\":{\"name\":\"A\",\"fm\":{\"n0\":{\"typeId\":"
        "\"PHONE\",\"valueType\":\"WORK\",\"value\":\"+7900\"}}}}";
    check_found("crm.item.update", params,
                "{\"item\":{\"id\":4,\"fm\":[{\"id\":1,\"typeId\":\"EMAIL\",\"value\":\"+7900\"},"
                "{\"id\":2,\"typeId\":\"PHONE\",\"value\":\"+7900\"}]}}",
                "{\"id\":2}");
    check_found("crm.item.update", params, "{\"item\":{\"id\":4,\"name\":\"A\",\"fm\":[]}}", NULL);
}
END_TEST

START_TEST(a_phone_taken_away_may_be_taken_away_again)
{
    check_look("crm.item.update",
               "{\"entityTypeId\":3,\"id\":4,\"fields\":{\"fm\":{\"8\":{\"typeId\":\"PHONE\","
               "\"value\":\"\"}}}}",
               "{\"repeat\":true}");
}
END_TEST

START_TEST(a_todo_is_found_by_owner_title_and_time)
{
    static const char params[] = "{\"ownerTypeId\":2,\"ownerId\":351,\"title\":\"Call\","
                                 "\"responsibleId\":6,\"deadline\":\"x\"}";
    check_look("crm.activity.todo.add", params,
               "{\"method\":\"crm.activity.list\",\"params\":{\"filter\":{\"OWNER_TYPE_ID\":2,"
               "\"OWNER_ID\":351,\"PROVIDER_ID\":\"CRM_TODO\",\">=CREATED\":"
               "\"2026-01-20T09:58:00+03:00\"},\"select\":[\"ID\",\"SUBJECT\",\"RESPONSIBLE_ID\","
               "\"CREATED\"],\"order\":{\"ID\":\"DESC\"}},\"list\":\"\",\"where\":{\"SUBJECT\":"
               "\"Call\",\"RESPONSIBLE_ID\":6}}");
    check_found("crm.activity.todo.add", params,
                "[{\"ID\":\"1\",\"SUBJECT\":\"Call\",\"RESPONSIBLE_ID\":\"7\"},"
                "{\"ID\":\"2\",\"SUBJECT\":\"Call\",\"RESPONSIBLE_ID\":\"6\"}]",
                "{\"id\":2}");
}
END_TEST

START_TEST(a_comment_is_found_by_its_whole_text)
{
    static const char params[] =
        "{\"fields\":{\"ENTITY_ID\":1,\"ENTITY_TYPE\":\"deal\",\"COMMENT\":\"a [b]x[/b]\"}}";
    check_found("crm.timeline.comment.add", params, "[{\"ID\":\"9\",\"COMMENT\":\"a [b]x[/b]\"}]",
                "{\"id\":9}");
    check_found("crm.timeline.comment.add", params, "[{\"ID\":\"9\",\"COMMENT\":\"a\"}]", NULL);
}
END_TEST

START_TEST(a_task_is_found_by_its_mark_before_its_title)
{
    static const char marked[] = "{\"fields\":{\"TITLE\":\"T\",\"RESPONSIBLE_ID\":6,"
                                 "\"UF_CRM_TASK\":[\"D_351\"],\"XML_ID\":\"b24bridge-1.0.0\"}}";
    static const char bare[] = "{\"fields\":{\"TITLE\":\"T\",\"RESPONSIBLE_ID\":6}}";
    check_found("tasks.task.add", marked,
                "{\"tasks\":[{\"id\":\"1\",\"title\":\"T\",\"xmlId\":null},"
                "{\"id\":\"2\",\"title\":\"T\",\"xmlId\":\"b24bridge-1.0.0\"}]}",
                "{\"task\":{\"id\":\"2\",\"title\":\"T\",\"xmlId\":\"b24bridge-1.0.0\"}}");
    check_found("tasks.task.add", marked,
                "{\"tasks\":[{\"id\":\"3\",\"title\":\"other\"},{\"id\":\"4\",\"title\":\"T\","
                "\"responsibleId\":\"6\"}]}",
                "{\"task\":{\"id\":\"4\",\"title\":\"T\",\"responsibleId\":\"6\"}}");
    check_found("tasks.task.add", marked,
                "{\"tasks\":[{\"id\":\"1\",\"title\":\"T\",\"xmlId\":null}]}", NULL);
    check_found("tasks.task.add", bare,
                "{\"tasks\":[{\"id\":\"1\",\"title\":\"T\",\"responsibleId\":\"6\"}]}",
                "{\"task\":{\"id\":\"1\",\"title\":\"T\",\"responsibleId\":\"6\"}}");
}
END_TEST

START_TEST(a_closed_task_is_closed)
{
    check_found("tasks.task.complete", "{\"taskId\":5}",
                "{\"task\":{\"id\":\"5\",\"status\":\"5\"}}",
                "{\"task\":{\"id\":\"5\",\"status\":\"5\"}}");
    check_found("tasks.task.complete", "{\"taskId\":5}",
                "{\"task\":{\"id\":\"5\",\"status\":\"2\"}}", NULL);
    /* it waits for its approval */
    check_found("tasks.task.complete", "{\"taskId\":5}",
                "{\"task\":{\"id\":\"5\",\"status\":\"4\"}}",
                "{\"task\":{\"id\":\"5\",\"status\":\"4\"}}");
}
END_TEST

START_TEST(checklist_items_of_one_text_are_told_apart_by_their_place)
{
    static const char params[] = "{\"TASKID\":1,\"FIELDS\":{\"TITLE\":\"a\",\"SORT_INDEX\":2}}";
    check_found("task.checklistitem.add", params,
                "[{\"ID\":\"1\",\"TITLE\":\"a\",\"SORT_INDEX\":\"1\"}]", NULL);
    check_found("task.checklistitem.add", params,
                "[{\"ID\":\"3\",\"TITLE\":\"a\",\"SORT_INDEX\":\"2\"}]", "{\"id\":3}");
}
END_TEST

START_TEST(a_tagged_notification_replaces_itself_and_others_are_a_persons_to_decide)
{
    check_look("im.notify.system.add",
               "{\"USER_ID\":1,\"MESSAGE\":\"x\",\"TAG\":\"t\",\"CLIENT_ID\":\"b24bridge\"}",
               "{\"repeat\":true}");
    check_look("im.notify.system.add", "{\"USER_ID\":1,\"MESSAGE\":\"x\",\"TAG\":\"t\"}", NULL);
    check_look("im.notify.personal.add", "{\"USER_ID\":1,\"MESSAGE\":\"x\"}", NULL);
}
END_TEST

START_TEST(a_comment_from_before_is_another)
{
    static const char params[] =
        "{\"fields\":{\"ENTITY_ID\":1,\"ENTITY_TYPE\":\"deal\",\"COMMENT\":\"a\"}}";
    check_found("crm.timeline.comment.add", params,
                "[{\"ID\":\"8\",\"COMMENT\":\"a\",\"CREATED\":\"2026-01-20T08:57:59+02:00\"}]",
                NULL);
    check_found("crm.timeline.comment.add", params,
                "[{\"ID\":\"9\",\"COMMENT\":\"a\",\"CREATED\":\"2026-01-20T08:58:00+02:00\"}]",
                "{\"id\":9}");
}
END_TEST

START_TEST(a_log_message_is_found_by_title_and_text)
{
    static const char params[] = "{\"fields\":{\"entityTypeId\":2,\"entityId\":1,\"title\":\"t\","
                                 "\"text\":\"x\",\"iconCode\":\"info\"}}";
    check_found("crm.timeline.logmessage.add", params,
                "[{\"id\":1,\"title\":\"t\",\"text\":\"y\"},{\"id\":2,\"title\":\"t\",\"text\":"
                "\"x\",\"created\":\"2026-01-20T09:59:00+03:00\"}]",
                "{\"id\":2}");
}
END_TEST

START_TEST(an_activity_is_found_by_its_origin_or_else_by_its_subject)
{
    check_found("crm.activity.add",
                "{\"fields\":{\"OWNER_TYPE_ID\":2,\"OWNER_ID\":1,\"SUBJECT\":\"s\",\"ORIGIN_ID\":"
                "\"e1\"}}",
                "[{\"ID\":\"1\",\"SUBJECT\":\"s\",\"ORIGIN_ID\":null},{\"ID\":\"2\",\"ORIGIN_ID\":"
                "\"e1\"}]",
                "{\"id\":2}");
    check_found("crm.activity.add", "{\"fields\":{\"OWNER_ID\":1,\"SUBJECT\":\"s\"}}",
                "[{\"ID\":\"1\",\"SUBJECT\":\"s\"}]", "{\"id\":1}");
    check_look("crm.activity.add", "{\"fields\":{\"OWNER_ID\":1}}", NULL);
}
END_TEST

START_TEST(a_document_is_found_among_the_new_ones_of_its_record)
{
    check_found("crm.documentgenerator.document.add",
                "{\"templateId\":5,\"entityTypeId\":2,\"entityId\":351}",
                "{\"documents\":[{\"id\":\"6\",\"templateId\":\"4\"},{\"id\":\"7\",\"templateId\":"
                "\"5\"}]}",
                "{\"document\":{\"id\":\"7\",\"templateId\":\"5\"}}");
}
END_TEST

START_TEST(classic_methods_are_looked_for_by_their_own_get_and_list)
{
    check_look("crm.lead.update", "{\"ID\":5,\"fields\":{\"TITLE\":\"x\"}}",
               "{\"method\":\"crm.lead.get\",\"params\":{\"id\":5},\"at\":\"\",\"equal\":"
               "{\"TITLE\":\"x\"}}");
    check_found("crm.deal.add", "{\"fields\":{\"TITLE\":\"x\",\"ORIGIN_ID\":\"e1\"}}",
                "[{\"ID\":\"4\",\"ORIGIN_ID\":\"e1\"}]", "{\"id\":4}");
}
END_TEST

START_TEST(the_last_word_of_a_method_says_whether_it_only_reads)
{
    static const char *const reads[] = {"crm.item.get",
                                        "crm.deal.list",
                                        "user.current",
                                        "task.checklistitem.getlist",
                                        "crm.item.fields",
                                        "user.search",
                                        "timeman.status",
                                        "profile",
                                        "crm.duplicate.findbycomm",
                                        "disk.storage.getList"};
    static const char *const writes[] = {
        "crm.item.add",    "crm.item.update",        "tasks.task.complete",  "im.message.add",
        "crm.item.delete", "bizproc.workflow.start", "lists.element.update", "crm.budget"};
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        ck_assert_msg(look_is_read(reads[i]), "%s", reads[i]);
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        ck_assert_msg(!look_is_read(writes[i]), "%s", writes[i]);
}
END_TEST

CHECK_MAIN("rules/look", an_added_deal_is_found_by_its_mark,
           an_added_item_of_a_smart_process_is_found_by_xml_id,
           what_carries_no_mark_is_looked_for_by_its_title_among_the_newest,
           what_nothing_tells_apart_has_no_look,
           an_update_is_done_when_the_record_says_what_was_written,
           an_update_of_a_phone_is_done_when_the_row_is_there,
           a_phone_taken_away_may_be_taken_away_again, a_todo_is_found_by_owner_title_and_time,
           a_comment_is_found_by_its_whole_text, a_task_is_found_by_its_mark_before_its_title,
           a_closed_task_is_closed, checklist_items_of_one_text_are_told_apart_by_their_place,
           a_tagged_notification_replaces_itself_and_others_are_a_persons_to_decide,
           a_comment_from_before_is_another, a_log_message_is_found_by_title_and_text,
           an_activity_is_found_by_its_origin_or_else_by_its_subject,
           a_document_is_found_among_the_new_ones_of_its_record,
           classic_methods_are_looked_for_by_their_own_get_and_list,
           the_last_word_of_a_method_says_whether_it_only_reads)
