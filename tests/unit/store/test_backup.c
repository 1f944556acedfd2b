/* A copy of a database that is being written to, and what stays as it is when there is none. */

#include "fixture.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/mem.h"
#include "daemon/store/backup.h"
#include "tests/support/check_main.h"

enum { EVENTS = 3000 }; /* of more than two pieces */

static struct fixture f;
static char file[160];

/* Backups are made by a process of its own, as `b24bridge backup` is one: in ours the store's locks
 * would go with the copy's connection. It is forked before the store has threads, whose locks a
 * later child would inherit. */
struct order {
    char database[160], file[200];
    bool (*go_on)(void *, int64_t, int64_t); /* the same address in both */
};
struct outcome {
    int code; /* 0 made, 1 unsound, 2 not made */
    char said[480];
};
static struct copier {
    pid_t pid;
    int orders[2], outcomes[2];
    int pauses[2], goes[2]; /* of write_between */
} copier;

static bool write_between(void *arg, int64_t done, int64_t all)
{
    char byte = 'p';
    (void)arg;
    (void)done;
    (void)all;
    return write(copier.pauses[1], &byte, 1) == 1 && read(copier.goes[0], &byte, 1) == 1;
}

static void copy_one(const struct order *order)
{
    const struct backup_options options = {
        .database = order->database, .file = order->file, .go_on = order->go_on};
    struct backup_result result;
    struct err err = {0};
    struct outcome outcome = {0};
    char end = 'e';
    if (!backup_run(&options, &result, &err))
        outcome.code = result.unsound ? 1 : 2;
    (void)snprintf(outcome.said, sizeof outcome.said, "%s", err.text);
    if (order->go_on == write_between && write(copier.pauses[1], &end, 1) != 1)
        _exit(1);
    if (write(copier.outcomes[1], &outcome, sizeof outcome) != sizeof outcome)
        _exit(1);
}

static void open_copier(void)
{
    struct order order;
    ck_assert_int_eq(pipe(copier.orders), 0);
    ck_assert_int_eq(pipe(copier.outcomes), 0);
    ck_assert_int_eq(pipe(copier.pauses), 0);
    ck_assert_int_eq(pipe(copier.goes), 0);
    copier.pid = fork();
    ck_assert_int_ge(copier.pid, 0);
    if (copier.pid > 0)
        return;
    (void)close(copier.orders[1]);
    while (read(copier.orders[0], &order, sizeof order) == sizeof order)
        copy_one(&order);
    _exit(0);
}

static void order_copy(const char *to, bool (*go_on)(void *, int64_t, int64_t))
{
    struct order order = {.go_on = go_on};
    (void)snprintf(order.database, sizeof order.database, "%s", f.path);
    (void)snprintf(order.file, sizeof order.file, "%s", to);
    ck_assert_int_eq(write(copier.orders[1], &order, sizeof order), sizeof order);
}

static int outcome_of_copy(char said[480])
{
    struct outcome outcome;
    ck_assert_int_eq(read(copier.outcomes[0], &outcome, sizeof outcome), sizeof outcome);
    (void)snprintf(said, 480, "%s", outcome.said);
    return outcome.code;
}

static int back_up_apart(const char *to, bool (*go_on)(void *, int64_t, int64_t), char said[480])
{
    order_copy(to, go_on);
    return outcome_of_copy(said);
}

static void setup(void)
{
    open_copier();
    fixture_init(&f);
    (void)snprintf(file, sizeof file, "%s/copy.db", f.temp.folder);
}

static void teardown(void)
{
    (void)close(copier.orders[1]);
    ck_assert_int_eq(waitpid(copier.pid, NULL, 0), copier.pid);
    fixture_done(&f);
}

static void add_events(int count)
{
    struct store_change *change = store_change_new();
    char body[400];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < count; i++) {
        struct event event = fixture_event(&f, "1");
        event.body = body;
        store_put_event(change, &event);
    }
    fixture_commit(&f, change);
}

static int count_files(const char *pattern)
{
    char path[200];
    glob_t found;
    (void)snprintf(path, sizeof path, "%s/%s", f.temp.folder, pattern);
    int count = glob(path, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void made(int code, const char *said)
{
    ck_assert_msg(code == 0, "%s", said);
}

START_TEST(the_copy_is_whole_private_and_one_file)
{
    char said[480];
    struct stat st;
    add_events(EVENTS);
    made(back_up_apart(file, NULL, said), said);
    ck_assert_int_eq(fixture_sql(file, "SELECT count(*) FROM event"), EVENTS);
    ck_assert_int_eq(fixture_sql(file, "PRAGMA application_id"),
                     fixture_sql(f.path, "PRAGMA application_id"));
    ck_assert_int_eq(fixture_sql(file, "SELECT count(*) FROM pragma_integrity_check WHERE "
                                       "integrity_check = 'ok'"),
                     1);
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(count_files("copy.db*"), 1);
    ck_assert_int_eq(fixture_sql(file, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"),
                     1);
}
END_TEST

START_TEST(a_store_opens_on_the_copy)
{
    char said[480];
    struct err err = {0};
    add_events(10);
    made(back_up_apart(file, NULL, said), said);
    struct store *store = store_open(&(struct store_options){.path = file}, &err);
    ck_assert_msg(store != NULL, "%s", err.text);
    struct store_health health;
    store_health(store, &health);
    ck_assert_int_eq(health.queued, 10);
    store_close(store);
}
END_TEST

/* Between all pieces of the copy the daemon commits; the copy is the state at its beginning. */
START_TEST(what_is_written_meanwhile_is_not_in_it_and_disturbs_nothing)
{
    int commits = 0;
    char byte, said[480];
    add_events(EVENTS);
    order_copy(file, write_between);
    while (read(copier.pauses[0], &byte, 1) == 1 && byte == 'p') {
        add_events(50);
        commits++;
        ck_assert_int_eq(write(copier.goes[1], &byte, 1), 1);
    }
    made(outcome_of_copy(said), said);
    ck_assert_int_ge(commits, 2);
    ck_assert_int_eq(fixture_sql(file, "SELECT count(*) FROM event"), EVENTS);
    ck_assert_int_eq(fixture_health(&f).queued, EVENTS + 50 * commits);
    ck_assert(fixture_health(&f).ok);
}
END_TEST

START_TEST(an_older_backup_is_replaced)
{
    char said[480];
    made(back_up_apart(file, NULL, said), said);
    add_events(5);
    made(back_up_apart(file, NULL, said), said);
    ck_assert_int_eq(fixture_sql(file, "SELECT count(*) FROM event"), 5);
}
END_TEST

static void refused(const char *to, const char *expected)
{
    char said[480];
    ck_assert_int_eq(back_up_apart(to, NULL, said), 2);
    ck_assert_str_eq(said, expected);
    ck_assert_int_eq(count_files("copy.db.*"), 0);
}

START_TEST(what_is_no_backup_stays_as_it_is)
{
    char text[480], link[160];
    (void)temp_write(&f.temp, "copy.db", 0644, "a letter", 8);
    (void)snprintf(text, sizeof text,
                   "\"%s\" is there and is no backup of b24bridge: it stays as it is", file);
    refused(file, text);
    (void)snprintf(link, sizeof link, "%s/link", f.temp.folder);
    ck_assert_int_eq(symlink(f.path, link), 0);
    (void)snprintf(text, sizeof text,
                   "\"%s\" is there and is no backup of b24bridge: it stays as it is", link);
    refused(link, text);
    (void)snprintf(text, sizeof text, "\"%s\" is the database itself", f.path);
    refused(f.path, text);
}
END_TEST

START_TEST(a_missing_folder_or_database_is_named)
{
    char text[480], said[480], path[200];
    (void)snprintf(path, sizeof path, "%s/none/copy.db", f.temp.folder);
    ck_assert_int_eq(back_up_apart(path, NULL, said), 2);
    (void)snprintf(text, sizeof text, "cannot create \"%s.", path);
    ck_assert_msg(strncmp(said, text, strlen(text)) == 0, "%s", said);
    ck_assert_ptr_nonnull(strstr(said, "\": No such file or directory"));
    (void)snprintf(f.path, sizeof f.path, "%s/gone.db", f.temp.folder);
    (void)snprintf(text, sizeof text, "cannot read database \"%s\": No such file or directory",
                   f.path);
    refused(file, text);
}
END_TEST

static bool stop_at_once(void *arg, int64_t done, int64_t all)
{
    (void)arg;
    (void)done;
    (void)all;
    return false;
}

static bool stop_at_the_check(void *arg, int64_t done, int64_t all)
{
    (void)arg;
    return done < all;
}

START_TEST(told_to_stop_it_leaves_nothing_behind)
{
    char said[480], text[480];
    add_events(EVENTS);
    made(back_up_apart(file, NULL, said), said);
    add_events(EVENTS);
    (void)snprintf(text, sizeof text, "told to stop: \"%s\" was not made", file);
    ck_assert_int_eq(back_up_apart(file, stop_at_once, said), 2);
    ck_assert_str_eq(said, text);
    ck_assert_int_eq(back_up_apart(file, stop_at_the_check, said), 2);
    ck_assert_str_eq(said, text);
    ck_assert_int_eq(count_files("copy.db*"), 1);
    ck_assert_int_eq(fixture_sql(file, "SELECT count(*) FROM event"), EVENTS);
}
END_TEST

/* An entry of an index that no row has. */
START_TEST(a_damaged_database_gives_no_backup)
{
    char said[480], text[480];
    add_events(EVENTS);
    fixture_close(&f);
    (void)fixture_sql(f.path, "PRAGMA writable_schema = ON");
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(f.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "PRAGMA writable_schema = ON;"
                                  "UPDATE sqlite_schema SET sql = replace(sql, 'received_ms', "
                                  "'sent_s') WHERE name = 'event_seen';"
                                  "UPDATE event SET state = 2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_eq(back_up_apart(file, NULL, said), 1);
    (void)snprintf(text, sizeof text, "database \"%s\" is damaged (", f.path);
    ck_assert_msg(strncmp(said, text, strlen(text)) == 0, "%s", said);
    ck_assert_ptr_nonnull(strstr(said, "): its copy was thrown away"));
    ck_assert_int_eq(count_files("copy.db*"), 0);
}
END_TEST

CHECK_MAIN_FIXTURE("backup", setup, teardown, the_copy_is_whole_private_and_one_file,
                   a_store_opens_on_the_copy,
                   what_is_written_meanwhile_is_not_in_it_and_disturbs_nothing,
                   an_older_backup_is_replaced, what_is_no_backup_stays_as_it_is,
                   a_missing_folder_or_database_is_named, told_to_stop_it_leaves_nothing_behind,
                   a_damaged_database_gives_no_backup)
