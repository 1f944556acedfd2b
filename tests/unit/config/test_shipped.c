/* What is installed in /etc is right as it stands, and shows every key there is. */

#include <string.h>

#include "common/buf.h"
#include "daemon/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static struct temp temp;

static void setup(void)
{
    static const char url[] = "https://firm.bitrix24.ru/rest/1/abcdef0123456789/\n", token[] = "t";
    temp = temp_make();
    (void)temp_write(&temp, "portal-url", 0600, url, strlen(url));
    (void)temp_write(&temp, "portal-token", 0600, token, strlen(token));
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", temp.folder, 1), 0);
}

static void teardown(void)
{
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    temp_remove(&temp);
}

START_TEST(the_installed_configuration_is_right)
{
    struct diag diag;
    diag_init(&diag);
    struct config *config = config_load("config/b24bridge.ini", &diag);
    ck_assert_msg(config != NULL, "%s", diag_kept(&diag) > 0 ? diag.entries[0].text : "?");
    ck_assert_int_eq(config->portal_count, 1);
    ck_assert_int_eq(config->calendar_count, 1);
    ck_assert_uint_gt(config->rules->count, 0);
    /* Those that hand work to people by name, write to clients, call other systems or want a smart
     * process wait for what is right there; their scenarios switch them on. */
    static const char *const off[] = {
        "hand-over", "to-sales", "welcome", "delivery", "messenger", "debt-begins", "debt-ends",
    };
    size_t off_count = 0;
    for (size_t i = 0; i < config->rules->count; i++) {
        const struct rule *rule = &config->rules->rules[i];
        if (rule->state == RULE_ON)
            continue;
        ck_assert_int_eq(rule->state, RULE_OFF);
        ck_assert_uint_lt(off_count, sizeof off / sizeof off[0]);
        ck_assert_str_eq(rule->name, off[off_count++]);
    }
    ck_assert_uint_eq(off_count, sizeof off / sizeof off[0]);
    config_free(config);
    diag_done(&diag);
}
END_TEST

/* As `key = ` or as a comment `#key = ` below its section, which may be a comment too. */
static bool shows(const char *text, const struct config_key *key)
{
    char head[40];
    (void)snprintf(head, sizeof head, "[%s", key->section);
    bool inside = false;
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += *line == '#';
        if (*line == '[')
            inside = strncmp(line, head, strlen(head)) == 0;
        size_t length = strlen(key->name);
        if (!inside || strncmp(line, key->name, length) != 0)
            continue;
        if (line[length + strspn(line + length, " ")] == '=')
            return true;
    }
    return false;
}

START_TEST(every_key_is_shown)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1 << 20);
    FILE *file = fopen("config/b24bridge.ini", "re");
    ck_assert_ptr_nonnull(file);
    char part[4096];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&text, part, size);
    (void)fclose(file);
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(shows(text.data, &keys[i]), "[%s] %s is not in config/b24bridge.ini",
                      keys[i].section, keys[i].name);
}
END_TEST

CHECK_MAIN_FIXTURE("shipped", setup, teardown, the_installed_configuration_is_right,
                   every_key_is_shown)
