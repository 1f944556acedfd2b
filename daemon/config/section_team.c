#include "daemon/config/section_team.h"

#include <string.h>

#include "common/mem.h"
#include "common/scan.h"
#include "common/number.h"

static void begin(struct loading *l, const char *name, struct place at)
{
    struct staff *staff = &l->config->staff;
    staff->teams = mem_grow(staff->teams, (size_t)staff->team_count + 1, sizeof *staff->teams);
    l->team = &staff->teams[staff->team_count++];
    *l->team = (struct team){.name = mem_strdup(name), .at = at};
}

static bool is_id(const char *text)
{
    int64_t id;
    return number_int(text, &id) && id > 0;
}

static bool is_mail(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && at != text && at[1] != '\0' && strpbrk(text, " \t\"") == NULL;
}

/* "…" and nothing before or behind. */
static bool is_quoted(const char *text)
{
    size_t length = strlen(text);
    return length > 2 && text[0] == '"' && strchr(text + 1, '"') == text + length - 1;
}

bool value_is_user(const char *text)
{
    return is_id(text) || is_mail(text) || is_quoted(text);
}

static bool add_member(struct loading *l, const struct given *g, size_t offset, const char *text)
{
    struct team *team = l->team;
    if (!value_is_user(text))
        return given_bad(l, g, offset,
                         "\"%s\" is no user; write an id, an e-mail or \"First Last\" in quotes",
                         text);
    char *bare = scan_bare_new(text, strlen(text));
    for (int i = 0; i < team->member_count; i++)
        if (strcmp(team->members[i], bare) == 0) {
            mem_free(bare);
            return given_bad(l, g, offset, "\"%s\" stands twice", team->members[i]);
        }
    team->members = mem_grow(team->members, (size_t)team->member_count + 1, sizeof *team->members);
    team->members[team->member_count++] = bare;
    return true;
}

bool team_read_members(struct loading *l, const struct given *g)
{
    static const char blanks[] = " \t\n";
    bool good = true;
    for (size_t at = 0;;) {
        at += strspn(g->text + at, blanks);
        size_t size = scan_entry(g->text + at);
        size_t end = at + size;
        while (size > 0 && strchr(blanks, g->text[at + size - 1]) != NULL)
            size--;
        if (size == 0)
            return given_bad(l, g, at, "a member is missing");
        if (l->team->member_count == TEAM_MOST_MEMBERS)
            return given_bad(l, g, at, "a team has at most %d members", TEAM_MOST_MEMBERS);
        char *text = mem_strndup(g->text + at, size);
        good = add_member(l, g, at, text) && good;
        mem_free(text);
        if (g->text[end] == '\0')
            return good;
        at = end + 1;
    }
}

bool team_read_order(struct loading *l, const struct given *g)
{
    static const char *const words[] = {"round-robin", "least-busy", "random"};
    static const enum team_order orders[] = {TEAM_ROUND_ROBIN, TEAM_LEAST_BUSY, TEAM_RANDOM};
    size_t which;
    if (!value_word(l, g, "order", words, sizeof words / sizeof words[0], &which))
        return false;
    l->team->order = orders[which];
    return true;
}

bool team_read_skip(struct loading *l, const struct given *g)
{
    static const char *const words[] = {"absent", "nobody"};
    size_t which;
    if (!value_word(l, g, "kind of member to skip", words, sizeof words / sizeof words[0], &which))
        return false;
    l->team->skip_absent = which == 0;
    return true;
}

bool team_read_fallback(struct loading *l, const struct given *g)
{
    static const char head[] = "head of ";
    const char *text = g->text;
    if (strncmp(text, head, strlen(head)) == 0)
        text += strlen(head);
    if (!value_is_user(text))
        return given_bad(l, g, 0,
                         "\"%s\" is no user; write an id, an e-mail, \"First Last\" in quotes or "
                         "head of \"DEPARTMENT\"",
                         g->text);
    l->team->fallback = mem_strdup(g->text);
    return true;
}

const struct section_kind section_team = {.word = "team", .named = true, .begin = begin};
