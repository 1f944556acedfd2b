/* Timeline, activities, tasks, messages, people: bitrix24.md §8.5-§8.10, §8.14. */

#include "sandbox/rest.h"
#include "tests/support/check_main.h"
#include "tests/unit/sandbox/kit.h"

START_TEST(a_comment_belongs_to_an_object)
{
    struct sandbox *sb = kit_new();
    json_t *id = kit_result(sb, "crm.timeline.comment.add",
                            "{'fields':{'ENTITY_ID':1,'ENTITY_TYPE':'contact','COMMENT':'Ж'}}");
    ck_assert_int_eq(json_integer_value(id), 1);
    json_decref(id);
    json_t *list = kit_result(sb, "crm.timeline.comment.list",
                              "{'filter':{'ENTITY_ID':1,'ENTITY_TYPE':'contact'}}");
    ck_assert_str_eq(jv_text(list, "0.COMMENT", ""), "Ж");
    ck_assert_str_eq(jv_text(list, "0.AUTHOR_ID", ""), "1");
    json_decref(list);
    kit_fails(sb, "crm.timeline.comment.add",
              "{'fields':{'ENTITY_ID':9,'ENTITY_TYPE':'deal','COMMENT':'x'}}", 400,
              "OWNER_NOT_FOUND", NULL);
    kit_fails(sb, "crm.timeline.comment.add",
              "{'fields':{'ENTITY_ID':1,'ENTITY_TYPE':'contact','COMMENT':''}}", 400,
              "INVALID_ARG_VALUE", "Empty comment message");
    kit_fails(sb, "crm.timeline.comment.add", "{'FIELDS':{'ENTITY_ID':1}}", 400, "100", NULL);
    kit_fails(sb, "crm.timeline.comment.get", "{'id':77}", 400, "NOT_FOUND", "Not found.");
    sandbox_free(sb);
}
END_TEST

START_TEST(a_to_do_is_an_activity_with_a_deadline)
{
    struct sandbox *sb = kit_new();
    json_t *ret = kit_result(sb, "crm.activity.todo.add",
                             "{'ownerTypeId':3,'ownerId':1,'title':'Позвонить','responsibleId':6,"
                             "'deadline':'2026-01-20T10:00:00+02:00','pingOffsets':[0,15]}");
    ck_assert_int_eq(jv_int(ret, "id", 0), 1);
    json_decref(ret);
    json_t *one = kit_result(sb, "crm.activity.get", "{'id':1}");
    ck_assert_str_eq(jv_text(one, "PROVIDER_ID", ""), "CRM_TODO");
    ck_assert_str_eq(jv_text(one, "DEADLINE", ""), "2026-01-20T11:00:00+03:00");
    ck_assert_str_eq(jv_text(one, "RESPONSIBLE_ID", ""), "6");
    ck_assert_str_eq(jv_text(one, "COMPLETED", ""), "N");
    ck_assert_ptr_null(json_object_get(one, "BINDINGS"));
    json_decref(one);
    kit_fails(sb, "crm.activity.todo.add", "{'ownerTypeId':3,'ownerId':1}", 400, "100",
              "Could not find value for parameter {deadline}");
    kit_fails(sb, "crm.activity.todo.add", "{'ownerTypeId':2,'ownerId':1,'deadline':'2026-01-20'}",
              400, "OWNER_NOT_FOUND", NULL);
    kit_fails(sb, "crm.activity.todo.add", "{'ownerTypeId':3,'ownerId':1,'deadline':'завтра'}", 400,
              "WRONG_DATETIME_FORMAT", NULL);
    sandbox_free(sb);
}
END_TEST

START_TEST(activities_are_found_by_what_they_are_bound_to)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "crm.activity.add",
                           "{'fields':{'OWNER_TYPE_ID':3,'OWNER_ID':1,'TYPE_ID':2,'DIRECTION':1,"
                           "'SUBJECT':'Звонок','RESPONSIBLE_ID':5,'COMMUNICATIONS':[{'VALUE':"
                           "'+79001112233','ENTITY_ID':1,'ENTITY_TYPE_ID':3}]}}"));
    json_t *list = kit_result(sb, "crm.activity.list",
                              "{'filter':{'BINDINGS':[{'OWNER_TYPE_ID':3,'OWNER_ID':1}],"
                              "'COMPLETED':'N'},'select':['*','COMMUNICATIONS']}");
    ck_assert_uint_eq(json_array_size(list), 1);
    ck_assert_str_eq(jv_text(list, "0.COMMUNICATIONS.0.VALUE", ""), "+79001112233");
    json_decref(list);
    json_decref(kit_result(sb, "crm.activity.update", "{'id':1,'fields':{'COMPLETED':'Y'}}"));
    list = kit_result(sb, "crm.activity.list", "{'filter':{'OWNER_ID':1,'COMPLETED':'N'}}");
    ck_assert_uint_eq(json_array_size(list), 0);
    json_decref(list);
    kit_fails(sb, "crm.activity.add", "{'fields':{'OWNER_TYPE_ID':3,'OWNER_ID':1,'TYPE_ID':2}}",
              400, "", "The field SUBJECT is not defined or empty.");
    kit_fails(sb, "crm.activity.get", "{'id':9}", 400, "", "Activity is not found.");
    sandbox_free(sb);
}
END_TEST

START_TEST(a_task_goes_its_way)
{
    struct sandbox *sb = kit_new();
    json_t *made = kit_result(sb, "tasks.task.add",
                              "{'fields':{'TITLE':'T','RESPONSIBLE_ID':5,'CREATED_BY':7,"
                              "'DEADLINE':'2026-01-20T18:00:00+02:00','ACCOMPLICES':[6],"
                              "'UF_CRM_TASK':['D_351','C_1']}}");
    ck_assert_str_eq(jv_text(made, "task.id", ""), "1");
    ck_assert_str_eq(jv_text(made, "task.status", ""), "2");
    ck_assert_str_eq(jv_text(made, "task.createdBy", ""), "7");
    ck_assert_str_eq(jv_text(made, "task.deadline", ""), "2026-01-20T19:00:00+03:00");
    ck_assert_str_eq(jv_text(made, "task.responsible.name", ""), "Иван Иванов");
    ck_assert_ptr_null(jv_at(made, "task.ufCrmTask")); /* §8.7: only when selected */
    json_decref(made);
    json_t *list = kit_result(sb, "tasks.task.list",
                              "{'filter':{'UF_CRM_TASK':'C_1','!STATUS':5},"
                              "'select':['ID','TITLE','UF_CRM_TASK']}");
    ck_assert_str_eq(jv_text(list, "tasks.0.ufCrmTask.0", ""), "D_351");
    ck_assert_ptr_null(jv_at(list, "tasks.0.status"));
    json_decref(list);
    json_t *done = kit_result(sb, "tasks.task.complete", "{'taskId':1}");
    ck_assert_str_eq(jv_text(done, "task.status", ""), "5");
    ck_assert(json_is_string(jv_at(done, "task.closedDate")));
    json_decref(done);
    list = kit_result(sb, "tasks.task.list", "{'filter':{'UF_CRM_TASK':'C_1','!STATUS':5}}");
    ck_assert_uint_eq(json_array_size(jv_at(list, "tasks")), 0);
    json_decref(list);
    json_t *gone = kit_result(sb, "tasks.task.get", "{'taskId':9}");
    ck_assert(json_is_array(gone));
    json_decref(gone);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_wrong_task_says_what_is_wrong)
{
    struct sandbox *sb = kit_new();
    kit_fails(sb, "tasks.task.add", "{'fields':{'RESPONSIBLE_ID':5}}", 400, "ERROR_CORE",
              "Task title not specified<br>");
    kit_fails(sb, "tasks.task.add", "{'fields':{'TITLE':'T'}}", 400, "ERROR_CORE",
              "Responsible person not specified<br>");
    kit_fails(sb, "tasks.task.add", "{'fields':{'TITLE':'T','RESPONSIBLE_ID':999}}", 400,
              "ERROR_CORE", "User specified in the \"Responsible\" field not found<br>");
    kit_fails(sb, "tasks.task.add", "{}", 400, "100",
              "Could not find value for parameter {fields} (internal error)");
    kit_fails(sb, "tasks.task.update", "{'taskId':9,'fields':{'TITLE':'x'}}", 400, "0", NULL);
    kit_fails(sb, "tasks.task.complete", "{'taskId':'x'}", 400, "0", "wrong task id");
    sandbox_free(sb);
}
END_TEST

START_TEST(checklists_take_their_arguments_in_order)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "tasks.task.add", "{'fields':{'TITLE':'T','RESPONSIBLE_ID':5}}"));
    json_t *id = kit_result(sb, "task.checklistitem.add",
                            "{'TASKID':1,'FIELDS':{'TITLE':'Шаг','IS_COMPLETE':'N'}}");
    ck_assert_int_eq(json_integer_value(id), 1);
    json_decref(id);
    json_t *list = kit_result(sb, "task.checklistitem.getlist", "{'TASKID':1}");
    ck_assert_str_eq(jv_text(list, "0.TITLE", ""), "Шаг");
    json_decref(list);
    kit_fails(sb, "task.checklistitem.add", "{'FIELDS':{'TITLE':'x'},'TASKID':1}", 400,
              "ERROR_CORE", NULL);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_tag_replaces_when_the_client_is_named)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "im.notify.personal.add", "{'USER_ID':5,'MESSAGE':'a','TAG':'T'}"));
    json_decref(kit_result(sb, "im.notify.personal.add", "{'USER_ID':5,'MESSAGE':'b','TAG':'T'}"));
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'notify'}"), 2);
    static const char *const tagged =
        "{'USER_ID':5,'MESSAGE':'c','TAG':'T','CLIENT_ID':'b24bridge'}";
    json_decref(kit_result(sb, "im.notify.system.add", tagged));
    json_decref(kit_result(sb, "im.notify.system.add", tagged));
    ck_assert_int_eq(kit_count(sb, "{'do':'count','what':'notify'}"), 3);
    kit_fails(sb, "im.notify.personal.add", "{'MESSAGE':'a'}", 400, "USER_ID_EMPTY",
              "User ID can't be empty");
    kit_fails(sb, "im.notify.personal.add", "{'USER_ID':5,'MESSAGE':' '}", 400, "MESSAGE_EMPTY",
              NULL);
    json_t *nobody = kit_result(sb, "im.notify.personal.add", "{'USER_ID':99,'MESSAGE':'a'}");
    ck_assert(json_is_false(nobody));
    json_decref(nobody);
    sandbox_free(sb);
}
END_TEST

START_TEST(messages_go_to_dialogs_that_exist)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "im.message.add", "{'DIALOG_ID':'chat2941','MESSAGE':'x'}"));
    json_decref(kit_result(sb, "im.message.add", "{'DIALOG_ID':5,'MESSAGE':'x'}"));
    kit_fails(sb, "im.message.add", "{'DIALOG_ID':'chat1','MESSAGE':'x'}", 400, "CHAT_ID", NULL);
    kit_fails(sb, "im.message.add", "{'DIALOG_ID':99,'MESSAGE':'x'}", 400, "USER_NOT_FOUND", NULL);
    kit_fails(sb, "im.message.add", "{'DIALOG_ID':5}", 400, "MESSAGE_EMPTY", NULL);
    sandbox_free(sb);
}
END_TEST

START_TEST(a_client_is_written_to_in_his_own_chat)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'seed','openline':'contact','id':1,'user':5}");
    json_t *chat = kit_result(sb, "imopenlines.crm.chat.getLastId",
                              "{'CRM_ENTITY_TYPE':'contact','CRM_ENTITY':1}");
    ck_assert_int_eq(json_integer_value(chat), 1);
    json_decref(chat);
    json_decref(kit_result(sb, "imopenlines.crm.message.add",
                           "{'CRM_ENTITY_TYPE':'contact','CRM_ENTITY':1,'USER_ID':5,'CHAT_ID':1,"
                           "'MESSAGE':'Здравствуйте'}"));
    kit_fails(sb, "imopenlines.crm.message.add",
              "{'CRM_ENTITY_TYPE':'contact','CRM_ENTITY':2,'USER_ID':5,'CHAT_ID':1,'MESSAGE':'x'}",
              400, "CHAT_NOT_IN_CRM", NULL);
    kit_fails(sb, "imopenlines.crm.message.add",
              "{'CRM_ENTITY_TYPE':'contact','CRM_ENTITY':1,'USER_ID':6,'CHAT_ID':1,'MESSAGE':'x'}",
              403, "CANCELED", NULL);
    sandbox_free(sb);
}
END_TEST

START_TEST(people_and_departments_are_found)
{
    struct sandbox *sb = kit_new();
    json_t *user = kit_result(sb, "user.get", "{'ID':5}");
    ck_assert_uint_eq(json_array_size(user), 1);
    ck_assert_str_eq(jv_text(user, "0.EMAIL", ""), "ivanov@firm.ru");
    ck_assert(json_is_true(jv_at(user, "0.ACTIVE")));
    json_decref(user);
    user =
        kit_result(sb, "user.get", "{'FILTER':{'UF_DEPARTMENT':[3]},'sort':'ID','order':'DESC'}");
    ck_assert_str_eq(jv_text(user, "0.ID", ""), "7");
    ck_assert_uint_eq(json_array_size(user), 3);
    json_decref(user);
    user = kit_result(sb, "user.search", "{'FILTER':{'LAST_NAME':'пет','ACTIVE':true}}");
    ck_assert_uint_eq(json_array_size(user), 1);
    ck_assert_str_eq(jv_text(user, "0.NAME", ""), "Мария");
    json_decref(user);
    json_t *room = kit_result(sb, "department.get", "{'NAME':'Отдел продаж'}");
    ck_assert_str_eq(jv_text(room, "0.UF_HEAD", ""), "7");
    ck_assert_uint_eq(json_array_size(room), 1);
    json_decref(room);
    json_t *me = kit_result(sb, "profile", "{}");
    ck_assert(json_is_true(jv_at(me, "ADMIN")));
    json_decref(me);
    sandbox_free(sb);
}
END_TEST

START_TEST(triggers_workflows_and_documents_want_an_object)
{
    struct sandbox *sb = kit_new();
    json_decref(kit_result(sb, "crm.item.add", "{'entityTypeId':2,'fields':{}}"));
    json_decref(kit_result(sb, "crm.automation.trigger", "{'target':'DEAL_1','code':'c5u4m'}"));
    kit_fails(sb, "crm.automation.trigger", "{}", 400, "", "Target is not set.");
    kit_fails(sb, "crm.automation.trigger", "{'target':'DEAL'}", 400, "",
              "Incorrect target format.");
    kit_fails(sb, "crm.automation.trigger", "{'target':'DEAL_9'}", 400, "", "Target is not found.");
    json_t *flow =
        kit_result(sb, "bizproc.workflow.start",
                   "{'TEMPLATE_ID':1,'DOCUMENT_ID':['crm','CCrmDocumentDeal','DEAL_1']}");
    ck_assert(json_is_string(flow));
    json_decref(flow);
    kit_fails(sb, "bizproc.workflow.start", "{'TEMPLATE_ID':77}", 400, "ERROR_WRONG_WORKFLOW_ID",
              "Template not found");
    kit_fails(sb, "bizproc.workflow.start",
              "{'TEMPLATE_ID':1,'DOCUMENT_ID':['crm','CCrmDocumentLead','DEAL_1']}", 400, "",
              "Incorrect document type!");
    json_t *made = kit_result(sb, "crm.documentgenerator.document.add",
                              "{'templateId':5,'entityTypeId':2,'entityId':1,'values':{'A':'x'}}");
    ck_assert_int_eq(jv_int(made, "document.id", 0), 1);
    ck_assert(json_is_null(jv_at(made, "document.pdfUrl")));
    json_decref(made);
    made = kit_result(sb, "crm.documentgenerator.document.get", "{'id':1}");
    ck_assert(json_is_null(jv_at(made, "document.pdfUrl")));
    json_decref(made);
    made = kit_result(sb, "crm.documentgenerator.document.get", "{'id':1}");
    ck_assert(json_is_string(jv_at(made, "document.pdfUrl"))); /* it takes a while: §8.6 */
    json_decref(made);
    sandbox_free(sb);
}
END_TEST

/* Every parameter that some method reads, each with every kind of nonsense. */
START_TEST(no_method_trips_over_odd_parameters)
{
    static const char *const names[] = {
        "entityTypeId", "id",      "fields",     "filter",    "select",      "order",
        "start",        "taskId",  "TASKID",     "FIELDS",    "ownerTypeId", "ownerId",
        "deadline",     "USER_ID", "MESSAGE",    "DIALOG_ID", "target",      "TEMPLATE_ID",
        "DOCUMENT_ID",  "users",   "from",       "to",        "ID",          "type",
        "values",       "items",   "templateId", "entityId",  "cmd",         "halt"};
    static const char *const values[] = {
        "null",
        "''",
        "'x'",
        "-1",
        "3",
        "1.5",
        "true",
        "[]",
        "{}",
        "[[1],{'a':[null]}]",
        "{'0':{'logic':'OR','0':{'>id':[]}},'ID':{'a':1}}",
        "{'ENTITY_ID':1,'ENTITY_TYPE':'contact','COMMENT':{},'TITLE':[1],'RESPONSIBLE_ID':5,"
        "'CREATED_BY':{},'UF_CRM_TASK':'x','fm':{'1':5,'n0':[]},'contactIds':[{}],'PHONE':[3],"
        "'stageId':[],'OWNER_ID':[],'SUBJECT':5,'DEADLINE':7,'BINDINGS':3}"};
    struct sandbox *sb = kit_new();
    const struct method *method;
    for (size_t m = 0; (method = method_at(m)) != NULL; m++)
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
            for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
                char params[1200];
                (void)snprintf(params, sizeof params,
                               "{'entityTypeId':3,'id':1,'taskId':1,'TASKID':1,'%s':%s}", names[k],
                               values[i]);
                struct kit_reply reply = kit_call(sb, method->name, params);
                ck_assert_msg(json_is_object(reply.body), "%s %s", method->name, params);
                ck_assert((json_object_get(reply.body, "result") != NULL) !=
                          (json_object_get(reply.body, "error") != NULL));
                kit_reply_done(&reply);
            }
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/methods", no_method_trips_over_odd_parameters, a_comment_belongs_to_an_object,
           a_to_do_is_an_activity_with_a_deadline, activities_are_found_by_what_they_are_bound_to,
           a_task_goes_its_way, a_wrong_task_says_what_is_wrong,
           checklists_take_their_arguments_in_order, a_tag_replaces_when_the_client_is_named,
           messages_go_to_dialogs_that_exist, a_client_is_written_to_in_his_own_chat,
           people_and_departments_are_found, triggers_workflows_and_documents_want_an_object)
