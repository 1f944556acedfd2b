#ifndef DAEMON_MODEL_ENTITY_H
#define DAEMON_MODEL_ENTITY_H

/* What rules speak of: leads, deals, contacts … and the words Bitrix24 has for them. The one table
 * of kinds; a new entity type of the portal is a row here. Pure, thread-safe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Bitrix24's entityTypeId for CRM objects (bitrix24.md §8.1); ours, negative, for the rest. */
enum entity_type {
    ENTITY_NONE = 0, /* an event that belongs to nothing we follow */
    ENTITY_LEAD = 1,
    ENTITY_DEAL = 2,
    ENTITY_CONTACT = 3,
    ENTITY_COMPANY = 4,
    ENTITY_QUOTE = 7,
    ENTITY_INVOICE = 31,
    ENTITY_ITEM = 127,       /* any smart process, whichever: no portal has this number */
    ENTITY_ITEM_FIRST = 128, /* this and everything above: a smart process by its number */
    ENTITY_TASK = -1,
    ENTITY_ACTIVITY = -2,
    ENTITY_CALL = -3, /* its id is CALL_ID, a text */
    ENTITY_COMMENT = -4,
    ENTITY_USER = -5,
};

enum { ENTITY_ID_SIZE = 96 };

struct entity {
    int type;
    char id[ENTITY_ID_SIZE]; /* decimal for all but calls; "" with ENTITY_NONE */
};

/* One row of the vocabulary. Texts are static. */
struct entity_kind {
    int type;                   /* ENTITY_ITEM stands for every smart process */
    const char *word;           /* "deal": what rules and people say */
    const char *event_stem;     /* "ONCRMDEAL" + ADD, UPDATE, DELETE; NULL: no such events */
    bool universal;             /* reached through crm.item.* (§8.2) */
    bool has_stages;            /* stageId; stage history exists (§8.4) */
    bool has_funnels;           /* categoryId; crm.category.list answers */
    const char *document;       /* "DEAL": bizproc and trigger id before "_n" (§8.1) */
    const char *document_class; /* document_id[1] of a robot (§1.7) */
    const char *timeline;       /* ENTITY_TYPE of crm.timeline.comment.add (§8.5); NULL: none */
    const char *short_code;     /* "D" of D_351 (§3.5) */
    const char *directory; /* stage directory of crm.status.list, without "_{category}" (§8.4);
                              "{type}" stands for the number; see entity_print_directory */
    const char *card;      /* path of the card, "{type}" and "{id}" in it stand for theirs; ""
                              when there is none; see entity_print_card */
};

/* NULL for an unknown type; ENTITY_ITEM's row for every type ≥ 128. */
const struct entity_kind *entity_kind_of(int type);
const struct entity_kind *entity_kind_by_word(const char *word);
/* All rows, for near_name and tables in docs. */
const struct entity_kind *entity_kinds(size_t *ret_count);

/* What an event's name says: its kind and what happened. Names are compared without case
 * (bitrix24.md §10 no. 34). ONCRMDYNAMICITEMADD_147 names its type, ONCRMDYNAMICITEMADD leaves it
 * to the data (*ret_type = ENTITY_ITEM then). False for names that follow nothing we know. */
enum entity_happening { HAPPENING_OTHER, HAPPENING_ADDED, HAPPENING_UPDATED, HAPPENING_DELETED };
bool entity_of_event(const char *name, int *ret_type, enum entity_happening *ret);

/* "DEAL_123", "DYNAMIC_147_1", "SMART_INVOICE_5": split at the last underscore (§1.7). */
bool entity_of_document(const char *document_id, struct entity *ret);
/* The reverse, for triggers and workflows; false when the kind has no document. */
bool entity_print_document(const struct entity *, char out[ENTITY_ID_SIZE + 32]);
/* "D_351", "T80_6": tasks' UF_CRM_TASK (§3.5). */
bool entity_print_binding(const struct entity *, char out[ENTITY_ID_SIZE + 32]);
bool entity_read_binding(const char *binding, struct entity *ret);
/* "deal", "dynamic_147": crm.timeline.comment.* (§8.5). */
bool entity_print_timeline(const struct entity *, char out[48]);

/* "/crm/type/147/details/22/": the card on the portal; false when the kind has none. */
bool entity_print_card(const struct entity *, char out[ENTITY_ID_SIZE + 64]);
/* "DEAL_STAGE", "DEAL_STAGE_5", "DYNAMIC_147_STAGE_9": the directory of the stages of one funnel
 * (deals leave out category 0; leads and quotes have one directory). False without stages. */
bool entity_print_directory(int type, long long category, char out[64]);

/* "deal 123", "item 147 22" for people; and back ("deal", "123" / "item", "147", "22"). */
void entity_print(const struct entity *, char out[ENTITY_ID_SIZE + 32]);
bool entity_parse(const char *const *words, size_t count, struct entity *ret,
                  struct err *) MUST_CHECK;

bool entity_same(const struct entity *, const struct entity *);
/* Of an entity of that portal, for tables in memory. */
uint64_t entity_hash(int64_t portal, const struct entity *);
/* A decimal id from 1 to 2^63-1 without leading zeros? */
bool entity_id_is_number(const char *id);

#endif
