/* The sentences of `why`, from rows as the API gives them. */

#include "daemon/cli/story.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

/* What story_print writes to stdout of that JSON, ' for ". */
static char printed[65536];

static void print(const char *text)
{
    char *json = mem_strdup(text);
    for (char *c = json; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    struct err err = {0};
    JV_AUTO *story = jv_parse_new(json, strlen(json), &err);
    ck_assert_msg(story != NULL, "%s: %s", err.text, json);
    mem_free(json);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
    story_print(story);
    (void)fflush(stdout);
    ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
    (void)close(saved);
    rewind(file);
    printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
    (void)fclose(file);
}

#define AT "'at':'2026-01-20T10:00:00+03:00'"
#define ROW(text) "{'rows':[{" AT "," text "}]}"
#define BEFORE "2026-01-20 10:00:00  "
#define BELOW "                       "

static void row_is(const char *text, const char *expected)
{
    print(text);
    ck_assert_str_eq(printed, expected);
}

START_TEST(events_say_where_they_are_from)
{
    row_is(ROW("'kind':'event','id':7,'name':'ONCRMDEALADD','source':'webhook','state':'seen'"),
           BEFORE "event 7: ONCRMDEALADD came in\n");
    row_is(ROW("'kind':'event','id':7,'name':'ONCRMDEALADD','source':'webhook','state':'new'"),
           BEFORE "event 7: ONCRMDEALADD came in, not looked at yet\n");
    row_is(ROW("'kind':'event','id':7,'name':'call','source':'robot','state':'seen'"),
           BEFORE "event 7: the robot call called\n");
    row_is(ROW("'kind':'event','id':7,'name':'OWN','source':'own','state':'seen','cause_run':5"),
           BEFORE "event 7: the portal confirms what run 5 wrote\n");
    row_is(ROW("'kind':'event','id':7,'name':'TIMER','source':'inner','state':'seen'"),
           BEFORE "event 7: found by the search for timers\n");
    row_is(ROW("'kind':'event','id':7,'name':'client contacts','source':'inner','state':'seen'"),
           BEFORE "event 7: client contacts\n");
}
END_TEST

START_TEST(a_decision_says_what_it_saw)
{
    row_is(ROW("'kind':'trace','run':9,'what':'if','say':'[then todo] deal.opportunity > 5',"
               "'detail':[{'text':'deal.opportunity > 5','left':3,'right':5,'is':false}]"),
           BEFORE "run 9: [then todo] only if deal.opportunity > 5\n" BELOW
                  "no:  deal.opportunity > 5; it is 3\n");
    /* A name stands for a number, and what is missing is empty. */
    row_is(ROW("'kind':'trace','run':0,'what':'skipped','say':'«A» does not start',"
               "'detail':[{'text':'deal.stage = WON','left':null,'right':'C1:X','is':false}]"),
           BEFORE "«A» does not start\n" BELOW
                  "no:  deal.stage = WON; it is empty, the right side C1:X\n");
    row_is(ROW("'kind':'trace','run':9,'what':'ended','say':'done','detail':null"),
           BEFORE "run 9: ended done\n");
    row_is(ROW("'kind':'trace','run':9,'what':'operator','say':'dropped by anna'"),
           BEFORE "run 9: an operator: dropped by anna\n");
    /* Fields that changed are in the sentence already. */
    row_is(ROW("'kind':'trace','run':0,'what':'changed','say':'changed by us: a: 1 → 2',"
               "'detail':{'a':[1,2]}"),
           BEFORE "changed by us: a: 1 → 2\n");
}
END_TEST

#define CALL(more) ROW("'kind':'call','run':9,'step':1,'method':'m','params':{'a':1}," more)

START_TEST(a_call_says_what_was_sent_and_what_came_of_it)
{
    row_is(CALL("'attempt':1,'verdict':'DONE','took_s':0.5,'error':'','text':''"),
           BEFORE "run 9: step 2 calls m {\"a\":1} → DONE after 0.500 s\n");
    row_is(CALL("'attempt':3,'verdict':'REFUSED','took_s':0.5,'error':'E','text':'no'"),
           BEFORE "run 9: step 2 calls m {\"a\":1}, attempt 3 → REFUSED after 0.500 s (refused for "
                  "good): E, no\n");
    row_is(CALL("'attempt':1,'verdict':'UNSURE','took_s':null,'error':'','text':'line broke'"),
           BEFORE "run 9: step 2 calls m {\"a\":1} → UNSURE (sent, and nobody knows whether it was "
                  "carried out): line broke\n");
    row_is(CALL("'attempt':1,'verdict':'DONE','looked':true,'took_s':null,'error':'',"
                "'text':'found by looking'"),
           BEFORE "run 9: step 2 calls m {\"a\":1} → DONE, found by looking\n");
}
END_TEST

START_TEST(a_long_value_is_cut_at_a_letter)
{
    char text[1024];
    char letters[801] = "";
    for (size_t i = 0; i < 400; i++)
        memcpy(letters + 2 * i, "я", 2);
    (void)snprintf(text, sizeof text,
                   "{'rows':[{" AT ",'kind':'call','run':9,'method':'m','params':'%s',"
                   "'verdict':'DONE'}]}",
                   letters);
    print(text);
    ck_assert_ptr_nonnull(strstr(printed, "яя… → DONE"));
    ck_assert_uint_lt(strlen(printed), 300);
}
END_TEST

#define RUN(state, more)                                                                           \
    "{" AT ",'kind':'run','id':9,'rule':'r','state':'" state "','due':'2026-02-01T09:00:00+03:00'" \
    "," more "}"

START_TEST(below_stands_where_unfinished_runs_are)
{
    row_is("{'rows':[" RUN("waiting", "'reason':'3 days','cancels':['deal leaves stage']") "]}",
           BEFORE "run 9 of \"r\" is waiting until 2026-02-01 09:00:00: 3 days\n" BELOW
                  "ends early when: deal leaves stage\n");
    row_is("{'rows':[" RUN("ready",
                           "'reason':'','cancels':[],'paused':{'rule':'r','portal':'',"
                           "'by':'anna','why':'night','since':'2026-01-20T09:00:00+03:00'}") "]}",
           BEFORE "run 9 of \"r\" is ready\n" BELOW
                  "rule r is paused since 2026-01-20 09:00:00 by anna: night\n");
    /* One whose end was told needs no second line. */
    row_is("{'rows':[" RUN("done",
                           "'reason':''") ",{" AT
                                          ",'kind':'trace','run':9,'what':'ended','say':'done'}]}",
           BEFORE "run 9: ended done\n");
    row_is("{'rows':[" RUN("done", "'reason':''") "]}", BEFORE "run 9 of \"r\" is done\n");
}
END_TEST

#define SEEN "{" AT ",'kind':'trace','run':0,'what':'changed','say':'changed'}"
#define PRUNED "'pruned':'2025-12-20T00:00:00+03:00','keep_days':30"

START_TEST(what_retention_has_removed_is_said_unless_the_beginning_is_there)
{
    row_is(
        "{" PRUNED ",'rows':[" SEEN "]}",
        "(what had ended before 2025-12-20 00:00:00 is not kept any more: keep = 30 days)\n" BEFORE
        "changed\n");
    row_is("{" PRUNED ",'rows':[{" AT ",'kind':'trace','run':0,'what':'added','say':'it was "
           "added'}]}",
           BEFORE "it was added\n");
    row_is("{'pruned':null,'more':true,'rows':[" SEEN "]}",
           "(older lines are left out; --limit 10000 shows more)\n" BEFORE "changed\n");
}
END_TEST

START_TEST(a_paused_portal_is_said_at_the_end)
{
    row_is("{'rows':[" SEEN "],'paused':[{'portal':'main','rule':'','by':'anna','why':'',"
           "'since':'2026-01-20T09:00:00+03:00'}]}",
           BEFORE "changed\nportal main is paused since 2026-01-20 09:00:00 by anna\n");
}
END_TEST

CHECK_MAIN("cli/story", events_say_where_they_are_from, a_decision_says_what_it_saw,
           a_call_says_what_was_sent_and_what_came_of_it, a_long_value_is_cut_at_a_letter,
           below_stands_where_unfinished_runs_are,
           what_retention_has_removed_is_said_unless_the_beginning_is_there,
           a_paused_portal_is_said_at_the_end)
