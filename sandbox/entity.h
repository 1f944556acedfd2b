#ifndef SANDBOX_ENTITY_H
#define SANDBOX_ENTITY_H

/* The object types of the CRM and what each is called in which API (bitrix24.md §8.1). One row a
 * kind; smart processes share a row and differ by their number. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sandbox;

enum {
    ENTITY_LEAD = 1,
    ENTITY_DEAL = 2,
    ENTITY_CONTACT = 3,
    ENTITY_COMPANY = 4,
    ENTITY_QUOTE = 7,
    ENTITY_INVOICE = 31,
    ENTITY_FIRST_SMART = 128
};

/* Bits that say which kinds have a field. */
enum entity_bit {
    OF_LEAD = 1,
    OF_DEAL = 2,
    OF_CONTACT = 4,
    OF_COMPANY = 8,
    OF_QUOTE = 16,
    OF_INVOICE = 32,
    OF_SMART = 64,
    OF_ALL = 127,
};

struct entity_kind {
    int64_t type; /* entityTypeId; ENTITY_FIRST_SMART stands for all smart processes */
    enum entity_bit bit;
    const char *name;      /* table, crm.NAME.*, ENTITY_TYPE of comments */
    const char *symbol;    /* LEAD, also LEAD_5 of triggers and documents */
    const char *code;      /* short: L, D … */
    const char *title;     /* of an item without one: "Сделка #5" */
    const char *document;  /* class in document_id[1], §1.7 */
    const char *event;     /* ONCRM{event}ADD */
    const char *directory; /* crm.status.list ENTITY_ID of its stages; NULL: no stages */
    const char *uf_entity; /* ENTITY_ID of its custom fields; NULL: from the type's own id */
    bool funnels;          /* has categories; the directory then ends in _N for category N */
    bool dynamic;          /* its events are ONCRMDYNAMICITEM*, with ENTITY_TYPE_ID */
};

struct entity {
    const struct entity_kind *kind; /* NULL: there is no such type */
    int64_t type;
    char table[32];  /* "deal", "dynamic_147" */
    char symbol[32]; /* "DEAL", "DYNAMIC_147" */
};

struct entity entity_of_type(struct sandbox *, int64_t type);
struct entity entity_of_name(struct sandbox *, const char *name); /* "deal", "dynamic_147" */
/* "DEAL_5": the number is behind the last underscore (§1.7). */
struct entity entity_from_document(struct sandbox *, const char *document, int64_t *ret_id);
/* "D_5", "T93_1" (hex type): what tasks are bound by (§3.5). */
struct entity entity_of_binding(struct sandbox *, const char *binding, int64_t *ret_id);

/* Directory of the stages of one category: "DEAL_STAGE_5". */
void entity_directory(const struct entity *, int64_t category, char out[64]);
/* "CRM_DEAL"; "CRM_3" for the smart process whose type.id is 3. */
void entity_uf_entity(struct sandbox *, const struct entity *, char out[32]);
/* All kinds, for crm.enum.ownertype; NULL behind the last. */
const struct entity_kind *entity_kind_at(size_t index);

#endif
