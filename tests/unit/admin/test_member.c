/* POST /api/portal/forget-member. */

#include "world.h"

static struct reply post_on(int listening, const char *path, const char *header)
{
    char *text =
        mem_printf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%s\r\n", path, header);
    int fd = client_connect(listening);
    client_say(fd, text);
    struct reply r = client_read(fd, false);
    (void)close(fd);
    mem_free(text);
    return r;
}

/* On the Unix socket, where permissions are proof enough. New. */
static json_t *post(const char *path, int status)
{
    struct reply r = post_on(w.sockets[1], path, "");
    ck_assert_msg(r.status == status, "%s: %d %s", path, r.status, r.body);
    return parsed(&r);
}

static void pin(const char *member)
{
    struct store_change *change = store_change_new();
    struct err err = {0};
    store_put_member(change, w.portal, member);
    ck_assert_msg(store_commit(w.store, change, &err), "%s", err.text);
}

#define FORGET "/api/portal/forget-member"

START_TEST(what_was_forgotten_is_stored_and_told_with_who_ordered_it)
{
    start("");
    pin("da45a03b265edd8787f8a258d793cc5d");
    JV_AUTO *answer = post(FORGET "?portal=main", 200);
    ck_assert(jv_flag(answer, "ok"));
    ck_assert_str_eq(jv_text(answer, "portal", ""), "main");
    struct err err = {0};
    struct store_reader *reader = store_reader_open(w.store, &err);
    ck_assert_ptr_nonnull(reader);
    char member[80];
    ck_assert(store_read_member(reader, w.portal, member, &err));
    ck_assert_str_eq(member, "");
    JV_AUTO *story = NULL;
    const struct entity nobody = {.type = ENTITY_NONE, .id = "operator"};
    const struct story_wish wish = {.portal = w.portal, .entity = &nobody, .most = 10};
    ck_assert_msg(store_tell_story(reader, &wish, &story, &err), "%s", err.text);
    ck_assert_uint_eq(json_array_size(jv_at(story, "rows")), 1);
    const json_t *line = json_array_get(jv_at(story, "rows"), 0);
    ck_assert_str_eq(jv_text(line, "what", ""), "operator");
    ck_assert_str_eq(jv_text(line, "say", ""), jv_text(answer, "say", "-"));
    char who[40];
    (void)snprintf(who, sizeof who, "(uid %u) un-pinned the member_id \"da45", (unsigned)getuid());
    ck_assert_msg(strstr(jv_text(line, "say", ""), who) != NULL, "%s", jv_text(line, "say", ""));
    store_reader_close(reader);
}
END_TEST

START_TEST(an_order_without_sense_is_refused_and_changes_nothing)
{
    start("");
    pin("da45a03b265edd8787f8a258d793cc5d");
    JV_AUTO *none = post(FORGET, 400);
    ck_assert_str_eq(jv_text(none, "error", ""), "no portal; \"portal=main\" would be right");
    JV_AUTO *near = post(FORGET "?portal=mian", 404);
    ck_assert_str_eq(jv_text(near, "error", ""),
                     "no portal \"mian\" in the configuration; did you mean \"main\"?");
    JV_AUTO *far = post(FORGET "?portal=elsewhere", 404);
    ck_assert_str_eq(jv_text(far, "error", ""), "no portal \"elsewhere\" in the configuration");
    JV_AUTO *broken = post(FORGET "?portal=%2", 400);
    ck_assert_ptr_nonnull(jv_text(broken, "error", NULL));
    JV_AUTO *asked = get(FORGET "?portal=main", 405);
    ck_assert_str_eq(jv_text(asked, "error", ""), "POST would be right");
    struct err err = {0};
    struct store_reader *reader = store_reader_open(w.store, &err);
    char member[80];
    ck_assert(store_read_member(reader, w.portal, member, &err));
    ck_assert_str_eq(member, "da45a03b265edd8787f8a258d793cc5d");
    store_reader_close(reader);
}
END_TEST

START_TEST(on_tcp_it_takes_the_token)
{
    start("admin-token-file = admin-token");
    ck_assert_int_eq(post_on(w.sockets[0], FORGET "?portal=main", "").status, 401);
    struct reply r =
        post_on(w.sockets[0], FORGET "?portal=main", "Authorization: Bearer " TOKEN "\r\n");
    ck_assert_int_eq(r.status, 200);
    ck_assert_ptr_nonnull(strstr(r.body, "no member_id of portal main was pinned"));
}
END_TEST

START_TEST(when_it_cannot_be_stored_it_is_503)
{
    char away[200];
    start("");
    pin("da45a03b265edd8787f8a258d793cc5d");
    (void)snprintf(away, sizeof away, "%s/away", w.temp.folder);
    ck_assert_int_eq(rename(w.config->database, away), 0);
    JV_AUTO *answer = post(FORGET "?portal=main", 503);
    ck_assert_ptr_nonnull(strstr(jv_text(answer, "error", ""), "is no longer there"));
    ck_assert_int_eq(rename(away, w.config->database), 0);
}
END_TEST

CHECK_MAIN_FIXTURE("admin/member", setup, teardown,
                   what_was_forgotten_is_stored_and_told_with_who_ordered_it,
                   an_order_without_sense_is_refused_and_changes_nothing, on_tcp_it_takes_the_token,
                   when_it_cannot_be_stored_it_is_503)
