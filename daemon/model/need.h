#ifndef DAEMON_MODEL_NEED_H
#define DAEMON_MODEL_NEED_H

/* A fact that a decision is missing. `rules/` names it, `portal/` knows how to read it, the engine
 * carries it. A need is a text "KIND:ARGUMENT"; facts are a JSON object need → value. A value that
 * does not exist is null (which is known), a missing member is unknown (which is a need).
 *
 *   entity:TYPE:ID         the record of crm.item.get, tasks.task.get or crm.activity.get (§8.2,
 *                          8.5, 8.7); null when deleted
 *   user:ID                object of user.get, UPPER keys (§8.10); null when there is none
 *   user-email:TEXT        the same
 *   user-name:TEXT         array of such objects ("Имя Фамилия" or "Фамилия Имя")
 *   department:ID          object of department.get (§8.10); null when there is none
 *   department-name:TEXT   array of such objects
 *   stages:TYPE            {"funnels":[{id,name}],
 *                           "stages":[{id,name,category,semantic P/S/F}]} (§8.4)
 *   fields:TYPE            `fields` of crm.item.fields (§8.2)
 *   history:TYPE:ID:AFTER  array {id,time_ms,stage,category,semantic,kind} of
 *                          crm.stagehistory.list with ID > AFTER, oldest first (§8.4); [] when the
 *                          portal has none
 *   activity:ID            {"record": object of crm.activity.list with COMMUNICATIONS, "bindings":
 *                          [{entityTypeId,entityId}]} (§8.5); null when deleted
 *   open:TYPE:TYPE2:ID     ids of the deals or leads (TYPE) at work of a contact or company (§8.2)
 *   owners:PHONE           array of {type,id}: leads, contacts, companies with that phone (§8.6)
 *   lines:TYPE:ID          ids of the open-line chats of that entity, newest last (§8.8)
 *   written:TYPE:ID        {"client_ms","we_ms"}: when the client and one of us last wrote in the
 *                          newest open-line chats of that entity, 0: never, or it may not be read
 *                          (§8.8)
 *   whoami:                user id that the webhook acts as (§8.14)
 *   presence:ID:DATE       {"absent":[{"from","to","days"}], "status", "start"}: `absent` entries
 *                          of calendar.accessibility.get on that day in seconds UTC (`days`: whole
 *                          ones), and the working day by timeman.status; null members where the
 *                          portal refuses to say (§8.10)
 *   load:ID                how many open tasks and to-dos the user has (§8.5, §8.7)
 *   team:NAME              {"turn","last","given":{ID: n}}: the team's rotation. The engine's own
 *                          knowledge, not the portal's: how many turns were taken, who had the
 *                          last one, and what was given since the sitting began
 *   users:                 all who are ACTIVE: array {id,name,email} (§8.10); to say who was meant
 *   departments:           all of them: array {id,name} (§8.10); to say which was meant
 *   types:                 smart processes: array {id,title}, id being the entityTypeId (§8.1)
 *   directory:NAME         a list of crm_status values such as SOURCE: array {id,name} (§8.4)
 *   scope:                 array of scope codes granted to the webhook (§8.14)
 *   method:NAME            {"isExisting","isAvailable"} of method.get (§8.14)
 *   admin:                 does the webhook act as an administrator? (§8.14)
 *   templates:TYPE         document templates of that kind: array {id,name} (§8.6)
 */

#include <stdbool.h>
#include <stddef.h>

enum need_kind {
    NEED_ENTITY,
    NEED_USER,
    NEED_USER_EMAIL,
    NEED_USER_NAME,
    NEED_DEPARTMENT,
    NEED_DEPARTMENT_NAME,
    NEED_STAGES,
    NEED_FIELDS,
    NEED_HISTORY,
    NEED_ACTIVITY,
    NEED_OPEN,
    NEED_OWNERS,
    NEED_LINES,
    NEED_WRITTEN,
    NEED_WHOAMI,
    NEED_PRESENCE,
    NEED_LOAD,
    NEED_TEAM,
    NEED_USERS,
    NEED_DEPARTMENTS,
    NEED_TYPES,
    NEED_DIRECTORY,
    NEED_TEMPLATES,
    NEED_SCOPE,
    NEED_METHOD,
    NEED_ADMIN,
};

enum { NEED_SIZE = 256 };

/* "KIND:ARGUMENT" apart; *ret_argument points into `need`. False when the kind is unknown. */
bool need_split(const char *need, enum need_kind *ret_kind, const char **ret_argument);
/* Builds one; an argument that does not fit is cut at NEED_SIZE (then it finds nothing). */
void need_print(enum need_kind, const char *argument, char out[NEED_SIZE]);
void need_print_entity(int type, const char *id, char out[NEED_SIZE]);
/* How long a value may be reused, ms: entities 0 (one sitting only), users minutes, names a day. */
long need_keep_ms(enum need_kind);

#endif
