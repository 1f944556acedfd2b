#ifndef DAEMON_RULES_SEEN_H
#define DAEMON_RULES_SEEN_H

/* What a path found, with what is known of the place: conditions need ids where people see names,
 * filters need to know whose card or currency it is. Pure. */

#include <jansson.h>
#include <stdbool.h>

#include "daemon/rules/fieldname.h"
#include "daemon/rules/scope.h"

struct seen {
    json_t *value;           /* owned, as the portal keeps it (ids); json null when missing */
    struct field_info field; /* the last field on the way; name "" when there was none */
    struct entity entity;    /* what the value stands for: the deal, the contact behind an id */
    bool whole;              /* the path ends at that entity and names none of its fields */
    const json_t *record;    /* borrowed: what the value was a member of; NULL unknown */
};

/* Finds; *ret is filled with KNOWN and has to be done then. */
enum known seen_look(struct scope *, const struct path *, struct seen *ret);
/* Only what the path leads to, without a value: for a field of the rule's own entity, `old`
 * included. Other paths give nothing but KNOWN. Nothing to be done with the result. */
enum known seen_describe(struct scope *, const struct path *, struct seen *ret);
void seen_done(struct seen *);

/* The value as people see it: a contact's full name, a company's title, an option's text; the value
 * itself elsewhere. New reference. */
enum known seen_show(struct scope *, const struct seen *, json_t **ret);
/* The same amid a text, where a list of contacts is a list of their names. */
enum known seen_show_text(struct scope *, const struct seen *, json_t **ret);

/* The rule's own kind of entity, or at run time, when the rule speaks of none, the one at hand. */
int scope_own_type(const struct scope *);
/* The record of an entity; NULL when there is none. Borrowed. */
enum known scope_record(struct scope *, const struct entity *, const json_t **ret);

#endif
