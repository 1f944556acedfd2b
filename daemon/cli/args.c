#include "daemon/cli/args.h"

#include <stdio.h>
#include <string.h>

#include "common/near.h"

static const struct option_row {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* NULL: it has none */
    const char *help;
} rows[OPTIONS] = {
    [OPTION_HELP] = {"--help", 'h', NULL, "print this and end"},
    [OPTION_CONFIG] = {"--config", 'c', "FILE",
                       "the configuration; " B24BRIDGE_CONFIG " without it"},
    [OPTION_VERBOSE] = {"--verbose", 'v', NULL, "log what is of use to developers too"},
    [OPTION_JSON] = {"--json", 0, NULL, "print JSON for programs"},
    [OPTION_ADMIN] = {"--admin", 0, "ADDRESS",
                      "ask the daemon there: ADDRESS:PORT or unix:PATH; without it as configured"},
    [OPTION_PORTAL] = {"--portal", 0, "NAME", "of that portal only"},
    [OPTION_MEMBER] = {"--member", 0, "ID", "the member_id to send; none without it"},
    [OPTION_TYPE] = {"--type", 0, "NUMBER", "the smart process that the item belongs to"},
    [OPTION_CALENDAR] = {"--calendar", 0, "NAME", "reckon with the hours of that calendar"},
    [OPTION_FROM] = {"--from", 0, "DATE", "reckon from \"YYYY-MM-DD HH:MM\"; from now without it"},
    [OPTION_RULE] = {"--rule", 0, "NAME", "of that rule only"},
    [OPTION_STATE] = {"--state", 0, "STATE",
                      "in that state only: ready, waiting, running, done, cancelled, dead, parked"},
    [OPTION_SINCE] = {"--since", 0, "TIME",
                      "changed last at or after: \"2h\" (ago) or \"2026-01-20 18:00\""},
    [OPTION_UNTIL] = {"--until", 0, "TIME", "changed last before"},
    [OPTION_REASON] = {"--reason", 0, "TEXT", "whose reason contains that"},
    [OPTION_LIMIT] = {"--limit", 0, "NUMBER",
                      "so many at most; 200 without it, 500 lines of a story"},
    [OPTION_ALL] = {"--all", 0, NULL, "really all that fit; without it they are only shown"},
    [OPTION_DRY_RUN] = {"--dry-run", 0, NULL, "show what would be done, and do nothing"},
    [OPTION_WHY] = {"--why", 0, "TEXT", "what for; whoever meets the pause reads it"},
    [OPTION_TAKE_OVER] = {"--take-over", 0, NULL,
                          "listen beside the daemon in service and follow it when SIGTERM has "
                          "ended it (within 30 s): nobody is refused meanwhile"},
    [OPTION_LIVE] = {"--portal", 0, NULL,
                     "ask the live portals too: every name, right and event of the rules"},
};

/* The words at hand. */
struct cursor {
    const char *const *words;
    size_t count, at;
    uint32_t allowed;
};

static bool is_allowed(const struct cursor *c, int option)
{
    return (c->allowed & OPTION_BIT(option)) != 0;
}

static bool unknown(const struct cursor *c, const char *word, struct err *err)
{
    const char *names[OPTIONS];
    for (int i = 0; i < OPTIONS; i++)
        names[i] = is_allowed(c, i) ? rows[i].name : NULL;
    const char *near = near_name(word, names, OPTIONS);
    if (near != NULL)
        return err_set(err, "unknown option \"%s\"; did you mean \"%s\"?", word, near);
    return err_set(err, "unknown option \"%s\"; see --help", word);
}

/* `inside` is the value behind '=' or a letter, NULL when there is none. */
static bool take(struct cursor *c, int option, const char *inside, struct args *ret,
                 struct err *err)
{
    const struct option_row *row = &rows[option];
    if (row->value == NULL && inside != NULL)
        return err_set(err, "%s takes no value", row->name);
    if (row->value != NULL && inside == NULL) {
        if (c->at == c->count)
            return err_set(err, "%s needs a value: %s %s", row->name, row->name, row->value);
        inside = c->words[c->at++];
    }
    ret->given[option] = inside != NULL ? inside : "";
    return true;
}

static bool take_long(struct cursor *c, const char *word, struct args *ret, struct err *err)
{
    size_t length = strcspn(word, "=");
    const char *inside = word[length] == '=' ? word + length + 1 : NULL;
    for (int i = 0; i < OPTIONS; i++)
        if (is_allowed(c, i) && strlen(rows[i].name) == length &&
            strncmp(rows[i].name, word, length) == 0)
            return take(c, i, inside, ret, err);
    return unknown(c, word, err);
}

static bool take_letter(struct cursor *c, const char *word, struct args *ret, struct err *err)
{
    for (int i = 0; i < OPTIONS; i++)
        if (is_allowed(c, i) && rows[i].letter != 0 && rows[i].letter == word[1])
            return take(c, i, word[2] != '\0' ? word + 2 : NULL, ret, err);
    return unknown(c, word, err);
}

static bool take_operand(const char *word, struct args *ret, struct err *err)
{
    if (ret->count == ARGS_MOST)
        return err_set(err, "more than %d words", ARGS_MOST);
    ret->operands[ret->count++] = word;
    return true;
}

bool args_parse(const char *const *words, size_t count, uint32_t allowed, struct args *ret,
                struct err *err)
{
    struct cursor c = {.words = words, .count = count, .allowed = allowed};
    bool options = true, good = true;
    *ret = (struct args){0};
    while (good && c.at < c.count) {
        const char *word = c.words[c.at++];
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && strncmp(word, "--", 2) == 0)
            good = take_long(&c, word, ret, err);
        else if (options && word[0] == '-' && word[1] != '\0')
            good = take_letter(&c, word, ret, err);
        else
            good = take_operand(word, ret, err);
    }
    return good;
}

bool args_has(const struct args *args, enum option option)
{
    return args->given[option] != NULL;
}

const char *args_text(const struct args *args, enum option option, const char *otherwise)
{
    return args->given[option] != NULL ? args->given[option] : otherwise;
}

void args_print_help(uint32_t allowed)
{
    for (int i = 0; i < OPTIONS; i++) {
        const struct option_row *row = &rows[i];
        if ((allowed & OPTION_BIT(i)) == 0)
            continue;
        char name[48], letter[8] = "    ";
        if (row->letter != 0)
            (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
        (void)snprintf(name, sizeof name, "%s%s%s%s", letter, row->name,
                       row->value != NULL ? " " : "", row->value != NULL ? row->value : "");
        printf("  %-22s %s\n", name, row->help);
    }
}
