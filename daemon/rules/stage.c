#include "daemon/rules/stage.h"

#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "common/near.h"
#include "daemon/rules/suggest.h"

static const struct meaning {
    const char *word;
    enum stage_ref_kind kind;
} meanings[] = {{"@open", STAGE_OPEN}, {"@won", STAGE_WON}, {"@lost", STAGE_LOST}};
enum { MEANING_COUNT = sizeof meanings / sizeof meanings[0] };

static bool read_meaning(struct read *r, size_t from, struct stage_ref *ret)
{
    const char *words[MEANING_COUNT];
    for (size_t i = 0; i < MEANING_COUNT; i++) {
        words[i] = meanings[i].word;
        if (strcmp(ret->text, meanings[i].word) == 0) {
            ret->kind = meanings[i].kind;
            return true;
        }
    }
    return suggest(r->diag, ini_value_place(r->entry, from), "stage", ret->text, words,
                   MEANING_COUNT);
}

/* NEW, C1:WON, DT147_9:UC_KN8KFI (bitrix24.md §8.4). */
static bool is_id(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("_:-", *c) == NULL)
            return false;
    return true;
}

/* Ids have capital letters as a rule: `deal enters won`, `deal leaves stge` are slips. */
static const char *const meant[] = {"stage", "funnel", "@open", "@won", "@lost"};
enum { MEANT_COUNT = sizeof meant / sizeof meant[0] };

static bool is_slip(const char *text)
{
    return near_name(text, meant, MEANT_COUNT) != NULL;
}

bool stage_read(struct read *r, struct stage_ref *ret)
{
    read_blanks(r);
    size_t from = r->at;
    if (read_is(r, '"')) {
        ret->kind = STAGE_NAMED;
        return read_quoted(r, &ret->text);
    }
    ret->text = read_token(r);
    if (ret->text == NULL)
        return read_bad(r, from,
                        "which stage? write \"Funnel / Stage\", an id such as C1:WON, or @open, "
                        "@won, @lost");
    if (ret->text[0] == '@')
        return read_meaning(r, from, ret);
    ret->kind = STAGE_ID;
    if (islower((unsigned char)ret->text[0]) && is_slip(ret->text))
        return suggest(r->diag, ini_value_place(r->entry, from), "stage", ret->text, meant,
                       MEANT_COUNT);
    return is_id(ret->text) ||
           read_bad(r, from, "a stage's name stands in quotes: \"Funnel / Stage\", not %s",
                    ret->text);
}

static enum known semantic_matches(char wanted, int entity_type, const char *stage,
                                   const char *known_semantic, struct scope *scope, bool *ret)
{
    char semantic = known_semantic[0];
    enum known known = KNOWN;
    if (semantic == '\0')
        known = scope_semantic(scope, entity_type, stage, &semantic);
    *ret = known == KNOWN && semantic == wanted;
    return known;
}

enum known stage_matches(const struct stage_ref *ref, int entity_type, const char *stage,
                         const char *known_semantic, struct scope *scope, bool *ret)
{
    *ret = false;
    switch (ref->kind) {
    case STAGE_ID:
        *ret = strcmp(ref->text, stage) == 0;
        return KNOWN;
    case STAGE_NAMED: {
        char id[96] = "";
        int64_t category = 0;
        enum known known = scope_stage(scope, entity_type, ref->text, id, &category);
        *ret = known == KNOWN && strcmp(id, stage) == 0;
        return known;
    }
    case STAGE_OPEN:
        return semantic_matches('P', entity_type, stage, known_semantic, scope, ret);
    case STAGE_WON:
        return semantic_matches('S', entity_type, stage, known_semantic, scope, ret);
    case STAGE_LOST:
        return semantic_matches('F', entity_type, stage, known_semantic, scope, ret);
    case STAGE_CURRENT:
        break;
    }
    return KNOWN;
}
