/* Promise 9: tokens, the webhook's code and keys show up nowhere: not in the log, the API, the
 * metrics, the process list, or a single byte of the database. */

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/house_check.h"

#define EVENT_TOKEN "fe5f8b2c-event-token-7a10"
#define ACCESS_TOKEN "2e05f066access-token-d31c"
#define REFRESH_TOKEN "5d8c1a77refresh-token-02bb"
#define WRONG_TOKEN "0badc0de-wrong-token-0badc0de"

#define COMMENT "crm.timeline.comment.add"

static const char *const secrets[] = {HOUSE_TOKEN,     HOUSE_APP_TOKEN,   HOUSE_ROBOT_KEY,
                                      HOUSE_HOOK_CODE, HOUSE_ADMIN_TOKEN, ACCESS_TOKEN,
                                      REFRESH_TOKEN,   EVENT_TOKEN,       WRONG_TOKEN};

static void has_none(const char *where, const char *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        ck_assert_msg(memmem(bytes, size, secrets[i], strlen(secrets[i])) == NULL,
                      "%s shows the secret %s", where, secrets[i]);
}

static void file_has_none(const char *path)
{
    struct buf bytes BUF_AUTO;
    char piece[65536];
    size_t size;
    buf_init(&bytes, 64 << 20);
    FILE *file = fopen(path, "rbe");
    ck_assert_msg(file != NULL, "no %s", path);
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&bytes, piece, size);
    (void)fclose(file);
    has_none(path, bytes.data, bytes.size);
}

static void folder_has_none(const struct house *h, const char *pattern)
{
    char *path = mem_printf("%s/%s", house_folder(h), pattern);
    glob_t found;
    ck_assert_msg(glob(path, 0, NULL, &found) == 0, "no %s", path);
    for (size_t i = 0; i < found.gl_pathc; i++)
        file_has_none(found.gl_pathv[i]);
    globfree(&found);
    mem_free(path);
}

static void answer_has_none(struct house *h, const char *path)
{
    int status;
    char *text = house_get(h, path, &status);
    has_none(path, text, strlen(text));
    mem_free(text);
}

static void verb_has_none(struct house *h, const char *const *words)
{
    struct house_said said = house_verb(h, words);
    has_none(words[0], said.out, strlen(said.out));
    has_none(words[0], said.err, strlen(said.err));
    house_said_done(&said);
}

/* Everything that brings secrets in, and everything that goes wrong with them. */
static void provoke(struct house *h)
{
    static const char app[] =
        "event=ONCRMDEALUPDATE&data[FIELDS][ID]=1&auth[access_token]=" ACCESS_TOKEN
        "&auth[refresh_token]=" REFRESH_TOKEN "&auth[application_token]=" HOUSE_APP_TOKEN
        "&event_token=" EVENT_TOKEN "&auth[member_id]=" HOUSE_MEMBER;
    static const char robot[] =
        "document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]="
        "DEAL_1&auth[member_id]=" HOUSE_MEMBER "&auth[access_token]=" ACCESS_TOKEN;
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    ck_assert_int_eq(id, 1);
    ck_assert_int_eq(house_post(h, "/hook/main", app), 200);
    ck_assert_int_eq(house_post(h, "/hook/main/robot/ask?key=" HOUSE_ROBOT_KEY "&x=1", robot), 200);
    ck_assert_int_eq(house_post(h, "/hook/main/robot/ask?key=" WRONG_TOKEN, robot), 403);
    ck_assert_int_eq(house_post(h, "/hook/main?application_token=" HOUSE_TOKEN, app), 403);
    ck_assert_int_eq(house_post(h, "/hook/main", "event=X&auth[application_token]=" WRONG_TOKEN),
                     403);
    ck_assert_int_eq(
        house_post(h, "/hook/main", "event=X&x=%zz&auth[application_token]=" HOUSE_TOKEN), 400);
    house_settle(h);
}

static void misfortune(struct house *h, const char *kind)
{
    json_t *wish = json_pack("{ss ss si}", "kind", kind, "method", "*", "count", 1);
    if (strcmp(kind, "redirect") == 0)
        (void)json_object_set_new(wish, "to", json_string("http://127.0.0.2:1"));
    house_fault(h, wish);
    house_update(h, IVANOV, DEAL, 1, json_pack("{ss}", "title", kind));
    HOUSE_UNTIL_WITHIN(h, 40, house_is_settled(h));
    house_clear_faults(h);
}

START_TEST(no_secret_is_seen_anywhere)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal updated\n"
                                 "[then comment]\n"
                                 "text = {{event.name}} {{deal.title}}\n"
                                 "[rule robot]\n"
                                 "on = robot ask\n"
                                 "[then comment]\n"
                                 "text = {{event.query.x}}\n"
                                 "[rule e]\n"
                                 "on = event ONCRMDEALUPDATE\n"
                                 "[then comment]\n"
                                 "text = {{event.data.FIELDS.ID}}\n");
    static const char *const kinds[] = {"html",       "empty",    "truncated", "drop_before",
                                        "drop_after", "redirect", "limit"};
    provoke(h);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        misfortune(h, kinds[i]);
    static const char *const paths[] = {"/health",     "/metrics",  "/ready",
                                        "/api/status", "/api/runs", "/api/story?entity=deal%201"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        answer_has_none(h, paths[i]);
    verb_has_none(h, (const char *const[]){"why", "deal", "1", NULL});
    verb_has_none(h, (const char *const[]){"status", NULL});
    verb_has_none(h, (const char *const[]){"check", NULL});
    verb_has_none(h, (const char *const[]){"why", "deal", "1", "--json", NULL});
    char *cmdline = mem_printf("/proc/%d/cmdline", (int)house_daemon_pid(h));
    file_has_none(cmdline);
    mem_free(cmdline);
    folder_has_none(h, "daemon.log");
    folder_has_none(h, "b24bridge.db*");
    ck_assert_int_eq(house_stop(h), 0);
    folder_has_none(h, "b24bridge.db*");
    folder_has_none(h, "daemon.log");
    house_close(h);
}
END_TEST

/* The portal refuses the webhook: what is said about it does not name it. */
START_TEST(a_refused_webhook_is_not_shown_either)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then comment]\ntext = x\n");
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_fault(h, json_pack("{ss}", "kind", "dead_webhook"));
    house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", "Двери"));
    int status = 200;
    HOUSE_UNTIL(h, (mem_free(house_get(h, "/health", &status)), status == 503));
    answer_has_none(h, "/health");
    answer_has_none(h, "/api/status");
    folder_has_none(h, "daemon.log");
    folder_has_none(h, "b24bridge.db*");
    house_close(h);
}
END_TEST

/* The portal says the webhook's code itself: in an error, in its code, in a page, in a result. */
START_TEST(what_the_portal_says_of_the_secret_is_not_kept)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then update]\ncomments = "
                                 "{{deal.title}}\n[then comment]\ntext = x\n");
    static const char *const wishes[] = {
        "{\"kind\":\"error\",\"code\":\"BAD_" HOUSE_HOOK_CODE "\",\"status\":400,\"text\":\"at "
        "/rest/1/" HOUSE_HOOK_CODE "/\",\"method\":\"crm.item.update\"}",
        "{\"kind\":\"error\",\"code\":\"BAD\",\"status\":400,\"text\":\"" HOUSE_HOOK_CODE
        "\",\"method\":\"crm.item.get\"}",
        "{\"kind\":\"refuse\",\"code\":\"NOT_FOUND\",\"status\":404,\"text\":\"" HOUSE_HOOK_CODE
        "\",\"method\":\"" COMMENT "\"}",
        "{\"kind\":\"redirect\",\"to\":\"https://" HOUSE_HOOK_CODE ".example.ru\"}",
    };
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        struct err err = {0};
        char title[16];
        (void)snprintf(title, sizeof title, "Двери %zu", i);
        house_fault(h, jv_parse_new(wishes[i], strlen(wishes[i]), &err));
        house_update(h, IVANOV, DEAL, id, json_pack("{ss}", "title", title));
        HOUSE_UNTIL_WITHIN(h, 40, house_is_settled(h));
        house_clear_faults(h);
    }
    /* A record that holds it: a file's address, as the portal makes them (bitrix24.md §10 no. 40).
     */
    house_update(h, IVANOV, DEAL, id,
                 json_pack("{ss}", "title", "https://x/rest/1/" HOUSE_HOOK_CODE "/file"));
    HOUSE_UNTIL_WITHIN(h, 40, house_is_settled(h));
    ck_assert_int_gt(house_count_runs(h, "r", "dead"), 0);
    ck_assert_int_gt(house_count_runs(h, "r", "done"), 0);
    char entity[64];
    (void)snprintf(entity, sizeof entity, "/api/story?entity=deal%%20%lld", (long long)id);
    answer_has_none(h, entity);
    answer_has_none(h, "/health");
    answer_has_none(h, "/api/runs");
    answer_has_none(h, "/api/status");
    ck_assert_int_eq(house_stop(h), 0);
    folder_has_none(h, "b24bridge.db*");
    folder_has_none(h, "daemon.log");
    house_close(h);
}
END_TEST

START_TEST(a_secret_file_that_others_can_read_is_an_error)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then comment]\ntext = x\n");
    char *path = mem_printf("chmod 644 %s/portal-token", house_folder(h));
    ck_assert_int_eq(system(path), 0);
    struct house_said said = house_verb(h, (const char *const[]){"check", NULL});
    ck_assert_int_eq(said.code, 1);
    ck_assert_msg(strstr(said.err, "portal-token") != NULL, "%s", said.err);
    has_none("check", said.err, strlen(said.err));
    house_said_done(&said);
    mem_free(path);
    house_close(h);
}
END_TEST

CHECK_MAIN("secrets", no_secret_is_seen_anywhere, a_refused_webhook_is_not_shown_either,
           what_the_portal_says_of_the_secret_is_not_kept,
           a_secret_file_that_others_can_read_is_an_error)
