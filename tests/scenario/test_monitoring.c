/* What watches b24bridge from outside speaks of metrics that there are, and the documents speak of
 * all of them. */

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/support/exposition.h"
#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\non = deal added\n[then comment]\ntext = x\n";

enum { MOST = 1 << 20 };

/* A file of the source tree. mem_free. */
static char *source(const char *path)
{
    FILE *file = fopen(path, "rbe");
    ck_assert_msg(file != NULL, "no %s", path);
    char *text = mem_alloc(MOST);
    size_t size = fread(text, 1, MOST - 1, file);
    ck_assert(!ferror(file) && feof(file));
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

/* /metrics of a house in which something has happened. mem_free. */
static char *scrape(void)
{
    struct house *h = house_with(rule);
    int status;
    for (int i = 0; i < 3; i++)
        (void)house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", "Окна"));
    house_settle(h);
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 3);
    char *text = house_get(h, "/metrics", &status);
    ck_assert_int_eq(status, 200);
    house_close(h);
    return text;
}

/* ---- names ----------------------------------------------------------------------------------- */

static size_t name_size(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
}

static bool is_family(const char *metrics, const char *name, size_t size)
{
    char *line = mem_printf("# TYPE %.*s ", (int)size, name);
    bool found = strstr(metrics, line) != NULL;
    mem_free(line);
    return found;
}

/* A histogram's samples have suffixes. */
static bool is_metric(const char *metrics, const char *name, size_t size)
{
    static const char *const suffixes[] = {"_bucket", "_sum", "_count"};
    if (is_family(metrics, name, size))
        return true;
    for (size_t i = 0; i < 3; i++) {
        size_t tail = strlen(suffixes[i]);
        if (size > tail && strncmp(name + size - tail, suffixes[i], tail) == 0 &&
            is_family(metrics, name, size - tail))
            return true;
    }
    return false;
}

/* Every name in that file is a metric. How many there were. */
static int check_names(const char *metrics, const char *path)
{
    char *text = source(path);
    int count = 0;
    for (const char *at = text; (at = strstr(at, "b24bridge_")) != NULL; at += name_size(at)) {
        ck_assert_msg(is_metric(metrics, at, name_size(at)),
                      "%s speaks of %.*s, which is not in "
                      "/metrics",
                      path, (int)name_size(at), at);
        count++;
    }
    mem_free(text);
    return count;
}

/* `NAME` stands in the document. */
static void is_told(const char *path, const char *document, const char *name, size_t size)
{
    char *quoted = mem_printf("| `%.*s` |", (int)size, name);
    ck_assert_msg(strstr(document, quoted) != NULL, "%s has no row of %.*s", path, (int)size, name);
    mem_free(quoted);
}

static const char *const documents[] = {"docs/monitoring.md", "docs/monitoring.ru.md"};
static struct exposition exposition;

START_TEST(the_exposition_of_a_daemon_at_work_is_good)
{
    char *metrics = scrape();
    ck_assert_msg(exposition_check(&exposition, metrics), "%s", exposition.why);
    ck_assert_ptr_nonnull(
        strstr(metrics, "b24bridge_calls_total{portal=\"main\",method=\"crm.timeline.comment.add\","
                        "verdict=\"DONE\"} 3\n"));
    ck_assert_ptr_nonnull(
        strstr(metrics, "b24bridge_rule_outcomes_total{rule=\"r\",outcome=\"fired\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(metrics, "\nb24bridge_portal_operating_seconds{portal=\"main\","
                                          "method=\""));
    ck_assert_ptr_nonnull(strstr(metrics, "\nb24bridge_disk_free_bytes "));
    mem_free(metrics);
}
END_TEST

START_TEST(alerts_and_dashboard_speak_of_metrics_that_there_are)
{
    char *metrics = scrape();
    struct err err = {0};
    ck_assert_int_gt(check_names(metrics, "config/monitoring/b24bridge.rules.yml"), 15);
    ck_assert_int_gt(check_names(metrics, "config/monitoring/b24bridge-dashboard.json"), 25);
    ck_assert_int_gt(check_names(metrics, "tests/structure/b24bridge.rules.test.yml"), 15);
    char *text = source("config/monitoring/b24bridge-dashboard.json");
    JV_AUTO *dashboard = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(dashboard != NULL, "%s", err.text);
    ck_assert_uint_gt(json_array_size(json_object_get(dashboard, "panels")), 15);
    mem_free(text);
    mem_free(metrics);
}
END_TEST

START_TEST(the_documents_tell_of_every_metric_and_of_no_other)
{
    char *metrics = scrape();
    for (size_t i = 0; i < 2; i++) {
        char *document = source(documents[i]);
        for (const char *at = metrics; (at = strstr(at, "# TYPE ")) != NULL; at++)
            is_told(documents[i], document, at + 7, name_size(at + 7));
        mem_free(document);
        ck_assert_int_gt(check_names(metrics, documents[i]), 50);
    }
    mem_free(metrics);
}
END_TEST

START_TEST(the_documents_say_what_to_do_at_every_alert)
{
    static const char mark[] = "- alert: ";
    char *rules = source("config/monitoring/b24bridge.rules.yml");
    int alerts = 0;
    for (size_t i = 0; i < 2; i++) {
        char *document = source(documents[i]);
        for (const char *at = rules; (at = strstr(at, mark)) != NULL; alerts++) {
            at += strlen(mark);
            is_told(documents[i], document, at, strcspn(at, "\n"));
        }
        mem_free(document);
    }
    ck_assert_int_ge(alerts, 2 * 18);
    mem_free(rules);
}
END_TEST

START_TEST(the_documents_tell_of_every_check)
{
    struct house *h = house_with(rule);
    JV_AUTO *status = house_api(h, "/api/status");
    size_t i;
    json_t *check;
    json_array_foreach (jv_at(status, "health.checks"), i, check) {
        const char *name = jv_text(check, "name", "");
        size_t word = strcspn(name, " ");
        for (size_t k = 0; k < 2; k++) {
            char *document = source(documents[k]);
            char *row = mem_printf(name[word] == '\0' ? "| `%.*s` |" : "| `%.*s ", (int)word, name);
            ck_assert_msg(strstr(document, row) != NULL, "%s has no row of the check %s",
                          documents[k], name);
            mem_free(row);
            mem_free(document);
        }
    }
    ck_assert_uint_ge(i, 10);
    house_close(h);
}
END_TEST

/* ---- promtool -------------------------------------------------------------------------------- */

/* `promtool check metrics` where it is installed: its exit code, 127 where it is not. */
static int promtool(const char *text)
{
    char path[] = "/tmp/b24bridge-metrics-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    (void)unlink(path);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(fd, STDIN_FILENO);
        execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    (void)close(fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(promtool_finds_nothing_to_say)
{
    char *metrics = scrape();
    int code = promtool(metrics);
    if (code == 127)
        printf("promtool is not installed: the exposition was checked by our own check only\n");
    else
        ck_assert_int_eq(code, 0);
    mem_free(metrics);
}
END_TEST

CHECK_MAIN("monitoring", the_exposition_of_a_daemon_at_work_is_good,
           alerts_and_dashboard_speak_of_metrics_that_there_are,
           the_documents_tell_of_every_metric_and_of_no_other,
           the_documents_say_what_to_do_at_every_alert, the_documents_tell_of_every_check,
           promtool_finds_nothing_to_say)
