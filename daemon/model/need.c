#include "daemon/model/need.h"

#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, DAY = 24 * 60 * MINUTE };

static const struct {
    const char *word;
    long keep_ms;
} needs[] = {
    [NEED_ENTITY] = {"entity", 0},
    [NEED_USER] = {"user", 5 * MINUTE},
    [NEED_USER_EMAIL] = {"user-email", DAY},
    [NEED_USER_NAME] = {"user-name", DAY},
    [NEED_DEPARTMENT] = {"department", 5 * MINUTE},
    [NEED_DEPARTMENT_NAME] = {"department-name", DAY},
    /* A funnel that an administrator changes just now is to be seen before lunch. */
    [NEED_STAGES] = {"stages", 10 * MINUTE},
    [NEED_FIELDS] = {"fields", 10 * MINUTE},
    [NEED_HISTORY] = {"history", 0},
    [NEED_ACTIVITY] = {"activity", 0},
    [NEED_OPEN] = {"open", 0},
    [NEED_OWNERS] = {"owners", 0},
    [NEED_LINES] = {"lines", 0},
    [NEED_WRITTEN] = {"written", 0},
    [NEED_WHOAMI] = {"whoami", DAY},
    [NEED_PRESENCE] = {"presence", MINUTE},
    [NEED_LOAD] = {"load", 0},
    [NEED_TEAM] = {"team", 0},
    [NEED_USERS] = {"users", DAY},
    [NEED_DEPARTMENTS] = {"departments", DAY},
    [NEED_TYPES] = {"types", DAY},
    [NEED_DIRECTORY] = {"directory", 10 * MINUTE},
    [NEED_TEMPLATES] = {"templates", 10 * MINUTE},
    [NEED_SCOPE] = {"scope", DAY},
    [NEED_METHOD] = {"method", DAY},
    [NEED_ADMIN] = {"admin", DAY},
};

bool need_split(const char *need, enum need_kind *ret_kind, const char **ret_argument)
{
    const char *colon = strchr(need, ':');
    if (colon == NULL)
        return false;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        size_t length = strlen(needs[i].word);
        if (length == (size_t)(colon - need) && memcmp(need, needs[i].word, length) == 0) {
            *ret_kind = (enum need_kind)i;
            *ret_argument = colon + 1;
            return true;
        }
    }
    return false;
}

void need_print(enum need_kind kind, const char *argument, char out[NEED_SIZE])
{
    /* Cut inside a letter the text would not even be UTF-8: take the whole letter away. */
    int written = snprintf(out, NEED_SIZE, "%s:%s", needs[kind].word, argument);
    if (written < NEED_SIZE)
        return;
    size_t end = NEED_SIZE - 1;
    size_t first = end;
    while (first > 0 && ((unsigned char)out[first - 1] & 0xc0) == 0x80)
        first--;
    if (first > 0 && (unsigned char)out[first - 1] >= 0xc0)
        out[first - 1] = '\0';
}

void need_print_entity(int type, const char *id, char out[NEED_SIZE])
{
    (void)snprintf(out, NEED_SIZE, "%s:%d:%s", needs[NEED_ENTITY].word, type, id);
}

long need_keep_ms(enum need_kind kind)
{
    return needs[kind].keep_ms;
}
