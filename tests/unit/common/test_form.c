#include "common/form.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

static const char token[] = "auth[application_token]";

static json_t *decode(const char *body)
{
    struct err err = {0};
    json_t *tree = form_decode(body, strlen(body), NULL, NULL, &err);
    ck_assert_msg(tree != NULL, "%s: %s", body, err.text);
    return tree;
}

static void assert_decoded(const char *body, const char *wanted)
{
    JV_AUTO *tree = decode(body);
    char *text = jv_dump_new(tree);
    ck_assert_str_eq(text, wanted);
    mem_free(text);
}

static void assert_refused(const char *body, size_t size, const char *wanted)
{
    struct err err = {0};
    ck_assert_ptr_null(form_decode(body, size, NULL, NULL, &err));
    ck_assert_str_eq(err.text, wanted);
}

START_TEST(pairs_become_members)
{
    assert_decoded("event=ONTASKADD&ts=1755780000",
                   "{\"event\":\"ONTASKADD\",\"ts\":\"1755780000\"}");
    assert_decoded("a=%D0%96+1&b=&c", "{\"a\":\"Ж 1\",\"b\":\"\",\"c\":\"\"}");
    assert_decoded("a=b=c", "{\"a\":\"b=c\"}");
}
END_TEST

START_TEST(brackets_become_maps_encoded_or_not)
{
    assert_decoded("data%5BFIELDS%5D%5BID%5D=351", "{\"data\":{\"FIELDS\":{\"ID\":\"351\"}}}");
    assert_decoded("data[FIELDS][ID]=351", "{\"data\":{\"FIELDS\":{\"ID\":\"351\"}}}");
    assert_decoded("data%5bFIELDS]%5BID%5d=351", "{\"data\":{\"FIELDS\":{\"ID\":\"351\"}}}");
    assert_decoded("x[0]=a&x[1]=b", "{\"x\":{\"0\":\"a\",\"1\":\"b\"}}");
}
END_TEST

START_TEST(nothing_is_an_empty_object)
{
    assert_decoded("", "{}");
    assert_decoded("&", "{}");
    assert_decoded("&&a=1&&&b=2&", "{\"a\":\"1\",\"b\":\"2\"}");
    assert_decoded("=1&a=2", "{\"a\":\"2\"}");
    JV_AUTO *tree = form_decode(NULL, 0, NULL, NULL, NULL);
    ck_assert_uint_eq(json_object_size(tree), 0);
}
END_TEST

START_TEST(empty_brackets_take_the_next_free_number)
{
    assert_decoded("x[]=a&x[]=b", "{\"x\":{\"0\":\"a\",\"1\":\"b\"}}");
    assert_decoded("x[5]=a&x[]=b", "{\"x\":{\"5\":\"a\",\"6\":\"b\"}}");
    assert_decoded("x[]=a&x[5]=b&x[]=c", "{\"x\":{\"0\":\"a\",\"5\":\"b\",\"6\":\"c\"}}");
    assert_decoded("x[]=a&x[k]=b&x[05]=c&x[]=d",
                   "{\"x\":{\"0\":\"a\",\"k\":\"b\",\"05\":\"c\",\"1\":\"d\"}}");
    assert_decoded("x[][id]=a&x[][id]=b", "{\"x\":{\"0\":{\"id\":\"a\"},\"1\":{\"id\":\"b\"}}}");
    assert_decoded("x[9999999999999999]=a&x[]=b",
                   "{\"x\":{\"9999999999999999\":\"a\",\"0\":\"b\"}}");
}
END_TEST

START_TEST(a_replaced_list_counts_anew)
{
    assert_decoded("x[]=a&x[]=b&x=c&x[]=d", "{\"x\":{\"0\":\"d\"}}");
    assert_decoded("x[y][]=a&x=1&x[y][]=b&x[y][]=c", "{\"x\":{\"y\":{\"0\":\"b\",\"1\":\"c\"}}}");
}
END_TEST

START_TEST(the_later_use_of_a_name_wins)
{
    assert_decoded("a=1&a=2", "{\"a\":\"2\"}");
    assert_decoded("a=1&a[b]=2", "{\"a\":{\"b\":\"2\"}}");
    assert_decoded("a[b]=1&a[c]=2&a=3", "{\"a\":\"3\"}");
    assert_decoded("data=107", "{\"data\":\"107\"}");
}
END_TEST

START_TEST(hostile_characters_stay_text)
{
    assert_decoded("a=%26b%3D%5Bx%5D%22%5C%0D%0A", "{\"a\":\"&b=[x]\\\"\\\\\\r\\n\"}");
    assert_decoded("a%5B..%2F%26%3D%5D=1", "{\"a\":{\"../&=\":\"1\"}}");
    assert_decoded("__proto__[a.b]=1", "{\"__proto__\":{\"a.b\":\"1\"}}");
}
END_TEST

START_TEST(unbalanced_brackets_are_refused)
{
    static const char *const bad[] = {"a[b",     "a[",  "a]b", "a[b]]", "a[b]c",
                                      "a[b[c]]", "[a]", "[",   "]",     "a[b]c[d]"};
    char wanted[100];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(wanted, sizeof wanted, "unbalanced brackets in the name \"%s\"", bad[i]);
        assert_refused(bad[i], strlen(bad[i]), wanted);
    }
}
END_TEST

START_TEST(a_bad_name_is_shown_in_part_and_harmless)
{
    char body[300] = "a%1B%D0%96[";
    memset(body + 11, 'x', 200);
    struct err err = {0};
    ck_assert_ptr_null(form_decode(body, strlen(body), NULL, NULL, &err));
    ck_assert_int_eq(strncmp(err.text, "unbalanced brackets in the name \"a?Ж[xxx", 40), 0);
    ck_assert_uint_lt(strlen(err.text), 110);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    assert_refused("a=%zz", 5, "in the value of \"a\": bad percent-encoding \"%zz\"");
    assert_refused("a%4=1", 5, "in a name: bad percent-encoding \"%4\"");
    assert_refused("a=%", 3, "in the value of \"a\": bad percent-encoding \"%\"");
    assert_refused("a=%4&b=1", 8, "in the value of \"a\": bad percent-encoding \"%4\"");
    assert_refused("a[b]=x%00y", 10, "in the value of \"a[b]\": a NUL character is not allowed");
    assert_refused("a%00=x", 6, "in a name: a NUL character is not allowed");
    assert_refused("a=x\0y", 5, "in the value of \"a\": a NUL character is not allowed");
    assert_refused("a=%FF", 5, "the value of \"a\" is not UTF-8");
    assert_refused("a=%ED%A0%80", 11, "the value of \"a\" is not UTF-8");
    assert_refused("%FF=a", 5, "a name is not UTF-8");
}
END_TEST

START_TEST(the_last_pair_and_byte_within_each_ceiling_are_accepted)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < FORM_MAX_PAIRS; i++)
        buf_printf(&b, "%sk%d=v", i > 0 ? "&" : "", i);
    JV_AUTO *pairs = decode(b.data);
    ck_assert_uint_eq(json_object_size(pairs), FORM_MAX_PAIRS);
    buf_text(&b, "&&&");
    json_decref(decode(b.data));
    buf_text(&b, "more");
    assert_refused(b.data, b.size, "more than 4096 names");
}
END_TEST

START_TEST(brackets_have_a_ceiling)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    buf_char(&b, 'a');
    for (int i = 0; i < FORM_MAX_DEPTH; i++)
        buf_text(&b, "[b]");
    JV_AUTO *deep = decode(b.data);
    ck_assert_str_eq(jv_text(deep, "a.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b", "?"), "");
    buf_text(&b, "[c]");
    assert_refused(b.data, b.size,
                   "the name \"a[b][b][b][b][b][b][b][b][b][b][b][b][b][b][b][b][c]\" has more "
                   "than 16 brackets");
}
END_TEST

START_TEST(names_have_a_ceiling_after_decoding)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 10000);
    for (int i = 0; i < FORM_MAX_KEY; i++)
        buf_text(&b, "%61");
    json_decref(decode(b.data));
    buf_char(&b, 'a');
    struct err err = {0};
    ck_assert_ptr_null(form_decode(b.data, b.size, NULL, NULL, &err));
    ck_assert_int_eq(strncmp(err.text, "the name \"aaaa", 14), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "aaa…\" is longer than 1024 bytes"));
}
END_TEST

START_TEST(maps_have_a_ceiling)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < FORM_MAX_MAPS / FORM_MAX_DEPTH; i++)
        buf_printf(&b, "%d[][][][][][][][][][][][][][][][]=&", i);
    json_decref(decode(b.data));
    buf_text(&b, "a[b]=1");
    assert_refused(b.data, b.size, "more than 16384 nested names");
}
END_TEST

/* Names that all replace one another, lists that restart, long keys: linear or the test times out
 * under the sanitizers. */
START_TEST(the_worst_bodies_are_decoded_in_no_time)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 8 << 20);
    for (int i = 0; i < 2048; i++)
        buf_printf(&b, "x[]=%d&y%d[]=%d&", i, i, i);
    for (int round = 0; round < 20; round++)
        json_decref(decode(b.data));
    buf_clear(&b);
    for (int i = 0; i < 2000; i++)
        buf_text(&b, "a[b][c][]=1&a=2&");
    JV_AUTO *last = decode(b.data);
    ck_assert_str_eq(jv_text(last, "a", ""), "2");
    buf_clear(&b);
    for (int i = 0; i < 4096; i++)
        buf_printf(&b, "%01000d=&", i);
    json_decref(decode(b.data));
}
END_TEST

static bool comes_twice(const char *body)
{
    struct err err = {0};
    bool twice = false;
    JV_AUTO *tree = form_decode(body, strlen(body), token, &twice, &err);
    ck_assert_msg(tree != NULL, "%s", err.text);
    return twice;
}

START_TEST(a_token_given_twice_is_noticed)
{
    ck_assert(comes_twice("auth[application_token]=a&auth%5Bapplication_token%5D=b"));
    ck_assert(comes_twice("auth[application_token]=a&x=1&auth[application_token]=a"));
    ck_assert(comes_twice("auth[application_token]=a&auth=1&auth[application_token]=a"));
    ck_assert(!comes_twice("auth[application_token]=a&auth[application_token][b]=b"));
    ck_assert(!comes_twice("auth[application_token]=a&application_token=b"));
    ck_assert(!comes_twice("auth[application_token]=a"));
    ck_assert(!comes_twice("a=1&a=2"));
}
END_TEST

static char *bare_name_new(const char *file)
{
    const char *dot = strstr(file, ".form");
    return dot == NULL ? NULL : mem_strndup(file, (size_t)(dot - file));
}

/* The names of §1.5 are what the files are called: lower case, dots as dashes, a variant behind. */
static void assert_named_after_event(const char *bare, const char *event)
{
    for (size_t i = 0; event[i] != '\0'; i++) {
        char c = event[i] == '.' ? '-' : (char)(event[i] | 0x20);
        ck_assert_msg(bare[i] == c, "%s holds %s", bare, event);
    }
}

static void assert_reference_body(const char *file)
{
    char path[300];
    size_t size;
    struct err err = {0};
    bool twice = true;
    (void)snprintf(path, sizeof path, "bodies/%s", file);
    char *body = fixture_read(path, &size);
    char *bare = bare_name_new(file);
    JV_AUTO *tree = form_decode(body, size, token, &twice, &err);
    ck_assert_msg(tree != NULL && !twice, "%s: %s", file, err.text);
    ck_assert_str_eq(jv_text(tree, "auth.domain", ""), "x.bitrix24.com");
    ck_assert_str_eq(jv_text(tree, "auth.client_endpoint", ""), "https://x.bitrix24.com/rest/");
    ck_assert_uint_eq(strlen(jv_text(tree, "auth.member_id", "")), 32);
    bool robot = strncmp(bare, "robot-", 6) == 0;
    ck_assert_uint_eq(strlen(jv_text(tree, "auth.application_token", "")), robot ? 0 : 32);
    if (jv_at(tree, "event") != NULL)
        assert_named_after_event(bare, jv_text(tree, "event", ""));
    else
        ck_assert_ptr_nonnull(jv_text(tree, "document_id.2", NULL));
    mem_free(bare);
    free(body);
}

START_TEST(every_reference_body_is_decoded)
{
    DIR *dir = opendir("tests/fixtures/bodies");
    ck_assert_ptr_nonnull(dir);
    int bodies = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strstr(entry->d_name, ".form") == NULL)
            continue;
        assert_reference_body(entry->d_name);
        bodies++;
    }
    (void)closedir(dir);
    ck_assert_int_eq(bodies, 51);
}
END_TEST

START_TEST(reference_bodies_hold_what_the_protocol_says)
{
    static const struct {
        const char *file;
        const char *path;
        const char *wanted;
    } rows[] = {
        {"oncrmcontactadd-app", "event", "ONCRMCONTACTADD"},
        {"oncrmcontactadd-app", "event_handler_id", "58"},
        {"oncrmcontactadd-app", "data.FIELDS.ID", "134806"},
        {"oncrmcontactadd-app", "ts", "1727018926"},
        {"oncrmcontactadd-app", "auth.scope", "crm,placement,user_brief"},
        {"oncrmcontactadd-app", "auth.server_endpoint", "https://oauth.bitrix.info/rest/"},
        {"oncrmcontactadd-app", "auth.member_id", "010b6886ebc205e43ae65000ee00addb"},
        {"oncrmdealupdate", "data.FIELDS.ID", "351"},
        {"oncrmdealupdate", "auth.application_token", "51856fefc120afa4b628cc82d3935cce"},
        {"oncrmdealmovetocategory", "data.FIELDS.STAGE_ID", "C5:NEW"},
        {"oncrmdealmovetocategory", "auth.expires", "1755783600"},
        {"oncrmdynamicitemadd", "data.FIELDS.ENTITY_TYPE_ID", "1220"},
        {"oncrmtimelinecommentadd", "data.ID", "999"},
        {"ontaskadd", "data.FIELDS_BEFORE", "undefined"},
        {"ontaskadd", "data.FIELDS_AFTER.ID", "3711"},
        {"ontaskdelete", "data.FIELDS_AFTER", "undefined"},
        {"ontaskcommentadd", "data.FIELDS_AFTER.ID", "338729"},
        {"ontaskcommentadd-new-card", "data.FIELDS_AFTER.ID", "0"},
        {"ontaskcommentadd-new-card", "data.FIELDS_AFTER.MESSAGE_ID", "86497"},
        {"onvoximplantcallend", "data.PHONE_NUMBER", "+499061234567"},
        {"onvoximplantcallend", "data.CALL_START_DATE", "2025-08-06T14:08:40+01:00"},
        {"onvoximplantcallend", "data.CALL_FAILED_REASON", "Call canceled"},
        {"onexternalcallstart", "data.EXTENSION", ""},
        {"onimconnectormessageadd", "data.MESSAGES.0.message.text",
         "[b]Klaus Weber:[/b] [br]Guten Tag!"},
        {"onimconnectorlinedelete", "data", "107"},
        {"onimbotmessageadd", "data.BOT.567.BOT_CODE", "echo"},
        {"onuseradd", "data.UF_DEPARTMENT.1", "2"},
        {"onuseradd", "data.EMAIL", "user@example.com"},
        {"onappinstall", "auth.refresh_token", "4s386p3q0tr8dy89xvmt96234v3dljg8"},
        {"robot-deal", "document_id.2", "DEAL_123"},
        {"robot-dynamic", "document_id.1", "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic"},
        {"registered-robot", "properties.when", "04.05.2025 16:15:04"},
    };
    char name[100];
    size_t size;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(name, sizeof name, "bodies/%s.form", rows[i].file);
        char *body = fixture_read(name, &size);
        JV_AUTO *tree = decode(body);
        ck_assert_str_eq(jv_text(tree, rows[i].path, "(none)"), rows[i].wanted);
        free(body);
    }
}
END_TEST

START_TEST(an_offline_signal_has_no_data_at_all)
{
    size_t size;
    char *body = fixture_read("bodies/onofflineevent.form", &size);
    JV_AUTO *tree = decode(body);
    ck_assert_ptr_null(jv_at(tree, "data"));
    free(body);
}
END_TEST

static void assert_encoded(const char *json, bool brackets_plain, const char *wanted)
{
    struct err err = {0};
    struct buf b BUF_AUTO;
    JV_AUTO *tree = jv_parse_new(json, strlen(json), &err);
    ck_assert_msg(tree != NULL, "%s", err.text);
    buf_init(&b, 1000);
    form_encode(&b, tree, brackets_plain);
    ck_assert_str_eq(b.data, wanted);
    ck_assert(!b.full);
}

START_TEST(a_tree_is_encoded_as_php_would)
{
    assert_encoded("{\"id\":5,\"fields\":{\"TITLE\":\"A & B\",\"ids\":[1,\"2\"]}}", false,
                   "id=5&fields%5BTITLE%5D=A%20%26%20B&fields%5Bids%5D%5B0%5D=1"
                   "&fields%5Bids%5D%5B1%5D=2");
    assert_encoded(
        "{\"a\":true,\"b\":false,\"c\":null,\"d\":[],\"e\":{},\"f\":\"\",\"g\":[null,3]}", false,
        "a=1&b=0&f=&g%5B1%5D=3");
    assert_encoded("{\"x\":10.1,\"y\":1e20,\"z\":-0.5}", false, "x=10.1&y=1e%2B20&z=-0.5");
    assert_encoded("{}", false, "");
    assert_encoded("{\"c\":null}", false, "");
}
END_TEST

START_TEST(plain_brackets_are_those_of_names_only)
{
    assert_encoded("{\"filter\":{\">=date\":\"[x]\",\"a]b\":1}}", true,
                   "filter[%3E%3Ddate]=%5Bx%5D&filter[a%5Db]=1");
}
END_TEST

START_TEST(text_from_outside_cannot_add_a_parameter)
{
    assert_encoded("{\"t\":\"x&halt=1#$result[a]+%\"}", true,
                   "t=x%26halt%3D1%23%24result%5Ba%5D%2B%25");
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
    JV_AUTO *tree = decode("aaaaaaaa[bbbbbbbb]=1&c=2");
    struct buf b BUF_AUTO;
    buf_init(&b, 10);
    form_encode(&b, tree, false);
    ck_assert(b.full);
}
END_TEST

START_TEST(what_was_decoded_is_encoded_back)
{
    static const char *const files[] = {"bodies/onimconnectormessageadd.form",
                                        "bodies/onimbotmessageadd.form", "bodies/onuseradd.form",
                                        "bodies/onvoximplantcallend.form"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t size;
        struct buf b BUF_AUTO;
        char *body = fixture_read(files[i], &size);
        JV_AUTO *tree = decode(body);
        buf_init(&b, 100000);
        form_encode(&b, tree, false);
        JV_AUTO *again = decode(b.data);
        ck_assert(json_equal(tree, again));
        free(body);
    }
}
END_TEST

CHECK_MAIN("common/form", pairs_become_members, brackets_become_maps_encoded_or_not,
           nothing_is_an_empty_object, empty_brackets_take_the_next_free_number,
           a_replaced_list_counts_anew, the_later_use_of_a_name_wins, hostile_characters_stay_text,
           unbalanced_brackets_are_refused, a_bad_name_is_shown_in_part_and_harmless,
           bytes_that_are_no_text_are_refused,
           the_last_pair_and_byte_within_each_ceiling_are_accepted, brackets_have_a_ceiling,
           names_have_a_ceiling_after_decoding, maps_have_a_ceiling,
           the_worst_bodies_are_decoded_in_no_time, a_token_given_twice_is_noticed,
           every_reference_body_is_decoded, reference_bodies_hold_what_the_protocol_says,
           an_offline_signal_has_no_data_at_all, a_tree_is_encoded_as_php_would,
           plain_brackets_are_those_of_names_only, text_from_outside_cannot_add_a_parameter,
           a_full_buffer_is_told, what_was_decoded_is_encoded_back)
