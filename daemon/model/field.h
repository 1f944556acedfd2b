#ifndef DAEMON_MODEL_FIELD_H
#define DAEMON_MODEL_FIELD_H

/* The fields of entities by the names people use: the short names of product.md §2.2, the names of
 * crm.item.fields (§8.2), and where a field leads. Pure, thread-safe. */

#include <stdbool.h>
#include <stddef.h>

enum field_leads {
    FIELD_PLAIN,
    FIELD_TO_USER,     /* the value is a user id */
    FIELD_TO_CONTACT,  /* a contact id */
    FIELD_TO_CONTACTS, /* a list of contact ids */
    FIELD_TO_COMPANY,  /* a company id */
    FIELD_TO_LEAD,     /* a lead id */
    FIELD_TO_DEAL,     /* a deal id */
    FIELD_PHONE,       /* first phone among `fm` (§3.5 multifield universal) */
    FIELD_EMAIL,
    FIELD_PHONES, /* all of them, in their order */
    FIELD_EMAILS,
    FIELD_STAGE,  /* a stage id of the entity's kind */
    FIELD_FUNNEL, /* a category id */
};

struct field {
    const char *word; /* short name ("assigned"), or the same as `name` */
    const char *name; /* as crm.item.* calls it ("assignedById") */
    enum field_leads leads;
};

/* A field of that entity type by short or REST name (REST names: first letter's case as written,
 * UPPER_SNAKE classic names are understood too: ASSIGNED_BY_ID). NULL when the vocabulary does not
 * know it; custom fields are never in it (see field_is_custom). */
const struct field *field_find(int entity_type, const char *word);
/* The kind of entity that the value's ids are of; ENTITY_NONE: it is no id. */
int field_target(enum field_leads);
/* "PHONE", "EMAIL": the typeId of the rows of `fm` that it names; NULL for other fields. */
const char *field_multi_type(enum field_leads);
/* ufCrm…, UF_CRM…, parentId147, PARENT_ID_147: exists on some portal, cannot be checked offline. */
bool field_is_custom(const char *word);
/* All rows that hold for the type, for near_name: fills up to `most` words, returns how many. */
size_t field_words(int entity_type, const char **words, size_t most);
/* Members of a record that change without anyone having changed anything (updatedTime,
 * lastActivityTime …): left out of digests. NULL-ended. */
const char *const *field_volatile(void);

#endif
