/* Who is meant by a text: users and heads by id, e-mail and name (scope_users). */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/near.h"
#include "common/scan.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/candidates.h"
#include "daemon/rules/team.h"
#include "daemon/rules/who.h"

enum { MOST_USERS = 100 };

static enum known named_fact(struct scope *scope, enum need_kind kind, const char *name,
                             const json_t **ret)
{
    char need[NEED_SIZE];
    need_print(kind, name, need);
    return scope_fact(scope, need, ret);
}

static enum known add_user(struct scope *scope, json_t *ids, int64_t id)
{
    size_t i;
    json_t *known;
    json_array_foreach (ids, i, known)
        if (json_integer_value(known) == id)
            return KNOWN;
    if (json_array_size(ids) == MOST_USERS)
        return scope_bad(scope, "more than %d users are meant", MOST_USERS);
    (void)json_array_append_new(ids, json_integer(id));
    return KNOWN;
}

/* Who still works here, when a name is borne by several. */
static const json_t *only_active(const json_t *users)
{
    const json_t *found = NULL;
    size_t i;
    json_t *user;
    json_array_foreach (jv_loose(users), i, user) {
        if (!jv_flag(user, "ACTIVE"))
            continue;
        if (found != NULL)
            return NULL;
        found = user;
    }
    return found;
}

/* Colleagues share what stands behind the @: it makes nobody a neighbour. */
static bool is_near_email(const char *text, const char *near)
{
    char *wrong = mem_strndup(text, strcspn(text, "@"));
    char *right = mem_strndup(near, strcspn(near, "@"));
    bool is = near_name(wrong, (const char *const[]){right}, 1) != NULL;
    mem_free(wrong);
    mem_free(right);
    return is;
}

/* "Иванов Иван" of "Иван Иванов". mem_free. */
static char *turned_new(const char *name)
{
    size_t head = strcspn(name, " ");
    const char *tail = name + head + strspn(name + head, " ");
    return mem_printf("%s %.*s", tail, (int)head, name);
}

/* The entry of `users:` with that e-mail or name, case ignored; NULL when there is none, or a
 * second one. */
static const json_t *among_all(const json_t *users, const char *text)
{
    char *turned = turned_new(text);
    const json_t *found = NULL;
    size_t i, count = 0;
    json_t *user;
    json_array_foreach (jv_loose(users), i, user) {
        const char *name = jv_text(user, "name", "");
        if (!utf8_same(name, text) && !utf8_same(name, turned) &&
            !utf8_same(jv_text(user, "email", ""), text))
            continue;
        found = user;
        count++;
    }
    mem_free(turned);
    return count == 1 ? found : NULL;
}

/* The portal's filter is exact, people are not: where names are tried all users are looked through,
 * for him and for who may have been meant. */
static enum known user_of_all(struct scope *scope, const char *text, int64_t *ret)
{
    struct candidates candidates = {0};
    const json_t *users = NULL;
    char need[NEED_SIZE];
    need_print(NEED_USERS, "", need);
    enum known known = scope_is_trial(scope) ? scope_fact(scope, need, &users) : KNOWN;
    if (known != KNOWN)
        return known;
    *ret = jv_int(among_all(users, text), "id", 0);
    if (*ret > 0)
        return KNOWN;
    candidates_add_rows(&candidates, users, strchr(text, '@') != NULL ? "email" : "name");
    const char *near = near_name(text, candidates.names, candidates.count);
    if (near == NULL || (strchr(text, '@') != NULL && !is_near_email(text, near)))
        candidates.count = 0;
    return candidates_bad(scope, &candidates, text, "unknown user \"%s\"", text);
}

/* "5 ivanov@firm.ru, 6": those to choose from. */
static void print_candidates(struct buf *out, const json_t *users)
{
    enum { SHOWN = 5 };
    size_t i;
    json_t *user;
    json_array_foreach (jv_loose(users), i, user) {
        const char *email = jv_text(user, "EMAIL", "");
        if (i < SHOWN)
            buf_printf(out, "%s%" PRId64 "%s%s", i > 0 ? ", " : "", jv_int(user, "ID", 0),
                       email[0] != '\0' ? " " : "", email);
    }
    if (i > SHOWN)
        buf_text(out, " …");
}

static enum known user_of_list(struct scope *scope, const json_t *users, const char *name,
                               int64_t *ret)
{
    size_t count = json_array_size(users);
    const json_t *user = count == 1 ? json_array_get(users, 0) : only_active(users);
    *ret = jv_int(user, "ID", 0);
    if (*ret > 0)
        return KNOWN;
    if (count < 2)
        return user_of_all(scope, name, ret);
    struct buf candidates BUF_AUTO;
    buf_init(&candidates, 1024);
    print_candidates(&candidates, users);
    return scope_bad(scope, "%zu users are called \"%s\" (%s); write an id or an e-mail", count,
                     name, candidates.data);
}

static enum known user_by_name(struct scope *scope, const char *name, int64_t *ret)
{
    const json_t *users;
    enum known known = named_fact(scope, NEED_USER_NAME, name, &users);
    return known == KNOWN ? user_of_list(scope, users, name, ret) : known;
}

static enum known user_by_email(struct scope *scope, const char *email, int64_t *ret)
{
    const json_t *user;
    enum known known = named_fact(scope, NEED_USER_EMAIL, email, &user);
    if (known != KNOWN)
        return known;
    *ret = jv_int(user, "ID", 0);
    return *ret > 0 ? KNOWN : user_of_all(scope, email, ret);
}

static enum known numbered_user(struct scope *scope, const char *text, int64_t id)
{
    const json_t *record = NULL;
    enum known known = user_record(scope, id, &record);
    if (known == KNOWN && record == NULL)
        return scope_bad(scope, "there is no user %" PRId64, id);
    if (known == KNOWN)
        scope_pin_note(scope, "user", ENTITY_USER, text, json_integer(id));
    return known;
}

/* "17", "user_17", an e-mail, a full name. */
static enum known one_user(struct scope *scope, const char *text, int64_t *ret)
{
    JV_AUTO *value = json_string(text);
    const json_t *record;
    *ret = user_id_of(value);
    if (*ret > 0)
        return scope_is_trial(scope) ? numbered_user(scope, text, *ret) : KNOWN;
    *ret = user_id_of(scope_pin(scope, "user", ENTITY_USER, text));
    if (*ret > 0 && scope_is_trial(scope)) /* what he is called now is to be told */
        (void)user_record(scope, *ret, &record);
    if (*ret > 0)
        return KNOWN;
    enum known known = strchr(text, '@') != NULL ? user_by_email(scope, text, ret)
                                                 : user_by_name(scope, text, ret);
    if (known == KNOWN)
        scope_pin_note(scope, "user", ENTITY_USER, text, json_integer(*ret));
    return known;
}

static enum known head_of_user(struct scope *scope, const char *text, int64_t *ret)
{
    int64_t id;
    enum known known = one_user(scope, text, &id);
    if (known == KNOWN)
        known = user_head(scope, id, ret);
    if (known == KNOWN && *ret == 0)
        return scope_bad(scope, "user \"%s\" has no head", text);
    return known;
}

static enum known head_of_department(struct scope *scope, int64_t id, const char *name,
                                     int64_t *ret)
{
    enum known known = department_head(scope, id, 0, ret);
    if (known == KNOWN && *ret == 0)
        return scope_bad(scope, "department \"%s\" has no head", name);
    return known;
}

/* The id of the department of that name, 0: there is none. */
static enum known department_of_name(struct scope *scope, const char *name, int64_t *ret)
{
    const json_t *departments;
    *ret = user_id_of(scope_pin(scope, "department", ENTITY_NONE, name));
    if (*ret > 0)
        return KNOWN;
    enum known known = named_fact(scope, NEED_DEPARTMENT_NAME, name, &departments);
    if (known != KNOWN)
        return known;
    size_t count = json_array_size(departments);
    if (count > 1)
        return scope_bad(scope,
                         "%zu departments are called \"%s\" (%" PRId64 ", %" PRId64
                         "%s); write the head himself",
                         count, name, jv_int(departments, "0.ID", 0),
                         jv_int(departments, "1.ID", 0), count > 2 ? " …" : "");
    *ret = jv_int(departments, "0.ID", 0);
    if (*ret > 0)
        scope_pin_note(scope, "department", ENTITY_NONE, name, json_integer(*ret));
    return KNOWN;
}

/* As user_of_all: by a name in another case, or who may have been meant. */
static enum known department_of_all(struct scope *scope, const char *name, int64_t *ret)
{
    struct candidates candidates = {0};
    const json_t *all = NULL;
    char need[NEED_SIZE];
    size_t i;
    json_t *row;
    need_print(NEED_DEPARTMENTS, "", need);
    enum known known = scope_is_trial(scope) ? scope_fact(scope, need, &all) : KNOWN;
    if (known != KNOWN)
        return known;
    json_array_foreach (jv_loose(all), i, row)
        if (utf8_same(jv_text(row, "name", ""), name)) {
            *ret = jv_int(row, "id", 0);
            scope_pin_note(scope, "department", ENTITY_NONE, name, json_integer(*ret));
            return KNOWN;
        }
    candidates_add_rows(&candidates, all, "name");
    return candidates_bad(scope, &candidates, name, "no department and no user is called \"%s\"",
                          name);
}

/* "Отдел продаж" is looked for among departments first; both lists are asked for at once. */
static enum known head_of_name(struct scope *scope, const char *name, int64_t *ret)
{
    const json_t *users;
    int64_t id;
    if (scope_pin(scope, "user", ENTITY_USER, name) != NULL)
        return head_of_user(scope, name, ret);
    enum known known = department_of_name(scope, name, &id);
    enum known other = id > 0 ? KNOWN : named_fact(scope, NEED_USER_NAME, name, &users);
    if (known == KNOWN && id == 0 && other == KNOWN && json_array_size(users) == 0)
        known = department_of_all(scope, name, &id);
    if (known != KNOWN || other != KNOWN)
        return known != KNOWN ? known : other;
    return id > 0 ? head_of_department(scope, id, name, ret) : head_of_user(scope, name, ret);
}

static enum known head_of(struct scope *scope, const char *text, int64_t *ret)
{
    JV_AUTO *value = json_string(text);
    if (text[0] == '\0')
        return scope_bad(scope, "\"head of\" needs a department or a user behind it");
    if (user_id_of(value) > 0 || strchr(text, '@') != NULL)
        return head_of_user(scope, text, ret);
    return head_of_name(scope, text, ret);
}

/* The text behind a leading word and a blank ("head of X"), or NULL. */
static const char *behind(const char *text, const char *words)
{
    size_t length = strlen(words);
    if (strncmp(text, words, length) != 0 || (text[length] != ' ' && text[length] != '\0'))
        return NULL;
    text += length;
    return text + strspn(text, " ");
}

enum known user_of_text(struct scope *scope, const char *text, int64_t *ret)
{
    const char *name = behind(text, "head of");
    const char *whom = name != NULL ? name : text;
    char *bare = scan_bare_new(whom, strlen(whom));
    enum known known = name != NULL ? head_of(scope, bare, ret) : one_user(scope, bare, ret);
    mem_free(bare);
    return known;
}

static enum known add_team(struct scope *scope, json_t *ids, const char *name)
{
    JV_AUTO *members = json_array();
    enum known known = team_users(scope, name, members);
    size_t i;
    json_t *id;
    json_array_foreach (members, i, id)
        if (known == KNOWN)
            known = add_user(scope, ids, json_integer_value(id));
    return known;
}

static enum known add_by_text(struct scope *scope, json_t *ids, const char *text)
{
    int64_t id = 0;
    const char *team = behind(text, "team");
    if (team != NULL)
        return add_team(scope, ids, team);
    enum known known = user_of_text(scope, text, &id);
    return known == KNOWN ? add_user(scope, ids, id) : known;
}

/* The worse of two: BAD ends all, NOT may still be gathered on. */
static enum known worse(enum known a, enum known b)
{
    return a == KNOWN_BAD || b == KNOWN ? a : b;
}

static enum known add_by_list(struct scope *scope, json_t *ids, const char *text)
{
    enum known all = KNOWN;
    while (*text != '\0' && all != KNOWN_BAD) {
        size_t length = scan_entry(text);
        char *entry = scan_bare_new(text, length);
        if (entry[0] != '\0')
            all = worse(all, add_by_text(scope, ids, entry));
        mem_free(entry);
        text += length + (text[length] == ',' ? 1 : 0);
    }
    return all;
}

static enum known add_by_value(struct scope *scope, json_t *ids, const json_t *value)
{
    if (json_is_string(value))
        return add_by_list(scope, ids, json_string_value(value));
    int64_t id = user_id_of(value);
    return id > 0 ? add_user(scope, ids, id) : KNOWN; /* 0 and null are nobody */
}

enum known scope_users(struct scope *scope, const json_t *value, json_t **ret_ids)
{
    json_t *ids = json_array(), *entry;
    enum known all = json_is_array(value) ? KNOWN : add_by_value(scope, ids, value);
    size_t i;
    json_array_foreach (jv_loose(value), i, entry)
        if (all != KNOWN_BAD)
            all = worse(all, add_by_value(scope, ids, entry));
    if (all == KNOWN)
        *ret_ids = ids;
    else
        json_decref(ids);
    return all;
}
