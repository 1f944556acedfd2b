#include "daemon/config/section_substitute.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/scan.h"
#include "common/zone.h"

static void begin(struct loading *l, const char *name, struct place at)
{
    struct staff *staff = &l->config->staff;
    bool good = value_is_user(name);
    if (name[0] != '\0' && !good) {
        struct place there = at;
        there.column += (int)(name - l->section->head);
        (void)diag_add(l->diag, there,
                       "\"%s\" is no user; write an id, an e-mail or \"First Last\" in quotes",
                       name);
    }
    staff->substitutes = mem_grow(staff->substitutes, (size_t)staff->substitute_count + 1,
                                  sizeof *staff->substitutes);
    l->substitute = &staff->substitutes[staff->substitute_count++];
    *l->substitute = (struct substitute){
        .user = good ? scan_bare_new(name, strlen(name)) : mem_strdup(name), .at = at};
}

bool substitute_read_deputy(struct loading *l, const struct given *g)
{
    struct substitute *s = l->substitute;
    if (!value_is_user(g->text))
        return given_bad(l, g, 0,
                         "\"%s\" is no user; write an id, an e-mail or \"First Last\" in quotes",
                         g->text);
    s->deputy = scan_bare_new(g->text, strlen(g->text));
    return strcmp(s->deputy, s->user) != 0 ||
           given_bad(l, g, 0, "\"%s\" cannot stand in for himself", s->user);
}

static bool read_day(struct loading *l, const struct given *g, char out[11])
{
    if (strlen(g->text) != 10 || !zone_is_iso(g->text))
        return given_bad(l, g, 0, "\"%s\" is no day; write 2026-12-31", g->text);
    (void)snprintf(out, 11, "%s", g->text);
    return true;
}

bool substitute_read_from(struct loading *l, const struct given *g)
{
    return read_day(l, g, l->substitute->from);
}

bool substitute_read_until(struct loading *l, const struct given *g)
{
    return read_day(l, g, l->substitute->until);
}

bool substitute_read_return(struct loading *l, const struct given *g)
{
    static const char *const words[] = {"yes", "no"};
    size_t which;
    if (!value_word(l, g, "return", words, sizeof words / sizeof words[0], &which))
        return false;
    l->substitute->keeps = which == 1;
    return true;
}

static void finish(struct loading *l)
{
    const struct substitute *s = l->substitute;
    if (s->from[0] != '\0' && s->until[0] != '\0' && strcmp(s->until, s->from) < 0)
        (void)diag_add(l->diag, s->at, "[%s] ends before it begins: from %s until %s",
                       l->section->head, s->from, s->until);
}

const struct section_kind section_substitute = {
    .word = "substitute", .named = true, .free = true, .begin = begin, .finish = finish};
