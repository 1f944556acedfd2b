/* Promise 9: tokens, the webhook's code and keys show up nowhere: not in the log, the API, the
 * metrics, the process list, or a single byte of the database. */

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "tests/support/house_check.h"
#include "tests/support/stub_http.h"
#include "tests/support/temp.h"

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

static void read_bytes(const char *path, struct buf *ret)
{
    char piece[65536];
    size_t size;
    buf_init(ret, 64 << 20);
    FILE *file = fopen(path, "rbe");
    ck_assert_msg(file != NULL, "no %s", path);
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(ret, piece, size);
    (void)fclose(file);
}

static void file_has_none(const char *path)
{
    struct buf bytes BUF_AUTO;
    read_bytes(path, &bytes);
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
        "{\"kind\":\"error\",\"code\":\"BAD\",\"status\":400,\"text\":\"token " HOUSE_TOKEN
        " key " HOUSE_ROBOT_KEY "\",\"method\":\"crm.item.update\"}",
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

/* ---- other systems, and secrets that change ----------------------------------------------------
 */

#define HEADER_SECRET "0f4e-delivery-header-secret"
#define NEW_TOKEN "rotated0token1of2the3house"
#define NEW_ROBOT_KEY "rotated0robot1key"
#define NEW_ADMIN_TOKEN "rotated0admin1token"

static const char *const more_secrets[] = {HEADER_SECRET, NEW_TOKEN, NEW_ROBOT_KEY,
                                           NEW_ADMIN_TOKEN};

static void has_no_more(const char *where, const char *bytes, size_t size)
{
    has_none(where, bytes, size);
    for (size_t i = 0; i < sizeof more_secrets / sizeof more_secrets[0]; i++)
        ck_assert_msg(memmem(bytes, size, more_secrets[i], strlen(more_secrets[i])) == NULL,
                      "%s shows the secret %s", where, more_secrets[i]);
}

static void all_have_none(struct house *h)
{
    static const char *const verbs[][6] = {{"status", NULL},
                                           {"status", "--json", NULL},
                                           {"queue", "list", NULL},
                                           {"timers", "--json", NULL},
                                           {"why", "deal", "1", "--json", NULL},
                                           {"check", NULL},
                                           {"reload", NULL},
                                           {"reload", "--json", NULL},
                                           {"queue", "list", "--json", NULL}};
    static const char *const paths[] = {"/health",     "/metrics",  "/ready",
                                        "/api/status", "/api/runs", "/api/story?entity=deal%201",
                                        "/api/reload"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct house_said said = house_verb(h, verbs[i]);
        has_no_more(verbs[i][0], said.out, strlen(said.out));
        has_no_more(verbs[i][0], said.err, strlen(said.err));
        house_said_done(&said);
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int status;
        char *text = house_get(h, paths[i], &status);
        has_no_more(paths[i], text, strlen(text));
        mem_free(text);
    }
    char *log = house_daemon_log(h);
    has_no_more("the log", log, strlen(log));
    mem_free(log);
}

static void files_have_none(struct house *h, const char *pattern)
{
    char *path = mem_printf("%s/%s", house_folder(h), pattern);
    glob_t found;
    ck_assert_msg(glob(path, 0, NULL, &found) == 0, "no %s", path);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct buf bytes BUF_AUTO;
        read_bytes(found.gl_pathv[i], &bytes);
        has_no_more(found.gl_pathv[i], bytes.data, bytes.size);
    }
    globfree(&found);
    mem_free(path);
}

/* A delivery service that shouts every secret it is given back, in one way after the other. */
static void shout(struct stub_exchange *x, void *arg)
{
    static const char *const words[] = {
        "{\"echo\":\"Bearer " HEADER_SECRET "\"}", "no such token " HEADER_SECRET,
        "<html>Bearer " HEADER_SECRET "</html>", "{\"error\":\"" HEADER_SECRET "\"}"};
    static const int statuses[] = {200, 401, 500, 302};
    (void)arg;
    int at = x->number % 4;
    x->status = statuses[at];
    (void)snprintf(x->text, sizeof x->text, "%s", words[at]);
    if (x->status == 302)
        (void)snprintf(x->headers, sizeof x->headers,
                       "Location: http://127.0.0.1:1/" HEADER_SECRET "\r\n");
}

START_TEST(another_system_that_says_the_secret_back_is_not_quoted)
{
    struct stub stub;
    struct temp temp = temp_make();
    static const char secret[] = "Bearer " HEADER_SECRET "\n";
    stub_start(&stub, shout, NULL);
    char *text = mem_printf("[rule r]\non = deal added\n[then http as SHIP]\n"
                            "url = http://127.0.0.1:%d/ship\nheader-file.Authorization = %s\n"
                            "[then comment]\ntext = {{SHIP.status}} {{SHIP.body.echo}}\n",
                            stub.port, temp_write(&temp, "key", 0600, secret, strlen(secret)));
    const struct house_options options = {
        .fail = house_check_fail, .rules = text, .server = "http-allow = 127.0.0.0/8"};
    struct house *h = house_open(&options);
    for (int i = 0; i < 4; i++) {
        house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
        HOUSE_UNTIL(h, stub_requests(&stub) > i);
        HOUSE_UNTIL(h, house_count_runs(h, "r", "done") + house_count_runs(h, "r", "dead") +
                               house_count_runs(h, "r", "parked") ==
                           i + 1);
    }
    ck_assert_int_eq(house_count_runs(h, "r", "done"), 1);
    ck_assert_int_eq(house_count_runs(h, "r", "dead"), 2);
    ck_assert_int_eq(house_count_runs(h, "r", "parked"), 1);
    HOUSE_EFFECTS_ARE(h, 1, COMMENT, json_pack("{ss}", "fields.COMMENT", "200 ***"));
    all_have_none(h);
    ck_assert_int_eq(house_stop(h), 0);
    files_have_none(h, "b24bridge.db*");
    house_close(h);
    stub_stop(&stub);
    mem_free(text);
    temp_remove(&temp);
}
END_TEST

static void put_secret(struct house *h, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", house_folder(h), name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    mem_free(path);
}

static void reload(struct house *h, int code)
{
    struct house_said said = house_verb(h, (const char *const[]){"reload", NULL});
    ck_assert_msg(said.code == code, "%d: %s%s", said.code, said.out, said.err);
    has_no_more("reload", said.out, strlen(said.out));
    has_no_more("reload", said.err, strlen(said.err));
    house_said_done(&said);
}

/* Both the old and the new ones come in on their way, and mistakes are made with their files. */
START_TEST(secrets_that_change_are_shown_neither_before_nor_after)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then comment]\ntext = x\n"
                                 "[rule robot]\non = robot ask\n[then comment]\n"
                                 "text = {{event.query.x}} {{event.query.key}}\n");
    static const char robot[] = "document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]="
                                "DEAL_1&auth[member_id]=" HOUSE_MEMBER;
    static const char event[] =
        "event=ONCRMDEALUPDATE&data[FIELDS][ID]=1&auth[member_id]=" HOUSE_MEMBER
        "&auth[application_token]=";
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    put_secret(h, "portal-token", HOUSE_TOKEN "\n" NEW_TOKEN "\n"); /* two lines: a mistake */
    reload(h, 1);
    put_secret(h, "portal-token", NEW_TOKEN "\n");
    put_secret(h, "robot-key", NEW_ROBOT_KEY "\n");
    put_secret(h, "admin-token", NEW_ADMIN_TOKEN "\n");
    reload(h, 0);
    ck_assert_int_eq(house_post(h, "/hook/main/robot/ask?x=1&key=" NEW_ROBOT_KEY, robot), 200);
    ck_assert_int_eq(house_post(h, "/hook/main/robot/ask?x=1&key=" HOUSE_ROBOT_KEY, robot), 403);
    char *with_new = mem_printf("%s%s", event, NEW_TOKEN);
    char *with_old = mem_printf("%s%s", event, HOUSE_TOKEN);
    ck_assert_int_eq(house_post(h, "/hook/main", with_new), 200);
    ck_assert_int_eq(house_post(h, "/hook/main", with_old), 403);
    /* An address that is no webhook's, one of another scheme, and one that nobody answers. */
    static const char *const urls[] = {"ftp://127.0.0.1/rest/1/" HOUSE_HOOK_CODE "/\n",
                                       "http://example.ru/rest/1/" HOUSE_HOOK_CODE "/\n",
                                       HOUSE_HOOK_CODE "\n"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        put_secret(h, "portal-url", urls[i]);
        reload(h, 1);
    }
    char *dead = mem_printf("http://127.0.0.1:1/rest/1/%s/\n", HOUSE_HOOK_CODE);
    put_secret(h, "portal-url", dead);
    reload(h, 0);
    ck_assert_int_eq(house_post(h, "/hook/main", with_new), 200);
    HOUSE_UNTIL_WITHIN(h, 40,
                       house_metric(h, "b24bridge_portal_requests_total{portal=\"main\"} ") > 0);
    all_have_none(h);
    ck_assert_int_eq(house_stop(h), 0);
    files_have_none(h, "b24bridge.db*");
    mem_free(with_new);
    mem_free(with_old);
    mem_free(dead);
    house_close(h);
}
END_TEST

/* A memory image would hold them all. */
START_TEST(the_daemon_leaves_no_memory_image)
{
    struct house *h = house_with("[rule r]\non = deal updated\n[then comment]\ntext = x\n");
    char line[256] = "";
    char *path = mem_printf("/proc/%d/limits", (int)house_daemon_pid(h));
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL && strncmp(line, "Max core file size", 18) != 0)
        continue;
    (void)fclose(file);
    mem_free(path);
    int64_t soft = -1, hard = -1;
    ck_assert_int_eq(sscanf(line, "Max core file size %" SCNd64 " %" SCNd64, &soft, &hard), 2);
    ck_assert_int_eq(soft, 0);
    ck_assert_int_eq(hard, 0);
    /* What cannot be dumped belongs to root in /proc, whoever runs it. */
    struct stat st;
    path = mem_printf("/proc/%d/mem", (int)house_daemon_pid(h));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_uid, 0);
    mem_free(path);
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
           another_system_that_says_the_secret_back_is_not_quoted,
           secrets_that_change_are_shown_neither_before_nor_after,
           the_daemon_leaves_no_memory_image, a_secret_file_that_others_can_read_is_an_error)
