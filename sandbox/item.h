#ifndef SANDBOX_ITEM_H
#define SANDBOX_ITEM_H

/* CRM objects of every type: how they are made, changed and shown (bitrix24.md §8.2, §8.3). A
 * record is an object under the camelCase names of the universal API. */

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/entity.h"
#include "sandbox/field.h"
#include "sandbox/method.h"

enum item_view { ITEM_CAMEL, ITEM_ORIGINAL_UF, ITEM_CLASSIC };

struct item_edit {
    struct call *call; /* who acts; errors go there */
    struct entity entity;
    const json_t *fields; /* as given, under the names of `view` */
    enum item_view view;
    json_t *row; /* of an update: the record; of an add: NULL */
};

/* Both raise events and write the stage history. False when the call failed. */
bool item_add(struct item_edit *, json_t **ret_row);
/* What changes nothing is not saved and raises no event (§8.2). */
bool item_alter(struct item_edit *);
void item_delete(struct sandbox *, const struct entity *, int64_t id);

/* The whole record; `select` (array or map of names, NULL: all) narrows it. Multifields come with
 * it when `select` is NULL or has "*" (§3.6). New. */
json_t *item_view_new(const struct field_set *, const json_t *row, enum item_view,
                      const json_t *select);
const struct field *item_field(const struct field_set *, const char *name, enum item_view);

/* Something was done to the object by `user` (a comment, a to-do): no update, no event. */
void item_touch(struct sandbox *, const struct entity *, int64_t id, int64_t user);

#endif
