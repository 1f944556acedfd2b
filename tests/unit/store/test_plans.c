/* The query plan of every statement: a table that grows is never scanned, and the questions asked
 * often use the index made for them. */

#include "fixture.h"

#include "daemon/store/apply.h"
#include "daemon/store/sql.h"
#include "tests/support/check_main.h"

static struct db open_with_functions(struct fixture *f, struct apply *apply)
{
    struct db db;
    struct err err = {0};
    ck_assert_msg(db_open(&db, f->path, DB_WRITE, &err), "%s", err.text);
    ck_assert_msg(apply_open(apply, &db, &err), "%s", err.text);
    return db;
}

/* All lines of the plan, each ended by a newline. */
static void explain(struct db *db, const char *sql, char *out, size_t size)
{
    char question[4096];
    sqlite3_stmt *stmt;
    (void)snprintf(question, sizeof question, "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_msg(sqlite3_prepare_v2(db->handle, question, -1, &stmt, NULL) == SQLITE_OK, "%s: %s",
                  sql, sqlite3_errmsg(db->handle));
    size_t used = 0;
    out[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW)
        used += (size_t)snprintf(out + used, size - used, "%s\n",
                                 (const char *)sqlite3_column_text(stmt, 3));
    ck_assert_uint_lt(used, size);
    (void)sqlite3_finalize(stmt);
}

/* Small by nature: a row a portal, a row a team. */
static bool may_scan(const char *line)
{
    static const char *const allowed[] = {
        "SCAN portal",
        "SCAN team",
        "SCAN CONSTANT ROW",
    };
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(line, allowed[i]) == 0)
            return true;
    return false;
}

static int count_scans(struct db *db, const char *const *texts, size_t count)
{
    int scans = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(texts[i] != NULL, "statement %zu has no text", i);
        char plan[4096];
        explain(db, texts[i], plan, sizeof plan);
        char *rest = plan;
        for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
            bool scan = strstr(line, "SCAN") != NULL && !may_scan(line);
            bool sort = strstr(line, "TEMP B-TREE") != NULL && i != TELL_EVENTS_TRACED &&
                        i != TELL_RUNS_OF_ENTITY && i != TELL_RUNS_OF_EVENT && i != LIST_BY_ENTITY;
            if (scan || (sort && texts == sql_reads)) {
                fprintf(stderr, "%s: %s\n", line, texts[i]);
                scans++;
            }
        }
    }
    return scans;
}

START_TEST(no_statement_scans_a_table_that_grows)
{
    struct fixture f;
    struct apply apply;
    fixture_init(&f);
    fixture_close(&f);
    struct db db = open_with_functions(&f, &apply);
    ck_assert_int_eq(count_scans(&db, sql_writes, SQL_WRITES), 0);
    ck_assert_int_eq(count_scans(&db, sql_reads, SQL_READS), 0);
    apply_close(&apply);
    db_close(&db);
    fixture_done(&f);
}
END_TEST

START_TEST(each_question_uses_the_index_made_for_it)
{
    static const struct {
        const char *const *sql;
        const char *line;
    } expected[] = {
        {&sql_reads[READ_NEW], "SEARCH event USING INDEX event_new (state=? AND portal=? AND "
                               "priority=? AND rowid>?)"},
        {&sql_reads[READ_EVENTS], "SEARCH event USING INDEX event_new_entity (portal=? AND "
                                  "entity_type=? AND entity_id=?)"},
        {&sql_reads[READ_DUE], "SEARCH run USING INDEX run_due (portal=? AND priority=? AND "
                               "due_ms>? AND due_ms<?)"},
        {&sql_reads[READ_NEXT_DUE], "SEARCH run USING INDEX run_due (portal=? AND priority=? AND "
                                    "due_ms>?)"},
        {&sql_reads[READ_LIVE], "SEARCH run USING INDEX run_live (portal=? AND entity_type=? AND "
                                "entity_id=?)"},
        {&sql_reads[READ_RECENT], "SEARCH run USING COVERING INDEX run_entity (entity_type=? AND "
                                  "entity_id=? AND portal=? AND rule=? AND created_ms>?)"},
        {&sql_reads[READ_EFFECTS], "SEARCH effect USING INDEX effect_run (run_id=?)"},
        {&sql_reads[TELL_TRACES], "SEARCH trace USING INDEX trace_entity (entity_type=? AND "
                                  "entity_id=?)"},
        {&sql_reads[TELL_TRACES_OF_RUN], "SEARCH trace USING INDEX trace_entity (entity_type=? "
                                         "AND entity_id=?)"},
        {&sql_reads[TELL_HANDS], "SEARCH trace USING INDEX trace_entity (entity_type=? AND "
                                 "entity_id=?)"},
        {&sql_reads[TELL_RUNS_OF_EVENT], "SEARCH run USING INDEX run_entity (entity_type=? AND "
                                         "entity_id=?)"},
        {&sql_reads[LIST_BY_ID], "SEARCH run USING INTEGER PRIMARY KEY (rowid<?)"},
        {&sql_reads[LIST_BY_STATE], "SEARCH run USING INDEX run_state (state=? AND updated_ms>? "
                                    "AND updated_ms<?)"},
        {&sql_reads[LIST_BY_DUE], "SEARCH run USING INDEX run_due (portal=? AND priority=? AND "
                                  "due_ms>?)"},
        {&sql_reads[LIST_BY_ENTITY], "SEARCH run USING INDEX run_entity (entity_type=? AND "
                                     "entity_id=?"},
        {&sql_reads[READ_HELD], "SEARCH run USING INDEX run_due (portal=? AND priority=? AND "
                                "due_ms=? AND rowid>?)"},
        {&sql_reads[READ_HOLDS], "SEARCH setting USING INDEX sqlite_autoindex_setting_1 (name>? "
                                 "AND name<?)"},
        {&sql_reads[TELL_NEW], "SEARCH event USING COVERING INDEX event_new (state=? AND "
                               "portal=?)"},
        {&sql_reads[TELL_STATE], "SEARCH run USING COVERING INDEX run_state (state=?)"},
        {&sql_writes[WRITE_COUNT_NEW], "SEARCH event USING COVERING INDEX event_new (state=?)"},
        {&sql_writes[WRITE_COUNT_LIVE], "SEARCH run USING COVERING INDEX run_state (state=?)"},
        {&sql_writes[WRITE_RECOVER], "SEARCH run USING INDEX run_"},
        {&sql_writes[WRITE_SEEN], "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"},
        {&sql_writes[PRUNE_EVENTS], "SEARCH event USING INDEX event_seen (received_ms<?)"},
        {&sql_writes[PRUNE_RUNS], "SEARCH run USING COVERING INDEX run_state (state=? AND "
                                  "updated_ms<?)"},
        {&sql_writes[PRUNE_TRACES], "SEARCH trace USING COVERING INDEX trace_time (at_ms<?)"},
    };
    struct fixture f;
    struct apply apply;
    fixture_init(&f);
    fixture_close(&f);
    struct db db = open_with_functions(&f, &apply);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        char plan[4096];
        explain(&db, *expected[i].sql, plan, sizeof plan);
        ck_assert_msg(strstr(plan, expected[i].line) != NULL, "%s\n%s", *expected[i].sql, plan);
    }
    apply_close(&apply);
    db_close(&db);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("plans", no_statement_scans_a_table_that_grows, each_question_uses_the_index_made_for_it)
