/* Every mistake in the configuration has its message, word for word: errors/CASE/ holds the files
 * and expected.txt. Right configurations become what they say. */

#include <ftw.h>
#include <glob.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "daemon/config/config.h"
#include "daemon/rules/template.h"
#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static const char cases[] = "tests/unit/config/errors";
static const char good_url[] = "https://firm.bitrix24.ru/rest/1/abcdef0123456789/\n";
static const char good_token[] = "51856fefc120afa4b628cc82d3935cce\n";

static struct temp temp;

static void put(const char *name, mode_t mode, const char *text)
{
    (void)temp_write(&temp, name, mode, text, strlen(text));
}

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(temp_path(&temp, name), 0700), 0);
}

/* A folder with the secrets that most configurations want. */
static void setup(void)
{
    temp = temp_make();
    make_folder("secrets");
    make_folder("rules.d");
    put("secrets/url", 0600, good_url);
    put("secrets/token", 0600, good_token);
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void teardown(void)
{
    temp_remove(&temp);
}

static char *read_text(const char *path)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 5 << 20);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s is missing", path);
    char part[4096];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&text, part, size);
    (void)fclose(file);
    return buf_take(&text);
}

/* The complaints, a line each, without the temporary folder's name. mem_free. */
static char *text_of(const struct diag *diag)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 20);
    char folder[80];
    (void)snprintf(folder, sizeof folder, "%s/", temp.folder);
    for (size_t i = 0; i < diag->count; i++) {
        const char *rest = diag->entries[i].text;
        for (const char *at = strstr(rest, folder); at != NULL; at = strstr(rest, folder)) {
            buf_add(&out, rest, (size_t)(at - rest));
            rest = at + strlen(folder);
        }
        buf_printf(&out, "%s\n", rest);
    }
    return buf_take(&out);
}

static char *complaints(void)
{
    struct diag diag;
    diag_init(&diag);
    struct config *config = config_load(temp_path(&temp, "b24bridge.ini"), &diag);
    char *text = text_of(&diag);
    ck_assert_msg((config == NULL) == (diag.count > 0), "%s", text);
    config_free(config);
    diag_done(&diag);
    return text;
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static size_t case_folder_size; /* of the path of the case being copied */

/* What lies in secrets/ is closed, but for open-…; git keeps no modes. */
static int copy_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    const char *name = path + case_folder_size;
    if (kind != FTW_F)
        return 0;
    bool secret = strncmp(name, "secrets/", 8) == 0 && strncmp(name, "secrets/open-", 13) != 0;
    char *text = read_text(path);
    put(name, secret ? 0600 : 0644, text);
    mem_free(text);
    return 0;
}

static bool check_case(const char *expected_path)
{
    char folder[256];
    case_folder_size = (size_t)(strrchr(expected_path, '/') + 1 - expected_path);
    (void)snprintf(folder, sizeof folder, "%.*s", (int)case_folder_size, expected_path);
    setup();
    ck_assert_int_eq(nftw(folder, copy_file, 8, FTW_PHYS), 0);
    char *expected = read_text(expected_path);
    char *got = complaints();
    bool same = strcmp(expected, got) == 0 && expected[0] != '\0';
    if (!same)
        (void)fprintf(stderr, "%s:\n%sbut got:\n%s\n", expected_path, expected, got);
    mem_free(expected);
    mem_free(got);
    teardown();
    return same;
}

START_TEST(each_mistake_has_its_message)
{
    glob_t found;
    char pattern[80];
    (void)snprintf(pattern, sizeof pattern, "%s/*/expected.txt", cases);
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    ck_assert_uint_ge(found.gl_pathc, 40);
    int wrong = 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        wrong += !check_case(found.gl_pathv[i]);
    globfree(&found);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    setup();
    char *got = complaints();
    ck_assert_str_eq(got, "b24bridge.ini: cannot read it: No such file or directory\n");
    mem_free(got);
    teardown();
}
END_TEST

START_TEST(no_message_holds_a_secret)
{
    static const char *const urls[] = {
        "http://firm.bitrix24.ru/rest/1/hushhush/",
        "https://firm.bitrix24.ru/hushhush/",
        "ftp://hushhush/rest/1/x/",
        "https://hushhush@firm/rest/1/x/",
        "https://firm.bitrix24.ru/rest/1/hushhush/x",
        "hushhush",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        setup();
        put("secrets/url", 0600, urls[i]);
        put("b24bridge.ini", 0644,
            "[portal main]\nurl-file = secrets/url\ntoken-file = secrets/token\n");
        char *got = complaints();
        ck_assert_ptr_nonnull(strstr(got, "b24bridge.ini:2:12: the URL in \"secrets/url\" "));
        ck_assert_ptr_null(strstr(got, "hushhush"));
        mem_free(got);
        teardown();
    }
}
END_TEST

/* ---- right ones ------------------------------------------------------------------------------ */

static struct config *load(const char *text)
{
    struct diag diag;
    diag_init(&diag);
    put("b24bridge.ini", 0644, text);
    struct config *config = config_load(temp_path(&temp, "b24bridge.ini"), &diag);
    ck_assert_msg(config != NULL, "%s", diag.count > 0 ? diag.entries[0].text : "?");
    diag_done(&diag);
    return config;
}

#define PORTAL "[portal main]\nurl-file = secrets/url\ntoken-file = secrets/token\n"

START_TEST(what_is_not_said_has_its_default)
{
    setup();
    struct config *c = load(PORTAL);
    ck_assert_int_eq(c->listen_count, 1);
    ck_assert_str_eq(c->listen[0].text, "127.0.0.1:8024");
    ck_assert_int_eq(c->admin_count, 1);
    ck_assert_str_eq(c->admin[0].text, "127.0.0.1:8025");
    ck_assert_str_eq(c->database, "/var/lib/b24bridge/b24bridge.db");
    ck_assert_int_eq(c->keep_ms, 30LL * 24 * 3600 * 1000);
    ck_assert_int_eq(c->max_body, 1 << 20);
    ck_assert_int_eq(c->max_queue, 1000000);
    ck_assert_ptr_null(c->senders_file);
    ck_assert_ptr_null(c->admin_token);
    ck_assert_ptr_null(c->http_allow[0]);
    const struct config_portal *p = config_portal(c, "main");
    ck_assert_str_eq(p->url, "https://firm.bitrix24.ru/rest/1/abcdef0123456789/");
    ck_assert_str_eq(p->site, "https://firm.bitrix24.ru");
    ck_assert_int_eq(p->token_count, 1);
    ck_assert_int_eq(p->robot_key_count, 0);
    ck_assert_double_eq(p->drain, 2);
    ck_assert_double_eq(p->size, 50);
    ck_assert_double_eq(p->share, 1);
    ck_assert_int_eq(p->debounce_ms, 500);
    ck_assert_str_eq(zone_name(p->zone), "Europe/Moscow");
    config_free(c);
    teardown();
}
END_TEST

START_TEST(a_rules_secret_file_is_found_from_the_folder)
{
    setup();
    struct config *c = load(PORTAL "[rule r]\non = deal added\n[then http]\n"
                                   "url = https://crm.example.org/\n"
                                   "header-file.Authorization = secrets/token\n");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/secrets/token", temp.folder);
    const struct step_key *key = &c->rules->rules[0].steps[0].keys[1];
    ck_assert_str_eq(key->name, "header-file.Authorization");
    ck_assert_str_eq(template_text(key->value), path);
    config_free(c);
    teardown();
}
END_TEST

START_TEST(every_value_arrives)
{
    setup();
    put("secrets/token-2", 0600, "second");
    put("secrets/key", 0600, "robot-key");
    put("secrets/admin", 0600, "admin-token");
    put("senders.json", 0644, "{\"nodes\":[\"1.2.3.4\",\"2001:db8::/32\"]}");
    struct config *c = load("[server]\n"
                            "listen = 127.0.0.1:0\nlisten = unix:hook.sock\nlisten = 127.0.0.1:0\n"
                            "admin = [::1]:8025\ndatabase = data.db\nkeep = 1d 12h\n"
                            "max-body = 512 KiB\nmax-queue = 5 000\nsenders = senders.json\n"
                            "http-allow = 10.0.0.0/8\nhttp-allow = crm.local\n"
                            "admin-token-file = secrets/admin\n" PORTAL
                            "token-file = secrets/token-2\nrobot-key-file = secrets/key\n"
                            "plan = enterprise\nshare = 80 %\ntimezone = Asia/Yekaterinburg\n"
                            "debounce = 2s\n");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data.db", temp.folder);
    ck_assert_str_eq(c->database, path);
    ck_assert_int_eq(c->listen_count, 3);
    ck_assert_str_eq(c->admin[0].text, "[::1]:8025");
    ck_assert_int_eq(c->keep_ms, 36LL * 3600 * 1000);
    ck_assert_int_eq(c->max_body, 512 * 1024);
    ck_assert_int_eq(c->max_queue, 5000);
    ck_assert_int_eq(c->sender_count, 2);
    ck_assert_str_eq(c->http_allow[0], "10.0.0.0/8");
    ck_assert_str_eq(c->http_allow[1], "crm.local");
    ck_assert_ptr_null(c->http_allow[2]);
    ck_assert_str_eq(c->admin_token, "admin-token");
    const struct config_portal *p = config_portal(c, "main");
    ck_assert_int_eq(p->token_count, 2);
    ck_assert_str_eq(p->tokens[1], "second");
    ck_assert_str_eq(p->robot_keys[0], "robot-key");
    ck_assert_double_eq(p->drain, 5);
    ck_assert_double_eq(p->size, 250);
    ck_assert_double_eq_tol(p->share, 0.8, 1e-9);
    ck_assert_int_eq(p->debounce_ms, 2000);
    config_free(c);
    teardown();
}
END_TEST

START_TEST(credentials_come_from_systemds_folder)
{
    setup();
    make_folder("credentials");
    put("credentials/portal-url", 0600, "http://127.0.0.1:8080/rest/1/code");
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", temp_path(&temp, "credentials"), 1), 0);
    struct config *c = load("[portal main]\nurl-file = $CREDENTIALS_DIRECTORY/portal-url\n"
                            "token-file = secrets/token\n");
    ck_assert_str_eq(c->portals[0].url, "http://127.0.0.1:8080/rest/1/code/");
    ck_assert_str_eq(c->portals[0].site, "http://127.0.0.1:8080");
    config_free(c);
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    teardown();
}
END_TEST

START_TEST(rules_are_read_in_name_order_after_the_main_file)
{
    setup();
    put("rules.d/20-b.ini", 0644, "[rule third]\non = deal added\n[then stop]\n");
    put("rules.d/10-a.ini", 0644,
        "[calendar office]\nhours = Mon 09:00-18:00\n[rule second]\non = deal added\n[then "
        "stop]\n");
    put("rules.d/ignored.ini.bak", 0644, "[nonsense]\n");
    struct config *c = load(PORTAL "[rule first]\non = deal added\n[then stop]\n");
    ck_assert_uint_eq(c->rules->count, 3);
    ck_assert_str_eq(c->rules->rules[0].name, "first");
    ck_assert_str_eq(c->rules->rules[1].name, "second");
    ck_assert_str_eq(c->rules->rules[2].name, "third");
    ck_assert_ptr_nonnull(ruleset_find(c->rules, "third"));
    config_free(c);
    teardown();
}
END_TEST

START_TEST(a_team_is_kept)
{
    setup();
    struct config *c = load(PORTAL "[team first-line]\n"
                                   "members = ivanov@firm.ru, \"Анна Петрова\",\n  17\n"
                                   "order = least-busy\nskip = absent\n"
                                   "fallback = head of \"Отдел продаж\"\n");
    const struct team *t = &c->staff.teams[0];
    ck_assert_int_eq(t->member_count, 3);
    ck_assert_str_eq(t->members[0], "ivanov@firm.ru");
    ck_assert_str_eq(t->members[1], "Анна Петрова");
    ck_assert_str_eq(t->members[2], "17");
    ck_assert_int_eq(t->order, TEAM_LEAST_BUSY);
    ck_assert(t->skip_absent);
    ck_assert_str_eq(t->fallback, "head of \"Отдел продаж\"");
    config_free(c);
    teardown();
}
END_TEST

/* ---- surroundings of a decision -------------------------------------------------------------- */

/* 2026-01-20, a Tuesday, 12:00 UTC */
static const int64_t noon = 1768910400000;

static struct rules_env env_of(const struct config *c, const char *portal)
{
    struct rules_env env;
    config_env(c, config_portal(c, portal), noon, 7, &env);
    return env;
}

START_TEST(without_calendars_the_week_is_monday_to_friday)
{
    setup();
    struct config *c = load(PORTAL);
    struct rules_env env = env_of(c, "main");
    ck_assert_int_eq(env.now_ms, noon);
    ck_assert_uint_eq(env.seed, 7);
    ck_assert_str_eq(env.portal_url, "https://firm.bitrix24.ru");
    ck_assert(calendar_is_open(env.default_calendar, noon));
    ck_assert(!calendar_is_open(env.default_calendar, noon + 4LL * 3600 * 1000));
    ck_assert_ptr_null(env.calendar(env.calendar_arg, "office"));
    config_free(c);
    teardown();
}
END_TEST

START_TEST(a_calendar_follows_each_portals_zone)
{
    setup();
    struct config *c =
        load(PORTAL "[portal east]\nurl-file = secrets/url\ntoken-file = secrets/token\n"
                    "timezone = Asia/Vladivostok\n"
                    "[calendar office]\nhours = Mon-Fri 09:00-18:00\n");
    struct rules_env moscow = env_of(c, "main"), east = env_of(c, "east");
    ck_assert_ptr_eq(moscow.calendar(moscow.calendar_arg, "office"), moscow.default_calendar);
    ck_assert(calendar_is_open(moscow.default_calendar, noon)); /* 15:00 */
    ck_assert(!calendar_is_open(east.default_calendar, noon));  /* 22:00 */
    config_free(c);
    teardown();
}
END_TEST

START_TEST(a_calendar_may_have_a_zone_of_its_own)
{
    setup();
    struct config *c = load(PORTAL "[calendar east]\ntimezone = Asia/Vladivostok\n"
                                   "hours = Mon-Fri 09:00-13:00, 14:00-18:00\n");
    struct rules_env env = env_of(c, "main");
    ck_assert(!calendar_is_open(env.default_calendar, noon)); /* 22:00 there */
    ck_assert(calendar_is_open(env.default_calendar, noon - 8 * 3600 * INT64_C(1000)));
    config_free(c);
    teardown();
}
END_TEST

START_TEST(several_calendars_have_no_default)
{
    setup();
    put("holidays.txt", 0644, "# январь\n2026-01-20\n\n2026-01-24 work 12:00-19:00\r\n");
    struct config *c = load(PORTAL "[calendar office]\nhours = Mon-Fri 09:00-18:00\n"
                                   "holidays = holidays.txt\n"
                                   "[calendar shop]\nhours = Mon-Sun 10:00-22:00\n");
    struct rules_env env = env_of(c, "main");
    ck_assert_ptr_null(env.default_calendar);
    ck_assert(!calendar_is_open(env.calendar(env.calendar_arg, "office"), noon));
    ck_assert(calendar_is_open(env.calendar(env.calendar_arg, "shop"), noon));
    const int64_t saturday = noon + 4LL * 24 * 3600 * 1000;
    ck_assert(calendar_is_open(env.calendar(env.calendar_arg, "office"), saturday));
    config_free(c);
    teardown();
}
END_TEST

/* ---- verbs that ask a daemon ----------------------------------------------------------------- */

START_TEST(the_server_alone_needs_no_secrets)
{
    setup();
    put("b24bridge.ini", 0644,
        "[portal main]\nurl-file = nowhere\nnonsense\n[rule x]\n[server]\nadmin = unix:a.sock\n");
    struct diag diag;
    diag_init(&diag);
    struct config *c = config_load_server(temp_path(&temp, "b24bridge.ini"), &diag);
    ck_assert_int_eq(c->admin_count, 1);
    ck_assert_str_eq(c->admin[0].text, "unix:a.sock");
    config_free(c);
    diag_done(&diag);
    teardown();
}
END_TEST

START_TEST(the_server_alone_has_defaults_without_a_file)
{
    setup();
    struct diag diag;
    diag_init(&diag);
    struct config *c = config_load_server(temp_path(&temp, "none.ini"), &diag);
    ck_assert_int_eq(c->admin_count, 1);
    ck_assert_uint_eq(diag.count, 1);
    config_free(c);
    diag_done(&diag);
    teardown();
}
END_TEST

/* ---- the table ------------------------------------------------------------------------------- */

START_TEST(every_key_has_a_line_of_help)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    ck_assert_uint_ge(count, 22);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(strlen(keys[i].help) > 10 && strlen(keys[i].help) < 100, "%s", keys[i].name);
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(keys[i].section, keys[k].section) != 0 ||
                              strcmp(keys[i].name, keys[k].name) != 0,
                          "%s stands twice", keys[i].name);
    }
}
END_TEST

static size_t warnings_of(const char *holidays, char out[256])
{
    struct diag diag;
    diag_init(&diag);
    put("days.txt", 0600, holidays);
    put("b.ini", 0600,
        "[portal main]\nurl-file = secrets/url\ntoken-file = secrets/token\n"
        "timezone = UTC\n[calendar office]\nhours = Mon-Fri 09:00-18:00\n"
        "holidays = days.txt\n");
    struct config *config = config_load(temp_path(&temp, "b.ini"), &diag);
    ck_assert_msg(config != NULL, "%s", diag.count > 0 ? diag.entries[0].text : "?");
    size_t count = diag.warning_count;
    const char *text = count > 0 ? strstr(diag.warnings[0].text, "b.ini:") : "";
    (void)snprintf(out, 256, "%s", text);
    config_free(config);
    diag_done(&diag);
    return count;
}

START_TEST(holidays_that_end_before_the_year_are_warned_of)
{
    struct err err = {0};
    struct zone *utc = zone_load("UTC", &err);
    int year = zone_local(utc, clock_wall_ms()).year;
    char holidays[64], got[256], expected[256];
    zone_free(utc);
    setup();
    (void)snprintf(holidays, sizeof holidays, "%d-01-01\n%d-05-09\n", year, year);
    ck_assert_uint_eq(warnings_of(holidays, got), 1);
    (void)snprintf(expected, sizeof expected,
                   "b.ini:5:2: the holidays of calendar \"office\" end on %d-05-09, before the "
                   "year does; add the days off until %d-12-31",
                   year, year);
    ck_assert_str_eq(got, expected);
    (void)snprintf(holidays, sizeof holidays, "%d-12-31\n", year);
    ck_assert_uint_eq(warnings_of(holidays, got), 0);
    ck_assert_uint_eq(warnings_of("# none\n", got), 0);
    teardown();
}
END_TEST

CHECK_MAIN("config", each_mistake_has_its_message, holidays_that_end_before_the_year_are_warned_of,
           a_missing_file_is_named, no_message_holds_a_secret, what_is_not_said_has_its_default,
           a_rules_secret_file_is_found_from_the_folder, every_value_arrives,
           credentials_come_from_systemds_folder, rules_are_read_in_name_order_after_the_main_file,
           a_team_is_kept, without_calendars_the_week_is_monday_to_friday,
           a_calendar_follows_each_portals_zone, a_calendar_may_have_a_zone_of_its_own,
           several_calendars_have_no_default, the_server_alone_needs_no_secrets,
           the_server_alone_has_defaults_without_a_file, every_key_has_a_line_of_help)
