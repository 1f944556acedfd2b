#include "daemon/store/change.h"

#include <assert.h>
#include <string.h>

#include "common/mem.h"

enum { FIRST_BYTES = 960 }; /* malloc keeps no ready pieces beyond a kilobyte */

struct store_change *store_change_new(void)
{
    return mem_alloc(sizeof(struct store_change));
}

void store_change_free(struct store_change *change)
{
    if (change == NULL)
        return;
    mem_free(change->bytes);
    mem_free(change);
}

void change_push(struct change_list *list, struct store_change *change)
{
    change->next = NULL;
    if (list->tail != NULL)
        list->tail->next = change;
    else
        list->head = change;
    list->tail = change;
    list->length++;
}

struct store_change *change_pop(struct change_list *list)
{
    struct store_change *change = list->head;
    if (change == NULL)
        return NULL;
    list->head = change->next;
    if (list->head == NULL)
        list->tail = NULL;
    list->length--;
    return change;
}

void change_append(struct change_list *to, struct change_list *from)
{
    if (from->head == NULL)
        return;
    if (to->tail != NULL)
        to->tail->next = from->head;
    else
        to->head = from->head;
    to->tail = from->tail;
    to->length += from->length;
    *from = (struct change_list){0};
}

/* ---- packing: statement, count, then each value as kind and number or length, text, NUL ------ */

static unsigned char *reserve(struct store_change *change, size_t size)
{
    if (size > change->capacity - change->size) {
        size_t wanted = change->size + size;
        size_t capacity = change->capacity > 0 ? change->capacity : FIRST_BYTES;
        while (capacity < wanted)
            capacity *= 2;
        change->bytes = mem_grow(change->bytes, capacity, 1);
        change->capacity = capacity;
    }
    unsigned char *place = change->bytes + change->size;
    change->size += size;
    return place;
}

static void pack_value(struct store_change *change, const struct value *value)
{
    *reserve(change, 1) = (unsigned char)value->kind;
    if (value->kind == VALUE_INT)
        memcpy(reserve(change, sizeof value->number), &value->number, sizeof value->number);
    if (value->kind == VALUE_TEXT) {
        size_t length = strlen(value->text);
        memcpy(reserve(change, sizeof length), &length, sizeof length);
        memcpy(reserve(change, length + 1), value->text, length + 1);
    }
}

void change_add(struct store_change *change, enum sql_write statement, const struct value *values,
                size_t count)
{
    assert(count <= CHANGE_MOST_VALUES);
    unsigned char *head = reserve(change, 2);
    head[0] = (unsigned char)statement;
    head[1] = (unsigned char)count;
    for (size_t i = 0; i < count; i++)
        pack_value(change, &values[i]);
    change->weight++;
}

static size_t unpack_value(const unsigned char *bytes, struct value *ret)
{
    *ret = (struct value){.kind = (enum value_kind)bytes[0]};
    size_t length = 0;
    switch (ret->kind) {
    case VALUE_NULL:
        return 1;
    case VALUE_INT:
        memcpy(&ret->number, bytes + 1, sizeof ret->number);
        return 1 + sizeof ret->number;
    case VALUE_TEXT:
        memcpy(&length, bytes + 1, sizeof length);
        ret->number = (int64_t)length;
        ret->text = (const char *)bytes + 1 + sizeof length;
        return 1 + sizeof length + length + 1;
    }
    return 1;
}

bool change_row(const struct store_change *change, size_t *at, struct change_row *ret)
{
    if (*at >= change->size)
        return false;
    ret->statement = (enum sql_write)change->bytes[*at];
    ret->count = change->bytes[*at + 1];
    *at += 2;
    for (size_t i = 0; i < ret->count; i++)
        *at += unpack_value(change->bytes + *at, &ret->values[i]);
    return true;
}

void change_bind(sqlite3_stmt *stmt, const struct change_row *row)
{
    (void)sqlite3_reset(stmt);
    assert((int)row->count == sqlite3_bind_parameter_count(stmt));
    for (size_t i = 0; i < row->count; i++) {
        const struct value *value = &row->values[i];
        int place = (int)i + 1;
        int code = SQLITE_MISUSE;
        switch (value->kind) {
        case VALUE_NULL:
            code = sqlite3_bind_null(stmt, place);
            break;
        case VALUE_INT:
            code = sqlite3_bind_int64(stmt, place, value->number);
            break;
        case VALUE_TEXT:
            code = sqlite3_bind_text64(stmt, place, value->text, (sqlite3_uint64)value->number,
                                       SQLITE_STATIC, SQLITE_UTF8);
            break;
        }
        /* SQLITE_TOOBIG needs a text of a gigabyte, far above every ceiling on the way here. */
        assert(code == SQLITE_OK);
    }
}
