#ifndef DAEMON_RULES_FIELDNAME_H
#define DAEMON_RULES_FIELDNAME_H

/* What a field's name in a rule means for one kind of entity: its REST name, where it leads, the
 * options of a list. Labels and UF_ names need the fact `fields:TYPE`. Pure. */

#include <jansson.h>
#include <stdbool.h>

#include "daemon/model/field.h"
#include "daemon/rules/scope.h"

struct field_info {
    char name[96]; /* REST name; "" for what is no field (an event's member, a step's result) */
    int type;      /* the kind it belongs to */
    enum field_leads leads;
    int to;             /* the kind its ids are of; ENTITY_NONE: it leads nowhere */
    bool many;          /* a list */
    bool by_word;       /* by its short name: `contact`, not `contactId` */
    const json_t *spec; /* borrowed from the facts: its entry in fields:TYPE; NULL unless named by
                           label or UF_ name */
};

enum known field_describe(struct scope *, int entity_type, const struct path_part *,
                          struct field_info *ret);

/* "string", "date", "enumeration" …; "" where only the portal knows (field_learn). */
const char *field_type_of(const struct field_info *);
/* Fetches what the portal says of a field named by its REST name: type, options. What it does not
 * know keeps an empty type. */
enum known field_learn(struct scope *, struct field_info *);
/* "SOURCE": the crm_status directory that its values are of (§8.4), NULL: none. */
const char *field_directory(const struct field_info *);
/* Has it options or a directory, so that a text may be the name of a value? */
bool field_is_list(const struct field_info *);
/* Is it a list of options whose texts are known? */
bool field_has_options(const struct field_info *);
/* Option ids (one, or an array) as the texts people see; what is no option stays. New. */
json_t *field_option_texts_new(const struct field_info *, const json_t *ids);
/* The id of the option, or of the value of the directory, with that text or id. KNOWN_BAD names the
 * nearest. New. */
enum known field_option_id(struct scope *, const struct field_info *, const char *text,
                           json_t **ret);

#endif
