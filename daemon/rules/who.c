#include "daemon/rules/who.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/number.h"
#include "daemon/model/need.h"

enum { MOST_STEPS_UP = 10 };

int64_t user_id_of(const json_t *value)
{
    int64_t id = 0;
    if (json_is_integer(value))
        id = json_integer_value(value);
    const char *text = json_string_value(value);
    if (text != NULL && !number_int(strncmp(text, "user_", 5) == 0 ? text + 5 : text, &id))
        id = 0;
    return id > 0 ? id : 0;
}

static enum known numbered_fact(struct scope *scope, enum need_kind kind, int64_t id,
                                const json_t **ret)
{
    char argument[24], need[NEED_SIZE];
    (void)snprintf(argument, sizeof argument, "%" PRId64, id);
    need_print(kind, argument, need);
    enum known known = scope_fact(scope, need, ret);
    if (known == KNOWN && !json_is_object(*ret))
        *ret = NULL;
    return known;
}

enum known user_record(struct scope *scope, int64_t id, const json_t **ret)
{
    return numbered_fact(scope, NEED_USER, id, ret);
}

bool user_has_left(const json_t *record)
{
    return json_object_get(record, "ACTIVE") != NULL && !jv_flag(record, "ACTIVE");
}

void user_print_name(struct buf *out, const json_t *record)
{
    const char *first = jv_text(record, "NAME", ""), *last = jv_text(record, "LAST_NAME", "");
    buf_text(out, first);
    if (first[0] != '\0' && last[0] != '\0')
        buf_char(out, ' ');
    buf_text(out, last);
}

/* ---- heads ----------------------------------------------------------------------------------- */

/* UF_DEPARTMENT is a list of numbers, or nothing. */
static int64_t first_department(const json_t *record)
{
    const json_t *list = json_object_get(record, "UF_DEPARTMENT");
    if (json_is_array(list))
        return jv_int(list, "0", 0);
    return user_id_of(list);
}

enum known department_head(struct scope *scope, int64_t department, int64_t but, int64_t *ret)
{
    *ret = 0;
    for (int step = 0; step <= MOST_STEPS_UP && department > 0; step++) {
        const json_t *record;
        enum known known = numbered_fact(scope, NEED_DEPARTMENT, department, &record);
        if (known != KNOWN)
            return known;
        int64_t head = jv_int(record, "UF_HEAD", 0);
        if (head > 0 && head != but) {
            *ret = head;
            return KNOWN;
        }
        department = jv_int(record, "PARENT", 0);
    }
    return KNOWN;
}

enum known user_head(struct scope *scope, int64_t id, int64_t *ret)
{
    const json_t *record;
    enum known known = user_record(scope, id, &record);
    return known == KNOWN ? department_head(scope, first_department(record), id, ret) : known;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static enum known member(struct scope *scope, const json_t *record, const char *name, json_t **ret)
{
    (void)scope;
    json_t *value = json_object_get(record, name);
    *ret = value != NULL ? json_incref(value) : json_null();
    return KNOWN;
}

static enum known full_name(struct scope *scope, const json_t *record, const char *name,
                            json_t **ret)
{
    (void)scope;
    (void)name;
    struct buf text BUF_AUTO;
    buf_init(&text, 1024);
    user_print_name(&text, record);
    *ret = text.size > 0 ? jv_string_new(text.data) : json_null();
    return KNOWN;
}

static enum known first_phone(struct scope *scope, const json_t *record, const char *name,
                              json_t **ret)
{
    bool mobile = jv_text(record, "PERSONAL_MOBILE", "")[0] != '\0';
    return member(scope, record, mobile ? "PERSONAL_MOBILE" : name, ret);
}

static enum known department_name(struct scope *scope, const json_t *record, const char *name,
                                  json_t **ret)
{
    int64_t id = first_department(record);
    const json_t *department = NULL;
    enum known known = id > 0 ? numbered_fact(scope, NEED_DEPARTMENT, id, &department) : KNOWN;
    return known == KNOWN ? member(scope, department, name, ret) : known;
}

static const struct row {
    const char *word, *name;
    enum known (*get)(struct scope *, const json_t *record, const char *name, json_t **ret);
} rows[] = {
    {"id", "ID", member},
    {"name", "NAME", member},
    {"lastName", "LAST_NAME", member},
    {"secondName", "SECOND_NAME", member},
    {"fullName", NULL, full_name},
    {"email", "EMAIL", member},
    {"phone", "WORK_PHONE", first_phone},
    {"position", "WORK_POSITION", member},
    {"department", "NAME", department_name},
    {"active", "ACTIVE", member},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static const struct row *row_find(const char *word)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strcmp(rows[i].word, word) == 0)
            return &rows[i];
    return NULL;
}

/* PERSONAL_CITY, UF_INTERESTS: as user.get calls it. */
static bool is_upper_name(const char *name)
{
    return name[0] >= 'A' && name[0] <= 'Z' &&
           name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == '\0';
}

enum known user_field(struct scope *scope, int64_t id, const struct path_part *part, json_t **ret)
{
    const struct row *row = row_find(part->text);
    const json_t *record = NULL;
    if (part->quoted || (row == NULL && !is_upper_name(part->text))) {
        (void)err_set(&scope->err, "unknown field \"%s\" of user", part->text);
        return KNOWN_BAD;
    }
    enum known known = id > 0 ? user_record(scope, id, &record) : KNOWN;
    if (known != KNOWN)
        return known;
    if (row == NULL)
        return member(scope, record, part->text, ret);
    return row->get(scope, record, row->name, ret);
}

bool user_has_field(const char *name)
{
    return strcmp(name, "head") == 0 || row_find(name) != NULL || is_upper_name(name);
}

const char *const *user_words(void)
{
    static const char *const words[] = {"id",         "name",   "lastName", "secondName",
                                        "fullName",   "email",  "phone",    "position",
                                        "department", "active", "head",     NULL};
    return words;
}
