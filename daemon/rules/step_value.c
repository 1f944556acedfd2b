#include "daemon/rules/step_value.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/scan.h"
#include "daemon/rules/body.h"

typedef bool checker(struct step_load *, const struct ini_entry *);

static bool bad(struct step_load *load, const struct ini_entry *entry, size_t at, const char *text)
{
    return diag_add(load->loader->diag, ini_value_place(entry, at), "%s", text);
}

static bool check_moment(struct step_load *load, const struct ini_entry *entry)
{
    struct moment moment;
    size_t offset = 0;
    struct err err = {0};
    if (!moment_parse(entry->value, &moment, &offset, &err))
        return bad(load, entry, offset, err.text);
    load->needs_calendar |= moment_needs_calendar(&moment);
    return true;
}

static bool check_durations(struct step_load *load, const struct ini_entry *entry)
{
    const char *text = entry->value;
    for (size_t at = 0;; at++) {
        size_t length = strcspn(text + at, ",");
        char *one = mem_strndup(text + at, length);
        struct duration duration;
        size_t offset = 0;
        struct err err = {0};
        bool good = duration_parse(one, &duration, &offset, &err);
        mem_free(one);
        if (!good)
            return bad(load, entry, at + offset, err.text);
        load->needs_calendar |= duration.unit != DURATION_PLAIN;
        at += length;
        if (text[at] == '\0')
            return true;
    }
}

static bool check_stage(struct step_load *load, const struct ini_entry *entry)
{
    if (entry->value[0] != '@')
        return true;
    return diag_add(load->loader->diag, entry->value_at,
                    "one stage is wanted here, \"%s\" may be several", entry->value);
}

static bool check_number(struct step_load *load, const struct ini_entry *entry)
{
    char *end = NULL;
    (void)strtod(entry->value, &end);
    if (entry->value[0] == '\0' || *end == '\0')
        return true;
    return diag_add(load->loader->diag, entry->value_at, "a number is wanted here, not \"%s\"",
                    entry->value);
}

static bool check_url(struct step_load *load, const struct ini_entry *entry)
{
    const char *text = entry->value;
    if (strncmp(text, "{{", 2) == 0 || strncasecmp(text, "http://", 7) == 0 ||
        strncasecmp(text, "https://", 8) == 0)
        return true;
    return diag_add(load->loader->diag, entry->value_at,
                    "an address begins with http:// or https://, not \"%s\"", text);
}

static bool check_json(struct step_load *load, const struct ini_entry *entry)
{
    struct err err = {0};
    return body_check(entry->value, &err) || bad(load, entry, 0, err.text);
}

/* Takes the name with the blanks around it. */
static bool check_team(struct step_load *load, const struct ini_entry *entry, const char *name,
                       size_t size)
{
    static const char blanks[] = " \t\n";
    size_t before = strspn(name, blanks);
    before = before < size ? before : size;
    while (size > before && strchr(blanks, name[size - 1]) != NULL)
        size--;
    struct place at = ini_value_place(entry, (size_t)(name - entry->value) + before);
    char *text = mem_strndup(name + before, size - before);
    bool good = load_known(load->loader, at, "team", text, load->loader->names->teams);
    mem_free(text);
    return good;
}

/* Users themselves are known to the portal only; teams stand in the configuration. */
static bool check_users(struct step_load *load, const struct ini_entry *entry)
{
    static const char word[] = "team ", blanks[] = " \t\n";
    bool good = true;
    for (const char *at = entry->value; *at != '\0';) {
        at += strspn(at, blanks);
        size_t size = scan_entry(at);
        if (strncmp(at, word, strlen(word)) == 0)
            good = check_team(load, entry, at + strlen(word), size - strlen(word)) && good;
        at += size + (at[size] == ',');
    }
    return good;
}

/* By type of key. `templated`: also where there are templates in the value. */
static const struct {
    checker *check;
    bool templated;
} checks[] = {
    [KEY_USER] = {check_users, false},    [KEY_USERS] = {check_users, false},
    [KEY_MOMENT] = {check_moment, false}, [KEY_DURATIONS] = {check_durations, true},
    [KEY_STAGE] = {check_stage, false},   [KEY_TEMPLATE] = {NULL, false},
    [KEY_NUMBER] = {check_number, false}, [KEY_JSON] = {check_json, true},
    [KEY_URL] = {check_url, true},        [KEY_ANY] = {NULL, false},
};

bool step_value_check(struct step_load *load, const struct action_key *key,
                      const struct ini_entry *entry, const struct template *value)
{
    if (entry->value[0] == '\0')
        return !key->required ||
               diag_add(load->loader->diag, entry->value_at, "\"%s\" is empty", entry->key);
    if (checks[key->type].check == NULL ||
        (!checks[key->type].templated && !template_is_plain(value)))
        return true;
    return checks[key->type].check(load, entry);
}
