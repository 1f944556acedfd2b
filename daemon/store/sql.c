#include "daemon/store/sql.h"

/* Columns in the order in which columns.c reads them. */
#define EVENT_COLUMNS                                                                              \
    "id, portal, source, name, happening, entity_type, entity_id, own_id, priority, "              \
    "received_ms, sent_s, body, query, cause_run, state"
#define RUN_COLUMNS                                                                                \
    "id, portal, rule, version, entity_type, entity_id, state, priority, step, due_ms, attempt, "  \
    "cause_event, cause_run, chain, vars, reason, created_ms, updated_ms, "                        \
    "(SELECT name FROM portal WHERE portal.id = run.portal)"
#define EFFECT_COLUMNS                                                                             \
    "id, run_id, portal, entity_type, entity_id, call, kind, method, params, writes, unsure, "     \
    "look, step, attempt, verdict, intended_ms, sent_ms, settled_ms, result, error, text, looked"

/* What a list looks at before it reads a run: whether it fits, and where to go on. */
#define LIST_COLUMNS "id, portal, rule, state, updated_ms, reason, "

#define INSERT_EVENT(state)                                                                        \
    "INSERT INTO event (id, portal, source, name, happening, entity_type, entity_id, own_id, "     \
    "priority, received_ms, sent_s, body, query, cause_run, state) "                               \
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, " state ")"

/* Partial indexes are used only where their condition stands in the statement word for word. */

const char *const sql_writes[SQL_WRITES] = {
    [WRITE_BEGIN] = "BEGIN IMMEDIATE",
    [WRITE_COMMIT] = "COMMIT",
    [WRITE_EVENT] = INSERT_EVENT("1"),
    [WRITE_PASSING] = INSERT_EVENT("2"),
    [WRITE_SEEN] = "UPDATE event SET state = 2 WHERE id = ?1 AND state = 1",
    /* Not INSERT OR REPLACE: that would quietly delete another running run of the entity. What a
     * run is about stays as it is: a column that is set, even to the same, costs its indexes. */
    [WRITE_RUN] =
        "INSERT INTO run (id, portal, rule, version, entity_type, entity_id, state, priority, "
        "step, due_ms, attempt, cause_event, cause_run, chain, vars, reason, created_ms, "
        "updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
        "?16, ?17, ?18) ON CONFLICT (id) DO UPDATE SET (version, state, priority, step, "
        "due_ms, attempt, cause_event, cause_run, chain, vars, reason, updated_ms) = "
        "(?4, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?18)",
    [WRITE_RUN_BEGUN] = "UPDATE run SET created_ms = ?2 WHERE id = ?1 AND created_ms = 0",
    [WRITE_SNAPSHOT] =
        "INSERT INTO snapshot (portal, entity_type, entity_id, fields, digest, added_told, "
        "deleted, history_id, stage_since_ms, looked_ms) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
        "ON CONFLICT (portal, entity_type, entity_id) DO UPDATE SET (fields, digest, added_told, "
        "deleted, history_id, stage_since_ms, looked_ms) = (?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [WRITE_FIRED] =
        "INSERT INTO fired (portal, entity_type, entity_id, rule, total, last_ms, visit_ms) "
        "VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6) "
        "ON CONFLICT (portal, entity_type, entity_id, rule) DO UPDATE SET "
        "(total, last_ms, visit_ms) = (total + 1, ?5, ?6)",
    [WRITE_OWN] = "INSERT INTO fired_own (portal, entity_type, entity_id, rule, own_id, at_ms) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    /* Thawing (until 0) forgets the firings so far: only runs with later ids count from now on. */
    [WRITE_FROZEN] =
        "INSERT INTO fired (portal, entity_type, entity_id, rule, frozen_ms, frozen_why, "
        "thawed_run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
        "iif(?5 = 0, coalesce((SELECT max(id) FROM run), 0), 0)) "
        "ON CONFLICT (portal, entity_type, entity_id, rule) DO UPDATE SET frozen_ms = ?5, "
        "frozen_why = ?6, thawed_run = iif(?5 = 0, excluded.thawed_run, thawed_run)",
    [WRITE_EFFECT] =
        "INSERT INTO effect (id, run_id, portal, entity_type, entity_id, call, kind, method, "
        "params, writes, unsure, look, step, attempt, verdict, intended_ms, sent_ms, settled_ms, "
        "result, error, text, looked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
        "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22) ON CONFLICT (id) DO UPDATE SET "
        "(call, kind, method, params, writes, unsure, look, step, attempt, verdict, intended_ms, "
        "sent_ms, settled_ms, result, error, text, looked) = (?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    /* The answer may come after its run has been cancelled: short at once then. */
    [WRITE_OUTCOME] =
        "UPDATE effect SET verdict = ?2, result = iif(coalesce((SELECT state FROM run "
        "WHERE run.id = effect.run_id), 0) IN (4, 5), short_form(?3), ?3), error = ?4, "
        "text = ?5, sent_ms = ?6, settled_ms = ?7, looked = ?8 WHERE id = ?1",
    [WRITE_TRACE] =
        "INSERT INTO trace (at_ms, portal, entity_type, entity_id, event_id, run_id, rule, what, "
        "say, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [WRITE_SETTING] = "INSERT INTO setting (name, value) VALUES (?1, ?2) "
                      "ON CONFLICT (name) DO UPDATE SET value = ?2",
    [WRITE_SETTING_GONE] = "DELETE FROM setting WHERE name = ?1",
    [WRITE_BUDGET] = "INSERT INTO budget (portal, data) VALUES (?1, ?2) "
                     "ON CONFLICT (portal) DO UPDATE SET data = ?2",
    [WRITE_NAME] = "INSERT INTO name (portal, need, value, at_ms) VALUES (?1, ?2, ?3, ?4) "
                   "ON CONFLICT (portal, need) DO UPDATE SET (value, at_ms) = (?3, ?4)",
    [WRITE_TIMER] =
        "INSERT INTO timer (portal, rule, trigger, born_ms, scanned_ms, begun_ms, cursor) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (portal, rule, trigger) DO UPDATE SET "
        "(born_ms, scanned_ms, begun_ms, cursor) = (?4, ?5, ?6, ?7)",
    [WRITE_TIMER_GONE] = "DELETE FROM timer WHERE portal = ?1 AND rule = ?2 AND trigger = ?3",
    [WRITE_OVER] = "INSERT INTO timer_over (portal, entity_type, entity_id, rule, trigger, base, "
                   "gone, until_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7) "
                   "ON CONFLICT (portal, entity_type, entity_id, rule, trigger, base) "
                   "DO UPDATE SET (gone, until_ms) = (0, ?7)",
    [WRITE_OVER_LEFT] = "UPDATE timer_over SET gone = 1 WHERE portal = ?1 AND entity_type = ?2 "
                        "AND entity_id = ?3 AND rule = ?4 AND trigger = ?5 AND base <> ?6",
    [WRITE_GIVEN] = "INSERT INTO given (portal, owner, entity_type, entity_id, deputy, run_type, "
                    "run_entity, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                    "ON CONFLICT (portal, entity_type, entity_id) DO UPDATE SET "
                    "(owner, deputy, run_type, run_entity, at_ms) = (?2, ?5, ?6, ?7, ?8)",
    [WRITE_GIVEN_BACK] =
        "DELETE FROM given WHERE portal = ?1 AND entity_type = ?2 AND entity_id = ?3",
    [WRITE_PORTAL] = "INSERT INTO portal (name) VALUES (?1) ON CONFLICT DO NOTHING",
    [WRITE_MEMBER] = "UPDATE portal SET member_id = ?2 WHERE id = ?1",
    /* Turns may be submitted in another order than they were taken in. */
    [WRITE_TEAM] = "INSERT INTO team (portal, name, turn, last_user, at_ms) "
                   "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (portal, name) DO UPDATE SET "
                   "(turn, last_user, at_ms) = (?3, ?4, ?5) WHERE excluded.turn > team.turn",
    [WRITE_SILENCE] = "INSERT INTO silence (portal, slot, lap, at_ms, events) "
                      "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (portal, slot, lap) DO UPDATE SET "
                      "(at_ms, events) = (?4, ?5)",
    [WRITE_HEARD] = "INSERT INTO heard (portal, heard_ms, at_ms) VALUES (?1, ?2, ?3) "
                    "ON CONFLICT (portal) DO UPDATE SET (heard_ms, at_ms) = (?2, ?3)",
    [WRITE_SHORTEN] = "UPDATE effect SET result = short_form(result) WHERE run_id = ?1 "
                      "AND length(CAST(result AS BLOB)) > 2048",
    [WRITE_RUN_STATE] = "SELECT state FROM run WHERE id = ?1",
    [WRITE_RECOVER] = "UPDATE run SET state = 1, due_ms = ?1 WHERE state = 3",
    [WRITE_COUNT_NEW] = "SELECT count(*) FROM event WHERE state = 1",
    [WRITE_COUNT_LIVE] = "SELECT count(*) FROM run WHERE state IN (1, 2, 3)",
    [WRITE_LAST_ID] =
        "SELECT max(coalesce((SELECT max(id) FROM event), 0), "
        "coalesce((SELECT max(id) FROM run), 0), coalesce((SELECT max(id) FROM effect), 0), "
        "coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'store.last_id'), 0))",
    [PRUNE_LAST_ID] =
        "INSERT INTO setting (name, value) VALUES ('store.last_id', "
        "CAST(max(coalesce((SELECT max(id) FROM event), 0), "
        "coalesce((SELECT max(id) FROM run), 0), coalesce((SELECT max(id) FROM effect), 0), "
        "coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'store.last_id'), 0)) "
        "AS TEXT)) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [PRUNE_BEFORE] =
        "INSERT INTO setting (name, value) VALUES ('store.pruned_ms', CAST(?1 AS TEXT)) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value "
        "WHERE CAST(setting.value AS INTEGER) < ?1",
    /* Parked runs stay: a person has still to decide. */
    [PRUNE_RUNS] = "DELETE FROM run WHERE id IN (SELECT id FROM run WHERE state IN (4, 5, 6) "
                   "AND updated_ms < ?1 LIMIT ?2) RETURNING id",
    [PRUNE_EFFECTS] = "DELETE FROM effect WHERE run_id = ?1",
    [PRUNE_EVENTS] = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE state = 2 "
                     "AND received_ms < ?1 ORDER BY received_ms LIMIT ?2)",
    [PRUNE_TEAMS] = "DELETE FROM team WHERE rowid IN (SELECT rowid FROM team WHERE at_ms < ?1 "
                    "LIMIT ?2)",
    [PRUNE_TRACES] = "DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE at_ms < ?1 "
                     "ORDER BY at_ms LIMIT ?2)",
    [PRUNE_SNAPSHOTS] =
        "DELETE FROM snapshot WHERE rowid IN (SELECT rowid FROM snapshot WHERE deleted = 1 "
        "AND looked_ms < ?1 ORDER BY looked_ms LIMIT ?2) RETURNING portal, entity_type, entity_id",
    [PRUNE_ENTITY_FIRED] =
        "DELETE FROM fired WHERE portal = ?1 AND entity_type = ?2 AND entity_id = ?3",
    [PRUNE_FIRED] = "DELETE FROM fired WHERE rowid IN (SELECT rowid FROM fired "
                    "WHERE entity_type IN (0, -3, -4) AND last_ms < ?1 ORDER BY last_ms LIMIT ?2)",
    [PRUNE_OWN] =
        "DELETE FROM fired_own WHERE rowid IN (SELECT rowid FROM fired_own WHERE at_ms < ?1 "
        "ORDER BY at_ms LIMIT ?2)",
    [PRUNE_OVER] = "DELETE FROM timer_over WHERE rowid IN (SELECT rowid FROM timer_over "
                   "WHERE until_ms < ?1 ORDER BY until_ms LIMIT ?2)",
    [PRUNE_ENTITY_OVER] =
        "DELETE FROM timer_over WHERE portal = ?1 AND entity_type = ?2 AND entity_id = ?3",
    [PRUNE_GIVEN] = "DELETE FROM given WHERE rowid IN (SELECT rowid FROM given WHERE at_ms < ?1 "
                    "ORDER BY at_ms LIMIT ?2)",
    [PRUNE_NAMES] = "DELETE FROM name WHERE rowid IN (SELECT rowid FROM name WHERE at_ms < ?1 "
                    "AND need <> 'pins:' ORDER BY at_ms LIMIT ?2)",
};

const char *const sql_reads[SQL_READS] = {
    [READ_NEW] =
        "SELECT id, entity_type, entity_id, received_ms FROM event "
        "WHERE state = 1 AND portal = ?1 AND priority = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
    [READ_DUE] =
        "SELECT entity_type, entity_id, iif(due_ms = 0, updated_ms, due_ms), due_ms, id FROM run "
        "WHERE state <= 3 AND portal = ?1 AND priority = ?2 AND due_ms >= ?3 AND due_ms <= ?5 "
        "AND (due_ms > ?3 OR id > ?4) ORDER BY due_ms, id LIMIT ?6",
    [READ_NEXT_DUE] = "SELECT due_ms FROM run WHERE state <= 3 AND portal = ?1 AND priority = ?2 "
                      "AND due_ms > ?3 ORDER BY due_ms LIMIT 1",
    [READ_EVENTS] = "SELECT " EVENT_COLUMNS " FROM event WHERE state = 1 AND portal = ?1 "
                    "AND entity_type = ?2 AND entity_id = ?3 ORDER BY id LIMIT ?4",
    [READ_EVENT] = "SELECT " EVENT_COLUMNS " FROM event WHERE id = ?1",
    [READ_LIVE] = "SELECT " RUN_COLUMNS " FROM run WHERE state <= 3 AND portal = ?1 "
                  "AND entity_type = ?2 AND entity_id = ?3 ORDER BY id",
    [READ_RUN] = "SELECT " RUN_COLUMNS " FROM run WHERE id = ?1",
    [READ_SNAPSHOT] =
        "SELECT fields, digest, added_told, deleted, history_id, stage_since_ms, looked_ms "
        "FROM snapshot WHERE portal = ?1 AND entity_type = ?2 AND entity_id = ?3",
    [READ_EFFECTS] =
        "SELECT " EFFECT_COLUMNS " FROM effect WHERE run_id = ?1 AND (?2 < 0 OR step = ?2) "
        "ORDER BY id",
    [READ_MADE] = "SELECT effect.result FROM run JOIN effect ON effect.run_id = run.id "
                  "WHERE run.entity_type = ?2 AND run.entity_id = ?3 AND run.portal = ?1 "
                  "AND run.updated_ms >= ?5 AND effect.method = ?4 AND effect.verdict = 1 "
                  "AND effect.settled_ms >= ?5",
    [READ_FIRED] =
        "SELECT total, last_ms, visit_ms, frozen_ms, thawed_run FROM fired WHERE portal = ?1 "
        "AND entity_type = ?2 AND entity_id = ?3 AND rule = ?4",
    [READ_RECENT] =
        "SELECT count(*) FROM run WHERE portal = ?1 AND entity_type = ?2 AND entity_id = ?3 "
        "AND rule = ?4 AND created_ms > ?5 AND id > ?6",
    [READ_OWN] =
        "SELECT 1 FROM fired_own WHERE portal = ?1 AND entity_type = ?2 AND entity_id = ?3 "
        "AND rule = ?4 AND own_id = ?5",
    [READ_SETTING] = "SELECT value FROM setting WHERE name = ?1",
    [READ_HOLDS] = "SELECT name, value FROM setting WHERE name > 'hold ' AND name < 'hold!'",
    [READ_HELD] = "SELECT entity_type, entity_id, updated_ms, id, rule FROM run WHERE state <= 3 "
                  "AND portal = ?1 AND priority = ?2 AND due_ms = 9223372036854775807 "
                  "AND id > ?3 ORDER BY id LIMIT ?4",
    [READ_BUDGET] = "SELECT data FROM budget WHERE portal = ?1",
    [READ_NAMES] = "SELECT need, value, at_ms FROM name WHERE portal = ?1 AND at_ms > ?2",
    [READ_MEMBER] = "SELECT member_id FROM portal WHERE id = ?1",
    [READ_TIMERS] = "SELECT rule, trigger, born_ms, scanned_ms, begun_ms, cursor FROM timer "
                    "WHERE portal = ?1",
    [READ_OVER] = "SELECT gone FROM timer_over WHERE portal = ?1 AND entity_type = ?2 "
                  "AND entity_id = ?3 AND rule = ?4 AND trigger = ?5 AND base = ?6",
    [READ_GIVEN] = "SELECT entity_type, entity_id, deputy, run_type, run_entity FROM given "
                   "WHERE portal = ?1 AND owner = ?2 ORDER BY at_ms LIMIT ?3",
    [READ_GIVEN_OWNERS] = "SELECT DISTINCT owner FROM given WHERE portal = ?1 LIMIT ?2",
    [READ_TEAMS] = "SELECT name, turn, last_user FROM team WHERE portal = ?1",
    [READ_SILENCE] = "SELECT portal, slot, lap, at_ms, events FROM silence WHERE portal = ?1",
    [READ_HEARD] = "SELECT heard_ms, at_ms FROM heard WHERE portal = ?1",
    /* A thousand are as bad as more. */
    [READ_OVERDUE] = "SELECT due_ms FROM run WHERE state <= 3 AND state = 2 AND portal = ?1 "
                     "AND priority = ?2 AND due_ms > 0 AND due_ms < ?3 ORDER BY due_ms LIMIT 1000",
    [READ_PORTAL] = "SELECT id FROM portal WHERE name = ?1",
    [READ_PORTALS] = "SELECT id FROM portal WHERE ?1 IN (0, id) ORDER BY id",
    [TELL_NEW] = "SELECT count(*) FROM event WHERE state = 1 AND portal = ?1",
    [TELL_STATE] = "SELECT count(*) FROM run WHERE state = ?1 AND (?2 = 0 OR portal = ?2)",
    [TELL_FROZEN_COUNT] = "SELECT count(*) FROM fired WHERE frozen_ms > 0 AND frozen_ms > ?1 AND "
                          "(?2 = 0 OR portal = ?2)",
    [TELL_FROZEN] = "SELECT last_ms, rule, entity_type, entity_id, frozen_why, frozen_ms, "
                    "(SELECT name FROM portal WHERE portal.id = fired.portal), portal FROM fired "
                    "WHERE frozen_ms > 0 AND frozen_ms > ?1 ORDER BY frozen_ms DESC LIMIT ?2",
    [TELL_EVENTS_NEW] = "SELECT " EVENT_COLUMNS " FROM event WHERE state = 1 AND portal = ?1 "
                        "AND entity_type = ?2 AND entity_id = ?3 ORDER BY id DESC LIMIT ?4",
    [TELL_EVENTS_TRACED] = "SELECT DISTINCT event_id FROM trace WHERE entity_type = ?2 "
                           "AND entity_id = ?3 AND (?1 = 0 OR portal = ?1) AND event_id > 0 "
                           "ORDER BY event_id DESC LIMIT ?4",
    [TELL_TRACES] = "SELECT at_ms, event_id, run_id, rule, what, say, detail, id FROM trace "
                    "WHERE entity_type = ?2 AND entity_id = ?3 AND (?1 = 0 OR portal = ?1) "
                    "ORDER BY id DESC LIMIT ?4",
    [TELL_TRACES_OF_RUN] =
        "SELECT at_ms, event_id, run_id, rule, what, say, detail, id FROM trace "
        "WHERE entity_type = ?1 AND entity_id = ?2 AND run_id = ?3 ORDER BY id DESC LIMIT ?4",
    [TELL_TRACES_OF_EVENT] =
        "SELECT at_ms, event_id, run_id, rule, what, say, detail, id FROM trace "
        "WHERE entity_type = ?1 AND entity_id = ?2 AND event_id = ?3 ORDER BY id DESC LIMIT ?4",
    /* What operators did to portals and rules, not to one entity. */
    [TELL_HANDS] = "SELECT at_ms, event_id, run_id, rule, what, say, detail, id FROM trace "
                   "WHERE entity_type = 0 AND entity_id = 'operator' AND what = 'operator' "
                   "AND (?1 = 0 OR portal IN (0, ?1)) AND at_ms >= ?2 ORDER BY id DESC LIMIT ?3",
    [TELL_RUNS_OF_ENTITY] = "SELECT " RUN_COLUMNS " FROM run WHERE (?1 = 0 OR portal = ?1) "
                            "AND entity_type = ?2 AND entity_id = ?3 ORDER BY id DESC LIMIT ?4",
    [TELL_RUNS_OF_EVENT] = "SELECT " RUN_COLUMNS " FROM run WHERE cause_event = ?3 "
                           "AND entity_type = ?1 AND entity_id = ?2 ORDER BY id DESC LIMIT ?4",
    [TELL_RUNS_OF_STATE] = "SELECT " RUN_COLUMNS " FROM run WHERE state = ?1 "
                           "ORDER BY updated_ms DESC LIMIT ?2",
    /* Pages of lists: each walks an index from the cursor (?1, ?2) and looks at ?3 rows. */
    [LIST_BY_ID] = "SELECT " LIST_COLUMNS "id FROM run WHERE id < ?2 AND ?1 >= 0 "
                   "ORDER BY id DESC LIMIT ?3",
    [LIST_BY_STATE] =
        "SELECT " LIST_COLUMNS "updated_ms FROM run WHERE state = ?4 AND updated_ms <= ?1 "
        "AND updated_ms >= ?5 AND (updated_ms < ?1 OR portal < ?6 OR portal = ?6 AND id < ?2) "
        "ORDER BY updated_ms DESC, portal DESC, id DESC LIMIT ?3",
    [LIST_BY_DUE] =
        "SELECT " LIST_COLUMNS "due_ms FROM run WHERE state <= 3 AND portal = ?4 AND priority = ?5 "
        "AND due_ms >= ?1 AND (due_ms > ?1 OR id > ?2) ORDER BY due_ms, id LIMIT ?3",
    [LIST_BY_ENTITY] = "SELECT " LIST_COLUMNS "id FROM run WHERE entity_type = ?4 "
                       "AND entity_id = ?5 AND id < ?2 AND ?1 >= 0 ORDER BY id DESC LIMIT ?3",
};

void sql_finalize(sqlite3_stmt **stmts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)sqlite3_finalize(stmts[i]);
        stmts[i] = NULL;
    }
}

bool sql_prepare(struct db *db, const char *const *texts, size_t count, sqlite3_stmt **ret,
                 struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        ret[i] = db_prepare(db, texts[i], err);
        if (ret[i] == NULL) {
            sql_finalize(ret, i);
            return false;
        }
    }
    return true;
}

void sql_roll_back(struct db *db)
{
    if (sqlite3_get_autocommit(db->handle) == 0)
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}
