/* What the portal posts, byte for byte: bitrix24.md §1. The fixtures are its samples; what is left
 * to chance there (event_handler_id, numbers of objects) is put in before comparing. */

#include "tests/support/check_main.h"
#include "tests/support/fixture.h"
#include "tests/unit/sandbox/kit.h"

#define HOOK "http://127.0.0.1:8024/hook/main"

static struct sandbox *heard_new(void)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'subscribe','url':'" HOOK "'}");
    return sb;
}

/* The text with every `from` replaced. mem_free. */
static char *replaced_new(const char *text, const char *from, const char *to)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 20);
    const char *hit;
    while ((hit = strstr(text, from)) != NULL) {
        buf_add(&out, text, (size_t)(hit - text));
        buf_text(&out, to);
        text = hit + strlen(from);
    }
    buf_text(&out, text);
    return buf_take(&out);
}

/* The only event that waits is that sample, its number being `id` there. */
static void posts(struct sandbox *sb, const char *fixture, const char *sample_id, const char *id)
{
    char name[120], from[40], to[40];
    size_t size;
    (void)snprintf(name, sizeof name, "bodies/%s.form", fixture);
    (void)snprintf(from, sizeof from, "ID%%5D=%s&", sample_id);
    (void)snprintf(to, sizeof to, "ID%%5D=%s&", id);
    char *sample = fixture_read(name, &size);
    char *handler = replaced_new(sample, "event_handler_id=12&", "event_handler_id=1&");
    char *wanted = replaced_new(handler, from, to);
    json_t *events = sandbox_take_events(sb);
    ck_assert_msg(json_array_size(events) == 1, "%s: %zu events", fixture, json_array_size(events));
    ck_assert_str_eq(jv_text(events, "0.url", ""), HOOK);
    ck_assert_str_eq(jv_text(events, "0.content_type", ""), "application/x-www-form-urlencoded");
    ck_assert_str_eq(jv_text(events, "0.body", ""), wanted);
    json_decref(events);
    mem_free(wanted);
    mem_free(handler);
    free(sample);
}

static void call(struct sandbox *sb, const char *method, const char *params)
{
    json_decref(kit_result(sb, method, params));
}

START_TEST(crm_objects_tell_of_themselves)
{
    static const struct {
        int type;
        const char *name, *id, *sample_id, *fields;
    } kinds[] = {
        {1, "lead", "1", "1195", "{}"},
        {2, "deal", "1", "351", "{}"},
        {3, "contact", "4", "797", "{'name':'A'}"},
        {4, "company", "3", "643", "{'title':'A'}"},
    };
    struct sandbox *sb = heard_new();
    for (size_t i = 0; i < 4; i++) {
        char fixture[60], params[200];
        (void)snprintf(fixture, sizeof fixture, "oncrm%sadd", kinds[i].name);
        (void)snprintf(params, sizeof params, "{'entityTypeId':%d,'fields':%s}", kinds[i].type,
                       kinds[i].fields);
        call(sb, "crm.item.add", params);
        posts(sb, fixture, kinds[i].sample_id, kinds[i].id);
        (void)snprintf(fixture, sizeof fixture, "oncrm%supdate", kinds[i].name);
        (void)snprintf(params, sizeof params,
                       "{'entityTypeId':%d,'id':%s,'fields':{'comments':'x'}}", kinds[i].type,
                       kinds[i].id);
        call(sb, "crm.item.update", params);
        posts(sb, fixture, kinds[i].sample_id, kinds[i].id);
        (void)snprintf(fixture, sizeof fixture, "oncrm%sdelete", kinds[i].name);
        (void)snprintf(params, sizeof params, "{'entityTypeId':%d,'id':%s}", kinds[i].type,
                       kinds[i].id);
        call(sb, "crm.item.delete", params);
        posts(sb, fixture, kinds[i].sample_id, kinds[i].id);
    }
    sandbox_free(sb);
}
END_TEST

START_TEST(smart_processes_name_their_type)
{
    struct sandbox *sb = heard_new();
    kit_do(sb, "{'do':'put','what':'type','id':1220,'row':{'id':9,'entityTypeId':1220}}");
    kit_do(sb, "{'do':'put','what':'category','row':{'id':1,'entityTypeId':1220,'isDefault':'Y'}}");
    kit_do(sb, "{'do':'put','what':'status','row':{'ENTITY_ID':'DYNAMIC_1220_STAGE_1',"
               "'STATUS_ID':'DT1220_1:NEW','SORT':'10'}}");
    call(sb, "crm.item.add", "{'entityTypeId':1220,'fields':{}}");
    posts(sb, "oncrmdynamicitemadd", "22", "1");
    call(sb, "crm.item.update", "{'entityTypeId':1220,'id':1,'fields':{'title':'x'}}");
    posts(sb, "oncrmdynamicitemupdate", "22", "1");
    call(sb, "crm.item.delete", "{'entityTypeId':1220,'id':1}");
    posts(sb, "oncrmdynamicitemdelete", "22", "1");
    sandbox_free(sb);
}
END_TEST

START_TEST(tasks_really_send_undefined)
{
    struct sandbox *sb = heard_new();
    call(sb, "tasks.task.add", "{'fields':{'TITLE':'T','RESPONSIBLE_ID':5}}");
    posts(sb, "ontaskadd", "3711", "1");
    call(sb, "tasks.task.update", "{'taskId':1,'fields':{'TITLE':'U'}}");
    posts(sb, "ontaskupdate", "3711", "1");
    call(sb, "tasks.task.delete", "{'taskId':1}");
    posts(sb, "ontaskdelete", "3711", "1");
    sandbox_free(sb);
}
END_TEST

START_TEST(activities_and_comments_tell_of_themselves)
{
    struct sandbox *sb = heard_new();
    call(sb, "crm.activity.todo.add",
         "{'ownerTypeId':3,'ownerId':1,'deadline':'2026-01-20T10:00:00+02:00'}");
    posts(sb, "oncrmactivityadd", "7943", "1");
    call(sb, "crm.timeline.comment.add",
         "{'fields':{'ENTITY_ID':1,'ENTITY_TYPE':'contact','COMMENT':'x'}}");
    json_t *events = sandbox_take_events(sb);
    size_t size;
    char *sample = fixture_read("bodies/oncrmtimelinecommentadd.form", &size);
    /* The sample has no event_handler_id (§1.2: it may be missing). */
    char *with_id =
        replaced_new(sample, "ADD&data%5BID%5D=999&", "ADD&event_handler_id=1&data%5BID%5D=1&");
    ck_assert_str_eq(jv_text(events, "0.body", ""), with_id);
    mem_free(with_id);
    free(sample);
    json_decref(events);
    sandbox_free(sb);
}
END_TEST

START_TEST(any_event_can_be_sent)
{
    struct sandbox *sb = heard_new();
    kit_do(sb, "{'do':'event','name':'ONVOXIMPLANTCALLEND','data':{"
               "'CALL_ID':'11018129443EB80D.1754478570.11438214','CALL_TYPE':2,"
               "'PHONE_NUMBER':'+499061234567','PORTAL_NUMBER':'reg133788','PORTAL_USER_ID':1,"
               "'CALL_DURATION':0,'CALL_START_DATE':'2025-08-06T14:08:40+01:00','COST':'0.0000',"
               "'COST_CURRENCY':'EUR','CALL_FAILED_CODE':'304','CALL_FAILED_REASON':"
               "'Call canceled','CRM_ACTIVITY_ID':7739}}");
    posts(sb, "onvoximplantcallend", "-", "-");
    sandbox_free(sb);
}
END_TEST

START_TEST(applications_hear_more_and_with_tokens)
{
    struct sandbox *sb = heard_new();
    kit_do(sb,
           "{'do':'subscribe','event':'ONCRMDEALMOVETOCATEGORY','app':true,'url':'http://app/'}");
    call(sb, "crm.item.add", "{'entityTypeId':2,'fields':{}}");
    json_decref(sandbox_take_events(sb));
    call(sb, "crm.item.update", "{'entityTypeId':2,'id':1,'fields':{'categoryId':1}}");
    json_t *events = sandbox_take_events(sb);
    ck_assert_uint_eq(json_array_size(events), 2);
    ck_assert_str_eq(jv_text(events, "0.url", ""), "http://app/");
    const char *body = jv_text(events, "0.body", "");
    ck_assert_ptr_eq(
        strstr(body, "event=ONCRMDEALMOVETOCATEGORY&event_handler_id=2&data%5BFIELDS%5D%5BID%5D=1&"
                     "data%5BFIELDS%5D%5BCATEGORY_ID%5D=1&data%5BFIELDS%5D%5BSTAGE_ID%5D=C1%3ANEW&"
                     "ts=1755780000&auth%5Baccess_token%5D="),
        body);
    /* Keys of <A>, in order (§1.4). */
    static const char *const keys[] = {"access_token", "expires",          "expires_in",
                                       "scope",        "domain",           "server_endpoint",
                                       "status",       "client_endpoint",  "member_id",
                                       "user_id",      "application_token"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char key[60];
        (void)snprintf(key, sizeof key, "&auth%%5B%s%%5D=", keys[i]);
        body = strstr(body, key);
        ck_assert_msg(body != NULL, "%s is missing or out of order", keys[i]);
    }
    ck_assert_str_eq(jv_text(events, "1.url", ""), HOOK);
    json_decref(events);
    sandbox_free(sb);
}
END_TEST

START_TEST(robots_post_the_document_and_no_token)
{
    static const struct {
        const char *document, *fixture;
    } robots[] = {
        {"DEAL_123", "robot-deal"},         {"LEAD_123", "robot-lead"},
        {"CONTACT_123", "robot-contact"},   {"COMPANY_123", "robot-company"},
        {"QUOTE_123", "robot-quote"},       {"SMART_INVOICE_123", "robot-smart-invoice"},
        {"DYNAMIC_147_1", "robot-dynamic"},
    };
    struct sandbox *sb = kit_new();
    for (size_t i = 0; i < sizeof robots / sizeof robots[0]; i++) {
        char command[200], name[80];
        size_t size;
        (void)snprintf(name, sizeof name, "bodies/%s.form", robots[i].fixture);
        char *sample = fixture_read(name, &size);
        const char *id = strstr(sample, "document_id%5B2%5D=") + strlen("document_id%5B2%5D=");
        (void)snprintf(command, sizeof command,
                       "{'do':'robot','url':'" HOOK
                       "/robot/x?key=k&title=a%%20b','document':'%.*s'}",
                       (int)strcspn(id, "&"), id);
        kit_do(sb, command);
        json_t *events = sandbox_take_events(sb);
        ck_assert_str_eq(jv_text(events, "0.url", ""), HOOK "/robot/x?key=k&title=a%20b");
        ck_assert_str_eq(jv_text(events, "0.body", ""), sample);
        json_decref(events);
        free(sample);
    }
    sandbox_free(sb);
}
END_TEST

START_TEST(one_hit_tells_the_same_thing_once)
{
    /* §1.1: identical handler+data pairs of one hit are collapsed. */
    struct sandbox *sb = heard_new();
    json_t *ret = kit_result(sb, "batch",
                             "{'cmd':{'a':'crm.item.update?entityTypeId=3&id=1&fields[name]=A',"
                             "'b':'crm.item.update?entityTypeId=3&id=1&fields[name]=B',"
                             "'c':'crm.item.update?entityTypeId=3&id=2&fields[name]=B'}}");
    json_t *events = sandbox_take_events(sb);
    ck_assert_uint_eq(json_array_size(events), 2);
    json_decref(events);
    json_decref(ret);
    sandbox_free(sb);
}
END_TEST

START_TEST(only_what_was_asked_for_is_sent)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'subscribe','event':'ONCRMDYNAMICITEMADD_147','url':'http://a/'}");
    kit_do(sb, "{'do':'subscribe','event':'ONCRMCONTACTUPDATE','url':'http://b/'}");
    call(sb, "crm.item.update", "{'entityTypeId':3,'id':1,'fields':{'name':'A'}}");
    call(sb, "crm.item.update", "{'entityTypeId':4,'id':1,'fields':{'title':'A'}}");
    call(sb, "crm.item.add", "{'entityTypeId':147,'fields':{}}");
    json_t *events = sandbox_take_events(sb);
    ck_assert_uint_eq(json_array_size(events), 2);
    ck_assert_str_eq(jv_text(events, "0.url", ""), "http://b/");
    ck_assert_ptr_nonnull(strstr(jv_text(events, "1.body", ""), "event=ONCRMDYNAMICITEMADD_147&"));
    json_decref(events);
    kit_do(sb, "{'do':'unsubscribe','url':'http://b/'}");
    call(sb, "crm.item.update", "{'entityTypeId':3,'id':1,'fields':{'name':'B'}}");
    events = sandbox_take_events(sb);
    ck_assert_uint_eq(json_array_size(events), 0);
    json_decref(events);
    sandbox_free(sb);
}
END_TEST

START_TEST(the_weather_decides_how_they_arrive)
{
    struct sandbox *sb = heard_new();
    static const struct {
        const char *command;
        size_t count;
        int64_t delay;
    } weathers[] = {
        {"{'do':'events','state':'duplicate'}", 2, 0},
        {"{'do':'events','state':'off'}", 0, 0},
        {"{'do':'events','state':'delay','ms':700}", 1, 700},
        {"{'do':'events','state':'on'}", 1, 0},
    };
    for (size_t i = 0; i < 4; i++) {
        kit_do(sb, weathers[i].command);
        kit_do(sb, "{'do':'event','name':'ONCRMDEALADD','data':{'FIELDS':{'ID':1}}}");
        json_t *events = sandbox_take_events(sb);
        ck_assert_uint_eq(json_array_size(events), weathers[i].count);
        ck_assert_int_eq(jv_int(events, "0.delay_ms", 0), weathers[i].delay);
        json_decref(events);
    }
    kit_do(sb, "{'do':'events','state':'reorder','ms':50}");
    kit_do(sb, "{'do':'event','name':'ONCRMDEALADD','data':{'FIELDS':{'ID':1}}}");
    kit_do(sb, "{'do':'event','name':'ONCRMDEALADD','data':{'FIELDS':{'ID':2}}}");
    json_t *events = sandbox_take_events(sb);
    ck_assert_int_ne(jv_int(events, "0.delay_ms", 0), jv_int(events, "1.delay_ms", 0));
    json_decref(events);
    sandbox_free(sb);
}
END_TEST

START_TEST(an_event_without_data_has_no_data_key)
{
    struct sandbox *sb = kit_new();
    kit_do(sb, "{'do':'subscribe','app':true,'url':'http://a/'}");
    kit_do(sb, "{'do':'event','name':'ONOFFLINEEVENT','data':{}}");
    json_t *events = sandbox_take_events(sb);
    ck_assert_ptr_nonnull(
        strstr(jv_text(events, "0.body", ""), "event=ONOFFLINEEVENT&event_handler_id=1&ts="));
    json_decref(events);
    sandbox_free(sb);
}
END_TEST

CHECK_MAIN("sandbox/events", crm_objects_tell_of_themselves, smart_processes_name_their_type,
           tasks_really_send_undefined, activities_and_comments_tell_of_themselves,
           any_event_can_be_sent, applications_hear_more_and_with_tokens,
           robots_post_the_document_and_no_token, one_hit_tells_the_same_thing_once,
           only_what_was_asked_for_is_sent, the_weather_decides_how_they_arrive,
           an_event_without_data_has_no_data_key)
