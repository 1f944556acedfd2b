/* Every sample of bitrix24.md §1 becomes the event that it means, and no secret outlives it. */

#include <glob.h>

#include "common/mem.h"
#include "daemon/ingest/body.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

/* ---- formats 1 and 2 ------------------------------------------------------------------------- */

static const struct sample {
    const char *file, *name;
    int type;
    const char *id;
    enum entity_happening happening;
    enum priority priority;
    const char *own_id;
} samples[] = {
    {"catalog-product-on-update", "CATALOG.PRODUCT.ON.UPDATE", ENTITY_NONE, "", HAPPENING_OTHER,
     PRIORITY_NORMAL, ""},
    {"onappinstall", "ONAPPINSTALL", ENTITY_NONE, "", HAPPENING_OTHER, PRIORITY_NORMAL, ""},
    {"onappuninstall", "ONAPPUNINSTALL", ENTITY_NONE, "", HAPPENING_OTHER, PRIORITY_NORMAL, ""},
    {"oncrmactivityadd", "ONCRMACTIVITYADD", ENTITY_ACTIVITY, "7943", HAPPENING_ADDED,
     PRIORITY_URGENT, ""},
    {"oncrmcompanyadd", "ONCRMCOMPANYADD", ENTITY_COMPANY, "643", HAPPENING_ADDED, PRIORITY_URGENT,
     ""},
    {"oncrmcompanydelete", "ONCRMCOMPANYDELETE", ENTITY_COMPANY, "643", HAPPENING_DELETED,
     PRIORITY_NORMAL, ""},
    {"oncrmcompanyupdate", "ONCRMCOMPANYUPDATE", ENTITY_COMPANY, "643", HAPPENING_UPDATED,
     PRIORITY_NORMAL, ""},
    {"oncrmcontactadd-app", "ONCRMCONTACTADD", ENTITY_CONTACT, "134806", HAPPENING_ADDED,
     PRIORITY_URGENT, ""},
    {"oncrmcontactadd", "ONCRMCONTACTADD", ENTITY_CONTACT, "797", HAPPENING_ADDED, PRIORITY_URGENT,
     ""},
    {"oncrmcontactdelete", "ONCRMCONTACTDELETE", ENTITY_CONTACT, "797", HAPPENING_DELETED,
     PRIORITY_NORMAL, ""},
    {"oncrmcontactupdate", "ONCRMCONTACTUPDATE", ENTITY_CONTACT, "797", HAPPENING_UPDATED,
     PRIORITY_NORMAL, ""},
    {"oncrmdealadd", "ONCRMDEALADD", ENTITY_DEAL, "351", HAPPENING_ADDED, PRIORITY_URGENT, ""},
    {"oncrmdealdelete", "ONCRMDEALDELETE", ENTITY_DEAL, "351", HAPPENING_DELETED, PRIORITY_NORMAL,
     ""},
    {"oncrmdealmovetocategory", "ONCRMDEALMOVETOCATEGORY", ENTITY_DEAL, "351", HAPPENING_UPDATED,
     PRIORITY_NORMAL, ""},
    {"oncrmdealupdate", "ONCRMDEALUPDATE", ENTITY_DEAL, "351", HAPPENING_UPDATED, PRIORITY_NORMAL,
     ""},
    {"oncrmdynamicitemadd", "ONCRMDYNAMICITEMADD", 1220, "22", HAPPENING_ADDED, PRIORITY_URGENT,
     ""},
    {"oncrmdynamicitemdelete", "ONCRMDYNAMICITEMDELETE", 1220, "22", HAPPENING_DELETED,
     PRIORITY_NORMAL, ""},
    {"oncrmdynamicitemupdate", "ONCRMDYNAMICITEMUPDATE", 1220, "22", HAPPENING_UPDATED,
     PRIORITY_NORMAL, ""},
    {"oncrmleadadd", "ONCRMLEADADD", ENTITY_LEAD, "1195", HAPPENING_ADDED, PRIORITY_URGENT, ""},
    {"oncrmleaddelete", "ONCRMLEADDELETE", ENTITY_LEAD, "1195", HAPPENING_DELETED, PRIORITY_NORMAL,
     ""},
    {"oncrmleadupdate", "ONCRMLEADUPDATE", ENTITY_LEAD, "1195", HAPPENING_UPDATED, PRIORITY_NORMAL,
     ""},
    {"oncrmquoteadd", "ONCRMQUOTEADD", ENTITY_QUOTE, "27", HAPPENING_ADDED, PRIORITY_URGENT, ""},
    {"oncrmquotedelete", "ONCRMQUOTEDELETE", ENTITY_QUOTE, "27", HAPPENING_DELETED, PRIORITY_NORMAL,
     ""},
    {"oncrmquoteupdate", "ONCRMQUOTEUPDATE", ENTITY_QUOTE, "27", HAPPENING_UPDATED, PRIORITY_NORMAL,
     ""},
    {"oncrmtimelinecommentadd", "ONCRMTIMELINECOMMENTADD", ENTITY_COMMENT, "999", HAPPENING_ADDED,
     PRIORITY_URGENT, ""},
    {"onexternalcallbackstart", "ONEXTERNALCALLBACKSTART", ENTITY_NONE, "", HAPPENING_OTHER,
     PRIORITY_URGENT, ""},
    {"onexternalcallstart", "ONEXTERNALCALLSTART", ENTITY_CALL, "externalCall.716fXXX",
     HAPPENING_ADDED, PRIORITY_URGENT, "externalCall.716fXXX"},
    {"onimbotmessageadd", "ONIMBOTMESSAGEADD", ENTITY_NONE, "", HAPPENING_OTHER, PRIORITY_URGENT,
     ""},
    {"onimconnectorlinedelete", "ONIMCONNECTORLINEDELETE", ENTITY_NONE, "", HAPPENING_OTHER,
     PRIORITY_URGENT, ""},
    {"onimconnectormessageadd", "ONIMCONNECTORMESSAGEADD", ENTITY_NONE, "", HAPPENING_OTHER,
     PRIORITY_URGENT, ""},
    {"onofflineevent", "ONOFFLINEEVENT", ENTITY_NONE, "", HAPPENING_OTHER, PRIORITY_NORMAL, ""},
    {"onorderentitysaved", "ONORDERENTITYSAVED", ENTITY_NONE, "", HAPPENING_OTHER, PRIORITY_NORMAL,
     ""},
    {"onsaleordersaved", "ONSALEORDERSAVED", ENTITY_NONE, "", HAPPENING_OTHER, PRIORITY_NORMAL, ""},
    {"ontaskadd", "ONTASKADD", ENTITY_TASK, "3711", HAPPENING_ADDED, PRIORITY_URGENT, ""},
    {"ontaskcommentadd-new-card", "ONTASKCOMMENTADD", ENTITY_TASK, "40927", HAPPENING_OTHER,
     PRIORITY_NORMAL, ""},
    {"ontaskcommentadd", "ONTASKCOMMENTADD", ENTITY_TASK, "40927", HAPPENING_OTHER, PRIORITY_NORMAL,
     ""},
    {"ontaskdelete", "ONTASKDELETE", ENTITY_TASK, "3711", HAPPENING_DELETED, PRIORITY_NORMAL, ""},
    {"ontaskupdate", "ONTASKUPDATE", ENTITY_TASK, "3711", HAPPENING_UPDATED, PRIORITY_NORMAL, ""},
    {"onuseradd", "ONUSERADD", ENTITY_USER, "123", HAPPENING_ADDED, PRIORITY_URGENT, ""},
    {"onvoximplantcallend", "ONVOXIMPLANTCALLEND", ENTITY_CALL,
     "11018129443EB80D.1754478570.11438214", HAPPENING_UPDATED, PRIORITY_URGENT,
     "11018129443EB80D.1754478570.11438214"},
    {"onvoximplantcallinit", "ONVOXIMPLANTCALLINIT", ENTITY_CALL,
     "11018129443EB80D.1754478570.11438214", HAPPENING_ADDED, PRIORITY_URGENT,
     "11018129443EB80D.1754478570.11438214"},
    {"onvoximplantcallstart", "ONVOXIMPLANTCALLSTART", ENTITY_CALL,
     "11018129443EB80D.1754478570.11438214", HAPPENING_UPDATED, PRIORITY_URGENT,
     "11018129443EB80D.1754478570.11438214"},
};

static const struct robot_sample {
    const char *file;
    int type;
    const char *id;
} robots[] = {
    {"robot-company", ENTITY_COMPANY, "643"}, {"robot-contact", ENTITY_CONTACT, "797"},
    {"robot-deal", ENTITY_DEAL, "123"},       {"robot-dynamic", 147, "1"},
    {"robot-lead", ENTITY_LEAD, "1195"},      {"robot-list", ENTITY_NONE, ""},
    {"robot-quote", ENTITY_QUOTE, "27"},      {"robot-smart-invoice", ENTITY_INVOICE, "31"},
};

static char *fixture_of(const char *file, size_t *ret_size)
{
    char path[128];
    (void)snprintf(path, sizeof path, "bodies/%s.form", file);
    return fixture_read(path, ret_size);
}

static struct body decoded(const char *file)
{
    size_t size;
    char *bytes = fixture_of(file, &size);
    struct body body;
    struct err err = {0};
    ck_assert_msg(body_decode(bytes, size, &body, &err), "%s: %s", file, err.text);
    free(bytes);
    return body;
}

START_TEST(every_event_sample_becomes_its_event)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *s = &samples[i];
        struct body body = decoded(s->file);
        struct event event = {0};
        struct err err = {0};
        ck_assert_msg(body_event(&body.form, &event, &err), "%s: %s", s->file, err.text);
        ck_assert_str_eq(event.name, s->name);
        ck_assert_msg(event.entity.type == s->type, "%s: type %d", s->file, event.entity.type);
        ck_assert_msg(strcmp(event.entity.id, s->id) == 0, "%s: id %s", s->file, event.entity.id);
        ck_assert_msg(event.happening == s->happening, "%s: %d", s->file, (int)event.happening);
        ck_assert_msg(event.priority == s->priority, "%s: %d", s->file, (int)event.priority);
        ck_assert_str_eq(event.own_id, s->own_id);
        ck_assert_int_eq(event.source, EVENT_WEBHOOK);
        ck_assert_int_eq(event.sent_s,
                         strcmp(s->file, "oncrmcontactadd-app") == 0 ? 1727018926 : 1755780000);
        event_done(&event);
        body_done(&body);
    }
}
END_TEST

START_TEST(every_event_sample_carries_its_proof)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct body body = decoded(samples[i].file);
        ck_assert_msg(body.token != NULL && strlen(body.token) == 32, "%s", samples[i].file);
        ck_assert_msg(body.member != NULL && strlen(body.member) == 32, "%s", samples[i].file);
        ck_assert(!body.token_twice);
        body_done(&body);
    }
}
END_TEST

START_TEST(every_robot_sample_becomes_its_event)
{
    for (size_t i = 0; i < sizeof robots / sizeof robots[0]; i++) {
        struct body body = decoded(robots[i].file);
        struct event event = {0};
        struct err err = {0};
        ck_assert_msg(body_robot(&body.form, "call", &event, &err), "%s: %s", robots[i].file,
                      err.text);
        ck_assert_str_eq(event.name, "call");
        ck_assert_int_eq(event.source, EVENT_ROBOT);
        ck_assert_int_eq(event.priority, PRIORITY_URGENT);
        ck_assert_int_eq(event.entity.type, robots[i].type);
        ck_assert_str_eq(event.entity.id, robots[i].id);
        ck_assert_ptr_null(body.token);
        ck_assert_ptr_nonnull(body.member);
        body_done(&body);
    }
}
END_TEST

START_TEST(no_sample_is_left_out)
{
    glob_t files;
    ck_assert_int_eq(glob("tests/fixtures/bodies/*.form", 0, NULL, &files), 0);
    /* and registered-robot.form, which is of a format that is not ours (§1.8) */
    ck_assert_uint_eq(files.gl_pathc,
                      sizeof samples / sizeof samples[0] + sizeof robots / sizeof robots[0] + 1);
    globfree(&files);
}
END_TEST

START_TEST(a_document_may_be_named_without_indexes)
{
    static const char bytes[] = "document_id[]=crm&document_id%5B%5D=CCrmDocumentDeal&"
                                "document_id[]=DEAL_7&auth[member_id]=m";
    struct body body;
    struct event event = {0};
    struct err err = {0};
    ck_assert(body_decode(bytes, sizeof bytes - 1, &body, &err));
    ck_assert_msg(body_robot(&body.form, "call", &event, &err), "%s", err.text);
    ck_assert_int_eq(event.entity.type, ENTITY_DEAL);
    ck_assert_str_eq(event.entity.id, "7");
    event_done(&event);
    body_done(&body);
}
END_TEST

START_TEST(a_registered_robot_is_neither_an_event_nor_a_robot_of_ours)
{
    struct body body = decoded("registered-robot");
    struct event event = {0};
    struct err err = {0};
    ck_assert(!body_event(&body.form, &event, &err));
    ck_assert_str_eq(err.text, "no event in the form");
    err = (struct err){0};
    ck_assert(!body_robot(&body.form, "call", &event, &err));
    ck_assert_str_eq(err.text, "not the form of an \"Outgoing webhook\" robot");
    body_done(&body);
}
END_TEST

/* ---- what is wrong, and what is only odd ----------------------------------------------------- */

static const struct wrong {
    const char *form, *say;
} wrongs[] = {
    {"", "no event in the form"},
    {"event=", "event name of 0 bytes; 1 to 63 are right"},
    {"event[x]=ONCRMDEALADD", "no event in the form"},
    {"event=ON%20CRM", "event name with a character other than A-Z 0-9 _ ."},
    {"event=ON%0aCRM", "event name with a character other than A-Z 0-9 _ ."},
    {"event=%d0%9f", "event name with a character other than A-Z 0-9 _ ."},
    {"event=A234567890123456789012345678901234567890123456789012345678901234",
     "event name of 64 bytes; 1 to 63 are right"},
    {"event=ONCRMDEALADD", "no id in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data=107", "no id in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data[FIELDS]=undefined", "no id in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data[FIELDS][ID]=undefined", "no id in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data[FIELDS][ID]=0", "an id that is none in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data[FIELDS][ID]=-1", "an id that is none in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data[FIELDS][ID]=1+OR+1",
     "an id that is none in the data of ONCRMDEALADD"},
    {"event=ONCRMDEALADD&data[FIELDS][ID]=99999999999999999999",
     "an id that is none in the data of ONCRMDEALADD"},
    {"event=ONCRMDYNAMICITEMADD&data[FIELDS][ID]=1", "no id in the data of ONCRMDYNAMICITEMADD"},
    {"event=ONCRMDYNAMICITEMADD&data[FIELDS][ID]=1&data[FIELDS][ENTITY_TYPE_ID]=2",
     "no id in the data of ONCRMDYNAMICITEMADD"},
    {"event=ONCRMDYNAMICITEMADD&data[FIELDS][ID]=1&data[FIELDS][ENTITY_TYPE_ID]=-1",
     "no id in the data of ONCRMDYNAMICITEMADD"},
    {"event=ONCRMDYNAMICITEMADD&data[FIELDS][ID]=1&data[FIELDS][ENTITY_TYPE_ID]=4294967298",
     "no id in the data of ONCRMDYNAMICITEMADD"},
    {"event=ONTASKCOMMENTADD&data[FIELDS_AFTER][ID]=5", "no id in the data of ONTASKCOMMENTADD"},
};

START_TEST(an_event_without_sense_is_refused_and_says_why)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct body body;
        struct event event = {0};
        struct err err = {0};
        ck_assert_msg(body_decode(wrongs[i].form, strlen(wrongs[i].form), &body, &err), "%s",
                      err.text);
        ck_assert_msg(!body_event(&body.form, &event, &err), "%s", wrongs[i].form);
        ck_assert_str_eq(err.text, wrongs[i].say);
        body_done(&body);
    }
}
END_TEST

static void event_is(const char *form, const char *name, int type, const char *id)
{
    struct body body;
    struct event event = {0};
    struct err err = {0};
    ck_assert_msg(body_decode(form, strlen(form), &body, &err), "%s", err.text);
    ck_assert_msg(body_event(&body.form, &event, &err), "%s: %s", form, err.text);
    ck_assert_str_eq(event.name, name);
    ck_assert_int_eq(event.entity.type, type);
    ck_assert_str_eq(event.entity.id, id);
    body_done(&body);
}

START_TEST(odd_forms_of_events_are_understood)
{
    event_is("event=onCrmTimelineCommentAdd&data[ID]=5", "ONCRMTIMELINECOMMENTADD", ENTITY_COMMENT,
             "5");
    event_is("event=ONCRMTIMELINECOMMENTADD&data[FIELDS][ID]=5", "ONCRMTIMELINECOMMENTADD",
             ENTITY_COMMENT, "5");
    event_is("event=ONCRMDYNAMICITEMADD_147&data[FIELDS][ID]=5", "ONCRMDYNAMICITEMADD_147", 147,
             "5");
    event_is("event=ONCRMDYNAMICITEMUPDATE&data[FIELDS][ID]=5&data[FIELDS][ENTITY_TYPE_ID]=31",
             "ONCRMDYNAMICITEMUPDATE", ENTITY_INVOICE, "5");
    event_is("event=ONTASKCOMMENTDELETE&data[FIELDS_AFTER]=undefined&data[FIELDS_BEFORE][ID]=9&"
             "data[FIELDS_BEFORE][TASK_ID]=7",
             "ONTASKCOMMENTDELETE", ENTITY_TASK, "7");
    event_is("event=ONTASKDELETE&data[FIELDS_AFTER]=undefined&data[FIELDS_BEFORE][ID]=7",
             "ONTASKDELETE", ENTITY_TASK, "7");
    event_is("event=ONSOMETHINGNEW&data[FIELDS][ID]=x", "ONSOMETHINGNEW", ENTITY_NONE, "");
}
END_TEST

static const struct wrong robot_wrongs[] = {
    {"", "not the form of an \"Outgoing webhook\" robot"},
    {"document_id[0]=crm&document_id[1]=x", "not the form of an \"Outgoing webhook\" robot"},
    {"document_id[2]=DEAL_1", "not the form of an \"Outgoing webhook\" robot"},
    {"document_id[0]=crm&document_id[2]=DEAL_1&event=ONCRMDEALADD",
     "not the form of an \"Outgoing webhook\" robot"},
    {"document_id[0]=crm&document_id[2]=DEAL_0", "a document_id that names no entity"},
    {"document_id[0]=crm&document_id[2]=1", "a document_id that names no entity"},
    {"document_id[0]=crm&document_id[2]=ORDER_1", "a document_id that names no entity"},
};

START_TEST(a_robots_form_without_sense_is_refused_and_says_why)
{
    for (size_t i = 0; i < sizeof robot_wrongs / sizeof robot_wrongs[0]; i++) {
        struct body body;
        struct event event = {0};
        struct err err = {0};
        const char *form = robot_wrongs[i].form;
        ck_assert_msg(body_decode(form, strlen(form), &body, &err), "%s", err.text);
        ck_assert_msg(!body_robot(&body.form, "call", &event, &err), "%s", form);
        ck_assert_str_eq(err.text, robot_wrongs[i].say);
        body_done(&body);
    }
}
END_TEST

START_TEST(a_token_that_is_no_plain_text_is_none)
{
    static const struct {
        const char *form, *token;
        bool twice;
    } cases[] = {
        {"auth[application_token]=a", "a", false},
        {"auth%5Bapplication_token%5D=a", "a", false},
        {"auth[application_token]=", "", false},
        {"auth[application_token][x]=a", NULL, false},
        {"auth=a", NULL, false},
        {"application_token=a", NULL, false},
        {"auth[application_token]=a&auth%5Bapplication_token%5D=b", "b", true},
        {"auth[application_token]=a&auth[application_token]=a", "a", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct body body;
        struct err err = {0};
        ck_assert(body_decode(cases[i].form, strlen(cases[i].form), &body, &err));
        ck_assert_pstr_eq(body.token, cases[i].token);
        ck_assert_int_eq(body.token_twice, cases[i].twice);
        body_done(&body);
    }
}
END_TEST

START_TEST(garbage_is_no_form)
{
    static const char *const garbage[] = {
        "a=%",  "a=%zz",   "a=%00",
        "a[=1", "a[b=1",   "a=\xff",
        "a]=1", "a[b]c=1", "a[a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a]=1"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct body body;
        struct err err = {0};
        ck_assert_msg(!body_decode(garbage[i], strlen(garbage[i]), &body, &err), "%s", garbage[i]);
        ck_assert_str_ne(err.text, "");
        body_done(&body);
    }
    struct body body;
    struct err err = {0};
    ck_assert(!body_decode("a=\0b", 4, &body, &err));
}
END_TEST

/* ---- secrets --------------------------------------------------------------------------------- */

static void stored_is(const char *form, const char *also, const char *expected)
{
    char *text = body_without_secrets(form, strlen(form), also);
    ck_assert_str_eq(text, expected);
    mem_free(text);
}

START_TEST(secrets_are_cut_out_and_the_rest_stays_as_it_was)
{
    stored_is("a=1&auth%5Bapplication_token%5D=x&b=%41+c", NULL, "a=1&b=%41+c");
    stored_is("auth[access_token]=x&auth[refresh_token]=y&auth[domain]=z", NULL, "auth[domain]=z");
    stored_is("data[BOT][567][client_secret]=x&data[BOT][567][ID]=5", NULL, "data[BOT][567][ID]=5");
    stored_is("auth[ACCESS_TOKEN]=x&auth[access_token][0]=y&access%5Ftoken=z&AUTH_ID=q", NULL, "");
    stored_is("event_token=x|y", NULL, "");
    stored_is("application_token", NULL, "");
    stored_is("token_of_a_deal=1&x=application_token", NULL,
              "token_of_a_deal=1&x=application_token");
    stored_is("&&a=1&&", NULL, "a=1");
    stored_is("%zz=1&a=1", NULL, "a=1"); /* better lost than leaked */
    stored_is("", NULL, "");
    stored_is("act=move&key=secret&title=x", "key", "act=move&title=x");
    stored_is("act=move&key=kept", NULL, "act=move&key=kept");
}
END_TEST

START_TEST(no_secret_of_a_sample_is_stored)
{
    static const char *const secrets[] = {"51856fefc120afa4b628cc82d3935cce",
                                          "16b3f4a8c05d4e7e9a2b61f0d83c7e54", "2e05f066",
                                          "4s386p3q", "55c1dc1c3f0d75"};
    glob_t files;
    ck_assert_int_eq(glob("tests/fixtures/bodies/*.form", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        size_t size;
        char *bytes = fixture_read(files.gl_pathv[i] + strlen("tests/fixtures/"), &size);
        char *text = body_without_secrets(bytes, size, NULL);
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++)
            ck_assert_msg(strstr(text, secrets[k]) == NULL, "%s keeps %s", files.gl_pathv[i],
                          secrets[k]);
        ck_assert_msg(strstr(text, "auth%5Bdomain%5D=x.bitrix24.com") != NULL, "%s",
                      files.gl_pathv[i]);
        mem_free(text);
        free(bytes);
    }
    globfree(&files);
}
END_TEST

START_TEST(a_parameter_counts_when_it_is_there_once)
{
    static const struct {
        const char *query, *value;
    } cases[] = {
        {"key=a%20b&x=1", "a b"},
        {"x=1&key=", ""},
        {"x=1", NULL},
        {"", NULL},
        {"key=a&key=b", NULL},
        {"key=a&key=a", NULL},
        {"key[x]=a", NULL},
        {"key=a&bad=%zz", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *value = body_parameter(cases[i].query, "key");
        ck_assert_pstr_eq(value, cases[i].value);
        mem_free(value);
    }
}
END_TEST

CHECK_MAIN("ingest/body", every_event_sample_becomes_its_event,
           every_event_sample_carries_its_proof, every_robot_sample_becomes_its_event,
           no_sample_is_left_out, a_document_may_be_named_without_indexes,
           a_registered_robot_is_neither_an_event_nor_a_robot_of_ours,
           an_event_without_sense_is_refused_and_says_why, odd_forms_of_events_are_understood,
           a_robots_form_without_sense_is_refused_and_says_why,
           a_token_that_is_no_plain_text_is_none, garbage_is_no_form,
           secrets_are_cut_out_and_the_rest_stays_as_it_was, no_secret_of_a_sample_is_stored,
           a_parameter_counts_when_it_is_there_once)
