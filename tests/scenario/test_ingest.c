/* The public listener of a whole daemon (product.md §4): what is accepted is stored, what is not is
 * refused with its status and counted. */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/fixture.h"
#include "tests/support/house_check.h"

static const char no_rule[] = "[rule robot]\n"
                              "on = robot ask\n"
                              "state = shadow\n"
                              "[then stop]\n";

#define FORM "application/x-www-form-urlencoded"
#define ROBOT "/hook/main/robot/ask"
#define KEY "key=" HOUSE_ROBOT_KEY

/* A whole request by hand, so that nothing about it is somebody else's choice. */
static int request(struct house *h, const char *method, const char *path, const char *headers,
                   const char *body, size_t size)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 8 << 20);
    buf_printf(&text, "%s %s HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n%s", method, path,
               headers);
    if (strstr(headers, "Transfer-Encoding") == NULL)
        buf_printf(&text, "Content-Length: %zu\r\n", size);
    buf_text(&text, "\r\n");
    buf_add(&text, body, size);
    return house_raw(h, text.data, text.size);
}

static int post(struct house *h, const char *path, const char *type, const char *body)
{
    char *headers = type != NULL ? mem_printf("Content-Type: %s\r\n", type) : mem_strdup("");
    int status = request(h, "POST", path, headers, body, strlen(body));
    mem_free(headers);
    return status;
}

static int count(struct house *h, const char *outcome)
{
    char *line = mem_printf("b24bridge_events_total{outcome=\"%s\"} ", outcome);
    int value = (int)house_metric(h, line);
    mem_free(line);
    return value;
}

/* ONCRMDEALUPDATE with these pairs behind it. mem_free. */
static char *event_with(const char *pairs)
{
    return mem_printf("event=ONCRMDEALUPDATE&data[FIELDS][ID]=351&ts=1755780000%s", pairs);
}

#define TOKEN_PAIR "&auth[application_token]=" HOUSE_TOKEN
#define MEMBER_PAIR "&auth[member_id]=" HOUSE_MEMBER

static int post_event_with(struct house *h, const char *path, const char *pairs)
{
    char *body = event_with(pairs);
    int status = post(h, path, FORM, body);
    mem_free(body);
    return status;
}

/* ---- the samples ----------------------------------------------------------------------------- */

/* What is not an event for /hook/main. */
static const struct {
    const char *file;
    const char *path;
    int status;
} special[] = {
    {"oncrmcontactadd-app.form", "/hook/main", 403}, /* of another portal than the others */
    {"registered-robot.form", "/hook/main", 400},    /* format 4 needs an application */
    {"robot-deal.form", ROBOT "?" KEY, 200},
    {"robot-lead.form", ROBOT "?" KEY, 200},
    {"robot-contact.form", ROBOT "?" KEY, 200},
    {"robot-company.form", ROBOT "?" KEY, 200},
    {"robot-quote.form", ROBOT "?" KEY, 200},
    {"robot-smart-invoice.form", ROBOT "?" KEY, 200},
    {"robot-dynamic.form", ROBOT "?" KEY, 200},
    {"robot-list.form", ROBOT "?" KEY, 200}, /* not of the CRM: an event without an entity */
};

static void post_sample(struct house *h, const char *file)
{
    const char *path = "/hook/main";
    int expected = 200;
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (strcmp(special[i].file, file) == 0) {
            path = special[i].path;
            expected = special[i].status;
        }
    size_t size;
    char name[128];
    (void)snprintf(name, sizeof name, "bodies/%s", file);
    char *body = fixture_read(name, &size);
    int status = post(h, path, FORM, body);
    ck_assert_msg(status == expected, "%s: %d, not %d", file, status, expected);
    free(body);
}

START_TEST(every_sample_of_the_protocol_is_answered_rightly)
{
    struct house *h = house_with(no_rule);
    glob_t found;
    int accepted = 0;
    /* The first good event pins the portal. */
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR MEMBER_PAIR), 200);
    ck_assert_int_eq(glob("tests/fixtures/bodies/*.form", 0, NULL, &found), 0);
    ck_assert_uint_gt(found.gl_pathc, 40);
    for (size_t i = 0; i < found.gl_pathc; i++)
        post_sample(h, strrchr(found.gl_pathv[i], '/') + 1);
    accepted = 1 + (int)found.gl_pathc - 2;
    globfree(&found);
    ck_assert_int_eq(count(h, "accepted"), accepted);
    ck_assert_int_eq(count(h, "bad_member"), 1);
    ck_assert_int_eq(count(h, "bad_token") + count(h, "bad_form"), 1);
    house_settle(h);
    house_close(h);
}
END_TEST

/* ---- the token and the portal ---------------------------------------------------------------- */

START_TEST(an_event_without_the_right_token_is_403)
{
    struct house *h = house_with(no_rule);
    static const char *const wrong[] = {
        "",
        "&auth[application_token]=",
        "&auth[application_token]=51856fefc120afa4b628cc82d3935ccf",
        "&auth[application_token]=51856fefc120afa4b628cc82d3935cc",
        "&auth[application_token][]=" HOUSE_TOKEN,
        "&application_token=" HOUSE_TOKEN,
        TOKEN_PAIR TOKEN_PAIR,
        "&auth[application_token]=x" TOKEN_PAIR,
        TOKEN_PAIR "&auth%5Bapplication_token%5D=x",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int status = post_event_with(h, "/hook/main", wrong[i]);
        ck_assert_msg(status == 403, "%s: %d", wrong[i], status);
    }
    ck_assert_int_eq(post_event_with(h, "/hook/main?auth[application_token]=" HOUSE_TOKEN, ""),
                     403);
    ck_assert_int_eq(
        post_event_with(h, "/hook/main?auth[application_token]=" HOUSE_TOKEN, TOKEN_PAIR), 403);
    ck_assert_int_eq(count(h, "bad_token"), sizeof wrong / sizeof wrong[0] + 2);
    ck_assert_int_eq(count(h, "accepted"), 0);
    house_close(h);
}
END_TEST

START_TEST(each_token_of_a_rotation_is_right)
{
    struct house *h = house_with(no_rule);
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR), 200);
    ck_assert_int_eq(post_event_with(h, "/hook/main", "&auth[application_token]=" HOUSE_APP_TOKEN),
                     200);
    house_close(h);
}
END_TEST

START_TEST(the_first_event_pins_the_portal_for_good)
{
    struct house *h = house_with(no_rule);
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR MEMBER_PAIR), 200);
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR "&auth[member_id]=other"), 403);
    house_kill(h);
    house_start(h);
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR "&auth[member_id]=other"), 403);
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR MEMBER_PAIR), 200);
    ck_assert_int_eq(count(h, "bad_member"), 1);
    house_close(h);
}
END_TEST

/* ---- addresses and methods ------------------------------------------------------------------- */

START_TEST(a_look_at_a_hook_answers_and_does_nothing)
{
    struct house *h = house_with(no_rule);
    ck_assert_int_eq(request(h, "GET", "/hook/main", "", "", 0), 200);
    ck_assert_int_eq(request(h, "HEAD", "/hook/main", "", "", 0), 200);
    ck_assert_int_eq(request(h, "GET", ROBOT "?key=x", "", "", 0), 200);
    ck_assert_int_eq(count(h, "probed"), 3);
    ck_assert_int_eq(count(h, "accepted"), 0);
    house_close(h);
}
END_TEST

START_TEST(everything_else_is_404)
{
    struct house *h = house_with(no_rule);
    static const char *const paths[] = {
        "/",
        "/hook",
        "/hook/",
        "/hook/other",
        "/hook/main/",
        "/hook/main/x",
        "/hook/main/robot",
        "/hook/main/robot/",
        "/hook/main/robot/ask/more?" KEY,
        "/hook/main/../main",
        "/health",
        "/metrics",
        "/api/status",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int status = post_event_with(h, paths[i], TOKEN_PAIR);
        ck_assert_msg(status == 404, "%s: %d", paths[i], status);
    }
    static const char *const methods[] = {"PUT", "DELETE", "OPTIONS", "PATCH"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        ck_assert_int_eq(request(h, methods[i], "/hook/main", "", "", 0), 404);
    ck_assert_int_eq(request(h, "GET", "/health", "", "", 0), 404);
    ck_assert_int_eq(count(h, "accepted"), 0);
    house_close(h);
}
END_TEST

/* ---- the form -------------------------------------------------------------------------------- */

START_TEST(a_form_that_is_none_is_400)
{
    struct house *h = house_with(no_rule);
    static const char *const wrong[] = {
        TOKEN_PAIR "&x=%",
        TOKEN_PAIR "&x=%4",
        TOKEN_PAIR "&x=%zz",
        TOKEN_PAIR "&x=%00",
        TOKEN_PAIR "&x=%ff",
        TOKEN_PAIR "&x[=1",
        TOKEN_PAIR "&a[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15][16][17]=1",
        TOKEN_PAIR "&data=undefined",
        TOKEN_PAIR "&data[FIELDS][ID]=abc",
        TOKEN_PAIR "&data[FIELDS][ID]=-5",
        TOKEN_PAIR "&data[FIELDS][ID]=99999999999999999999999999",
        TOKEN_PAIR "&event=",
        TOKEN_PAIR "&event=DROP TABLE",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int status = post_event_with(h, "/hook/main", wrong[i]);
        ck_assert_msg(status == 400, "%s: %d", wrong[i], status);
    }
    ck_assert_int_eq(post(h, "/hook/main", FORM, "x=1" TOKEN_PAIR), 400);
    ck_assert_int_eq(count(h, "bad_form"), sizeof wrong / sizeof wrong[0] + 1);
    house_close(h);
}
END_TEST

START_TEST(a_form_with_too_many_pairs_or_too_long_a_key_is_400)
{
    struct house *h = house_with(no_rule);
    struct buf body BUF_AUTO;
    buf_init(&body, 1 << 20);
    buf_text(&body, "event=ONCRMDEALUPDATE&data[FIELDS][ID]=351" TOKEN_PAIR);
    for (int i = 0; i < 4096 - 3; i++)
        buf_printf(&body, "&k%d=1", i);
    ck_assert_int_eq(post(h, "/hook/main", FORM, body.data), 200);
    buf_text(&body, "&more=1");
    ck_assert_int_eq(post(h, "/hook/main", FORM, body.data), 400);
    buf_clear(&body);
    buf_text(&body, "event=ONCRMDEALUPDATE&data[FIELDS][ID]=351" TOKEN_PAIR "&");
    for (int i = 0; i < 1025; i++)
        buf_char(&body, 'k');
    buf_text(&body, "=1");
    ck_assert_int_eq(post(h, "/hook/main", FORM, body.data), 400);
    house_close(h);
}
END_TEST

START_TEST(literal_brackets_and_small_letters_are_read_as_well)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then comment]\ntext = x\n");
    ck_assert_int_eq(
        post(h, "/hook/main", FORM,
             "event=onCrmDealUpdate&data%5bFIELDS%5d[ID]=351&unknown[x][y]=1" TOKEN_PAIR),
        200);
    JV_AUTO *story = house_story(h, "deal 351");
    ck_assert_str_eq(jv_text(story, "0.name", ""), "ONCRMDEALUPDATE");
    house_close(h);
}
END_TEST

/* ---- type and size --------------------------------------------------------------------------- */

START_TEST(a_body_of_another_type_is_415)
{
    struct house *h = house_with(no_rule);
    char *body = event_with(TOKEN_PAIR);
    static const char *const wrong[] = {NULL, "text/plain", "application/json",
                                        "multipart/form-data; boundary=x",
                                        "application/x-www-form-urlencoded-not"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(post(h, "/hook/main", wrong[i], body), 415);
    ck_assert_int_eq(request(h, "POST", "/hook/main",
                             "Content-Type: " FORM "\r\nContent-Encoding: gzip\r\n", body,
                             strlen(body)),
                     415);
    ck_assert_int_eq(count(h, "bad_type"), sizeof wrong / sizeof wrong[0] + 1);
    ck_assert_int_eq(post(h, "/hook/main", FORM "; charset=UTF-8", body), 200);
    ck_assert_int_eq(post(h, "/hook/main", "Application/X-WWW-Form-URLencoded", body), 200);
    mem_free(body);
    house_close(h);
}
END_TEST

START_TEST(a_body_beyond_max_body_is_413)
{
    const struct house_options options = {
        .fail = house_check_fail, .rules = no_rule, .server = "max-body = 64 KiB"};
    struct house *h = house_open(&options);
    enum { SIZE = 70000 };
    struct buf body BUF_AUTO;
    buf_init(&body, 1 << 20);
    buf_text(&body, "event=ONCRMDEALUPDATE&data[FIELDS][ID]=351" TOKEN_PAIR "&x=");
    while (body.size < SIZE)
        buf_char(&body, 'x');
    ck_assert_int_eq(post(h, "/hook/main", FORM, body.data), 413);
    /* Chunked, so that the size is not told beforehand. */
    struct buf chunked BUF_AUTO;
    buf_init(&chunked, 1 << 20);
    buf_printf(&chunked, "%zx\r\n%s\r\n0\r\n\r\n", body.size, body.data);
    ck_assert_int_eq(request(h, "POST", "/hook/main",
                             "Content-Type: " FORM "\r\nTransfer-Encoding: chunked\r\n",
                             chunked.data, chunked.size),
                     413);
    ck_assert_int_eq(count(h, "too_large"), 2);
    ck_assert_int_eq(post_event_with(h, "/hook/main", TOKEN_PAIR), 200);
    house_close(h);
}
END_TEST

START_TEST(a_body_in_chunks_is_accepted)
{
    struct house *h = house_with(no_rule);
    static const char chunks[] = "1c\r\nevent=ONCRMDEALUPDATE&data[F\r\n"
                                 "f\r\nIELDS][ID]=351&\r\n"
                                 "38\r\nauth[application_token]=" HOUSE_TOKEN "\r\n"
                                 "0\r\n\r\n";
    ck_assert_int_eq(request(h, "POST", "/hook/main",
                             "Content-Type: " FORM "\r\nTransfer-Encoding: chunked\r\n", chunks,
                             sizeof chunks - 1),
                     200);
    ck_assert_int_eq(count(h, "accepted"), 1);
    house_close(h);
}
END_TEST

/* ---- robots ---------------------------------------------------------------------------------- */

#define ROBOT_BODY "document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]=DEAL_123"

START_TEST(a_robot_needs_its_key_its_code_and_its_portal)
{
    struct house *h = house_with(no_rule);
    static const struct {
        const char *path, *body;
        int status;
    } cases[] = {
        {ROBOT, ROBOT_BODY MEMBER_PAIR, 403},
        {ROBOT "?key=", ROBOT_BODY MEMBER_PAIR, 403},
        {ROBOT "?key=x", ROBOT_BODY MEMBER_PAIR, 403},
        {ROBOT "?" KEY "&" KEY, ROBOT_BODY MEMBER_PAIR, 403},
        {ROBOT, ROBOT_BODY MEMBER_PAIR "&" KEY, 403},
        {ROBOT "?" KEY, ROBOT_BODY, 403},
        {"/hook/main/robot/other?" KEY, ROBOT_BODY MEMBER_PAIR, 404},
        {"/hook/other/robot/ask?" KEY, ROBOT_BODY MEMBER_PAIR, 404},
        {ROBOT "?" KEY, "document_id[0]=crm" MEMBER_PAIR, 400},
        {ROBOT "?" KEY, "document_id[0]=crm&document_id[1]=x&document_id[2]=DEAL" MEMBER_PAIR, 400},
        {ROBOT "?" KEY, "event=ONCRMDEALUPDATE&" ROBOT_BODY MEMBER_PAIR, 400},
        {ROBOT "?" KEY, ROBOT_BODY MEMBER_PAIR, 200},
        {ROBOT "?" KEY "&sum=500", ROBOT_BODY MEMBER_PAIR, 200},
        {ROBOT "?" KEY, ROBOT_BODY "&auth[member_id]=other", 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = post(h, cases[i].path, FORM, cases[i].body);
        ck_assert_msg(status == cases[i].status, "%s %s: %d, not %d", cases[i].path, cases[i].body,
                      status, cases[i].status);
    }
    ck_assert_int_eq(count(h, "bad_key"), 5);
    ck_assert_int_eq(count(h, "unknown_robot"), 1);
    ck_assert_int_eq(count(h, "accepted"), 2);
    house_close(h);
}
END_TEST

/* ---- storing --------------------------------------------------------------------------------- */

START_TEST(an_event_answered_with_200_survives_kill_9)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then comment]\ntext = x\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_fault(h, json_pack("{ss ss si}", "kind", "html", "method", "*", "count", 0));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    char *body =
        mem_printf("event=ONCRMDEALUPDATE&data[FIELDS][ID]=%lld" TOKEN_PAIR, (long long)id);
    ck_assert_int_eq(house_post(h, "/hook/main", body), 200);
    house_kill(h);
    house_clear_faults(h);
    house_start(h);
    HOUSE_UNTIL(h, house_effects(h, "crm.timeline.comment.add", NULL) > 0);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add", NULL);
    mem_free(body);
    house_close(h);
}
END_TEST

START_TEST(a_full_queue_is_503_and_opens_again)
{
    enum { CEILING = 40 };
    const struct house_options options = {
        .fail = house_check_fail,
        .rules = "[rule r]\non = deal added\n[then comment]\ntext = x\n",
        .server = "max-queue = 40"};
    struct house *h = house_open(&options);
    house_fault(h, json_pack("{ss ss si}", "kind", "html", "method", "*", "count", 0));
    int stored = 0;
    char body[200];
    do {
        (void)snprintf(body, sizeof body, "event=ONCRMDEALADD&data[FIELDS][ID]=%d" TOKEN_PAIR,
                       100 + stored);
        stored++;
    } while (house_post(h, "/hook/main", body) == 200 && stored <= 2 * CEILING);
    /* What the writer has on its hands counts too, so it may be a few less. */
    ck_assert_int_le(stored - 1, CEILING);
    ck_assert_int_ge(stored - 1, CEILING - 10);
    ck_assert_int_ge(count(h, "queue_full"), 1);
    int status;
    mem_free(house_get(h, "/health", &status));
    ck_assert_int_eq(status, 503);
    house_clear_faults(h);
    HOUSE_UNTIL_WITHIN(h, 60, house_post(h, "/hook/main", body) == 200);
    house_close(h);
}
END_TEST

CHECK_MAIN("ingest", every_sample_of_the_protocol_is_answered_rightly,
           an_event_without_the_right_token_is_403, each_token_of_a_rotation_is_right,
           the_first_event_pins_the_portal_for_good, a_look_at_a_hook_answers_and_does_nothing,
           everything_else_is_404, a_form_that_is_none_is_400,
           a_form_with_too_many_pairs_or_too_long_a_key_is_400,
           literal_brackets_and_small_letters_are_read_as_well, a_body_of_another_type_is_415,
           a_body_beyond_max_body_is_413, a_body_in_chunks_is_accepted,
           a_robot_needs_its_key_its_code_and_its_portal,
           an_event_answered_with_200_survives_kill_9, a_full_queue_is_503_and_opens_again)
