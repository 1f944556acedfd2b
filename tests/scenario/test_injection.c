/* Promise 8: what a client wrote stays text. Hostile titles travel through every kind of call,
 * alone and in batches, and arrive as they were written, or with BBCode's brackets harmless. */

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/house_check.h"

static const char rule[] = "[rule r]\n"
                           "on = deal added\n"
                           "[then comment]\n"
                           "text = [b]Новая[/b] {{deal.title}}\n"
                           "[then todo]\n"
                           "title = {{deal.title}}\n"
                           "description = {{deal.title}}\n"
                           "[then task]\n"
                           "title = {{deal.title}}\n"
                           "[then update]\n"
                           "comments = {{deal.title}}\n"
                           "[then notify]\n"
                           "to = 7\n"
                           "text = {{deal.title}}\n"
                           "[then add item 147]\n"
                           "title = {{deal.title}}\n"
                           "[then rest crm.timeline.comment.add]\n"
                           "body = {\"fields\":{\"ENTITY_ID\":\"{{deal.id}}\",\"ENTITY_TYPE\":"
                           "\"deal\",\"COMMENT\":\"rest {{deal.title}}\"}}\n";

static const char *const hostile[] = {
    "$result[0][ID] и $result[x]",
    /* As our own batches call their commands, so that there is something to fill in. */
    "$result[c0] $result[c1] $result[c2] $result[c3]",
    "$result[c0][id] $result[c1][id] $RESULT[c2][id] $Time[c0][start]",
    "$next[0] $total[0] $error[0] $time[start]",
    "a#b",
    "a&fields[STAGE_ID]=C1:WON&b=1",
    "a=b?c&d",
    "100% %41 %00 %zz",
    "+7 900 и плюс +",
    "{{deal.id}} {{deal.title | bb}} {{",
    "}} {% x %} ${x} $(x) `x`",
    "\"кавычки\" и 'апострофы' \\ и \\n",
    "[b]жирный[/b] [url=http://evil]x[/url] [USER=1]y[/USER]",
    "<script>alert(1)</script>",
    "строка\r\nHost: evil\r\n\r\nPOST /",
    "\",\"STAGE_ID\":\"C1:WON\",\"x\":\"",
    "'; DROP TABLE event; --",
    "эмодзи 😀 и \xc2\xa0неразрывный",
    "&#91;b&#93; &amp;",
    "batch?cmd[x]=crm.deal.delete%3Fid%3D1",
};
enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

static json_t *row_of(struct house *h, const char *what, json_t *where)
{
    JV_AUTO *answer =
        house_control(h, json_pack("{ss ss so}", "do", "list", "what", what, "where", where));
    json_t *rows = json_object_get(answer, "rows");
    ck_assert_msg(json_array_size(rows) == 1, "%zu rows of %s", json_array_size(rows), what);
    return json_incref(json_array_get(rows, 0));
}

/* What BBCode must not read (product.md §2.2, Texts). mem_free. */
static char *harmless(const char *text)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 16);
    for (; *text != '\0'; text++)
        if (*text == '[')
            buf_text(&out, "&#91;");
        else if (*text == ']')
            buf_text(&out, "&#93;");
        else
            buf_char(&out, *text);
    return buf_take(&out);
}

static void text_is(const json_t *row, const char *path, const char *before, const char *text)
{
    char *expected = mem_printf("%s%s", before, text);
    ck_assert_str_eq(jv_text(row, path, ""), expected);
    mem_free(expected);
}

static void check_deal(struct house *h, int64_t id, const char *title)
{
    char *bb = harmless(title);
    json_int_t deal = (json_int_t)id;
    JV_AUTO *todo = row_of(h, "todo", json_pack("{sI}", "OWNER_ID", deal));
    text_is(todo, "SUBJECT", "", title);
    text_is(todo, "DESCRIPTION", "", bb);
    JV_AUTO *item = house_item(h, DEAL, id);
    text_is(item, "comments", "", title);
    ck_assert_str_eq(jv_text(item, "stageId", ""), "NEW");
    JV_AUTO *answer = house_control(
        h, json_pack("{ss ss s{sI}}", "do", "list", "what", "comment", "where", "ENTITY_ID", deal));
    text_is(answer, "rows.0.COMMENT", "[b]Новая[/b] ", bb);
    mem_free(bb);
}

START_TEST(a_hostile_title_arrives_as_it_was_written)
{
    struct house *h = house_with(rule);
    int64_t id = house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", hostile[_i]));
    ck_assert_int_eq(house_count_runs(h, "r", "done"), 1);
    check_deal(h, id, hostile[_i]);
    HOUSE_EFFECTS_ARE(h, 1, "tasks.task.add", json_pack("{ss}", "fields.TITLE", hostile[_i]));
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.add", json_pack("{ss}", "fields.title", hostile[_i]));
    char *bb = harmless(hostile[_i]);
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{ss}", "MESSAGE", bb));
    HOUSE_EFFECTS_ARE(h, 7, NULL, NULL);
    mem_free(bb);
    house_close(h);
}
END_TEST

/* All at once, and slowly, so that they meet in the same batches. */
START_TEST(hostile_neighbours_in_a_batch_do_not_touch_each_other)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then todo]\n"
                                 "title = {{deal.title}}\n"
                                 "description = {{deal.title}}\n"
                                 "[then comment]\n"
                                 "text = [b]Новая[/b] {{deal.title}}\n"
                                 "[then update]\n"
                                 "comments = {{deal.title}}\n");
    int64_t ids[HOSTILE];
    house_fault(h, json_pack("{ss ss si si}", "kind", "slow", "method", "*", "ms", 60, "count", 0));
    for (int i = 0; i < HOSTILE; i++)
        ids[i] = house_add(h, IVANOV, DEAL, json_pack("{ss}", "title", hostile[i]));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == HOSTILE);
    for (int i = 0; i < HOSTILE; i++)
        check_deal(h, ids[i], hostile[i]);
    HOUSE_EFFECTS_ARE(h, 3 * HOSTILE, NULL, NULL);
    JV_AUTO *stats = house_control(h, json_pack("{ss}", "do", "stats"));
    ck_assert_int_gt((int)jv_int(stats, "max_batch", 0), 1);
    house_close(h);
}
END_TEST

/* The log is read by people and by journald: one event, one line. */
START_TEST(a_hostile_title_starts_no_line_of_the_log)
{
    struct house *h = house_with("[rule r]\n"
                                 "on = deal added\n"
                                 "[then stop]\n"
                                 "reason = {{deal.title}}\n");
    house_seen(h, IVANOV, DEAL, json_pack("{ss}", "title", "x\n<3>evil\r\x1b[31mred"));
    char *log = house_daemon_log(h);
    ck_assert_ptr_null(strstr(log, "\n<3>evil"));
    ck_assert_ptr_null(strchr(log, '\x1b'));
    ck_assert_ptr_null(strchr(log, '\r'));
    mem_free(log);
    house_close(h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("injection");
    TCase *tcase = tcase_create("injection");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_hostile_title_arrives_as_it_was_written, 0, HOSTILE);
    tcase_add_test(tcase, hostile_neighbours_in_a_batch_do_not_touch_each_other);
    tcase_add_test(tcase, a_hostile_title_starts_no_line_of_the_log);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
