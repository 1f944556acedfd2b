/* The rule engine by example: each folder of cases/ is one run from its start to its end.
 *
 *   rule.ini       one rule with its steps
 *   input.json     {"entity":{"type","id"}, "now", "vars", "facts":{need: value},
 *                   "answers":{key: {"verdict","result","error","text"}},
 *                   "woken":{need: value}     facts that are different after a wait
 *                   "given":[key]             answers that are there from the start (a crash)
 *                   "run":{"id","attempt"}
 *                   "teams":[{"name","members","order":0|1|2,"skip","fallback"}]
 *                   "substitutes":[{"user","deputy","from","until"}]}
 *   expected.json  {"rounds":[…], "trace":[…], "labels":{…}}
 *
 * The run starts knowing nothing; what it needs it gets from `facts`, what it calls is answered
 * from `answers`, a wait passes at once. Every word of the dialogue is compared. After a deliberate
 * change RULES_CASES_WRITE=1 writes the new dialogues; read the difference before you keep it. */

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/calendar.h"
#include "common/ini.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/zone.h"
#include "daemon/model/need.h"
#include "daemon/rules/advance.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/team.h"

enum { MOST_CASES = 500, MOST_ROUNDS = 60 };

static const char folder[] = "tests/unit/rules/cases";
static char *names[MOST_CASES];
static int name_count;

/* ---- files ----------------------------------------------------------------------------------- */

static char *read_new(const char *name, const char *file)
{
    char *path = mem_printf("%s/%s/%s", folder, name, file);
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "cannot open %s", path);
    char *text = mem_alloc(1024 * 1024);
    size_t size = fread(text, 1, 1024 * 1024 - 1, in);
    text[size] = '\0';
    (void)fclose(in);
    mem_free(path);
    return text;
}

static json_t *json_of_new(const char *name, const char *file)
{
    struct err err = {0};
    char *text = read_new(name, file);
    json_t *ret = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(ret != NULL, "%s/%s: %s", name, file, err.text);
    mem_free(text);
    return ret;
}

static void write_expected(const char *name, const json_t *actual)
{
    char *path = mem_printf("%s/%s/expected.json", folder, name);
    ck_assert_int_eq(0, json_dump_file(actual, path, JSON_INDENT(1)));
    mem_free(path);
}

/* ---- the stage ------------------------------------------------------------------------------- */

struct stage {
    struct zone *zone;
    struct calendar *calendar;
    struct rules_env env;
    struct ruleset *set;
    struct ini *ini;
    json_t *input;
    json_t *facts, *answers; /* so far */
    struct run run;
    struct staff staff;
    json_t *rounds, *trace; /* out */
};

static const char *const team_names[] = {"first-line", NULL};

static void stage_load(struct stage *s, const char *name)
{
    static const char *const none[] = {NULL}, *const portals[] = {"main", NULL};
    const struct ruleset_names known = {portals, none, team_names};
    struct diag diag;
    char *text = read_new(name, "rule.ini");
    diag_init(&diag);
    s->set = ruleset_new();
    s->ini = ini_parse("rule.ini", text, strlen(text), &diag);
    ruleset_load(s->set, s->ini, &known, &diag);
    ruleset_finish(s->set);
    ck_assert_msg(diag.count == 0, "%s: %s", name, diag.count > 0 ? diag.entries[0].text : "");
    ck_assert_uint_eq(1, s->set->count);
    diag_done(&diag);
    mem_free(text);
}

/* Texts are borrowed from the input. */
static char *text_of(const json_t *value)
{
    return (char *)(uintptr_t)json_string_value(value);
}

static void team_open(struct team *team, const json_t *given)
{
    const json_t *members = json_object_get(given, "members");
    team->member_count = (int)json_array_size(members);
    team->members = mem_array((size_t)team->member_count, sizeof *team->members);
    for (int i = 0; i < team->member_count; i++)
        team->members[i] = text_of(json_array_get(members, (size_t)i));
    team->name = text_of(json_object_get(given, "name"));
    team->fallback = text_of(json_object_get(given, "fallback"));
    team->order = (enum team_order)jv_int(given, "order", 0);
    team->skip_absent = jv_flag(given, "skip");
}

static void substitute_open(struct substitute *substitute, const json_t *given)
{
    substitute->user = text_of(json_object_get(given, "user"));
    substitute->deputy = text_of(json_object_get(given, "deputy"));
    (void)snprintf(substitute->from, sizeof substitute->from, "%s", jv_text(given, "from", ""));
    (void)snprintf(substitute->until, sizeof substitute->until, "%s", jv_text(given, "until", ""));
}

static void staff_open(struct staff *staff, const json_t *input)
{
    const json_t *teams = json_object_get(input, "teams");
    const json_t *substitutes = json_object_get(input, "substitutes");
    staff->team_count = (int)json_array_size(teams);
    staff->teams = mem_array((size_t)staff->team_count + 1, sizeof *staff->teams);
    for (int i = 0; i < staff->team_count; i++)
        team_open(&staff->teams[i], json_array_get(teams, (size_t)i));
    staff->substitute_count = (int)json_array_size(substitutes);
    staff->substitutes = mem_array((size_t)staff->substitute_count + 1, sizeof *staff->substitutes);
    for (int i = 0; i < staff->substitute_count; i++)
        substitute_open(&staff->substitutes[i], json_array_get(substitutes, (size_t)i));
}

static void staff_close(struct staff *staff)
{
    for (int i = 0; i < staff->team_count; i++)
        mem_free(staff->teams[i].members);
    mem_free(staff->teams);
    mem_free(staff->substitutes);
}

static void stage_open(struct stage *s, const char *name)
{
    struct err err = {0};
    *s = (struct stage){.input = json_of_new(name, "input.json")};
    stage_load(s, name);
    s->zone = zone_load("Europe/Moscow", &err);
    ck_assert_msg(s->zone != NULL, "%s", err.text);
    s->calendar = calendar_new_plain(s->zone);
    s->env = (struct rules_env){
        .zone = s->zone, .portal_url = "https://firm.bitrix24.ru", .default_calendar = s->calendar};
    staff_open(&s->staff, s->input);
    s->env.staff = &s->staff;
    ck_assert(zone_parse_iso(s->zone, jv_text(s->input, "now", ""), &s->env.now_ms));
    s->run = (struct run){.id = jv_int(s->input, "run.id", 17),
                          .attempt = (int)jv_int(s->input, "run.attempt", 0),
                          .entity.type = (int)jv_int(s->input, "entity.type", 0),
                          .vars = json_deep_copy(json_object_get(s->input, "vars"))};
    (void)snprintf(s->run.entity.id, sizeof s->run.entity.id, "%s",
                   jv_text(s->input, "entity.id", ""));
    s->facts = json_object();
    s->answers = json_object();
    s->rounds = json_array();
    s->trace = json_array();
    size_t i;
    json_t *key;
    json_array_foreach (json_object_get(s->input, "given"), i, key) {
        const char *text = json_string_value(key);
        (void)json_object_set(s->answers, text,
                              json_object_get(json_object_get(s->input, "answers"), text));
    }
}

static void stage_close(struct stage *s)
{
    staff_close(&s->staff);
    ruleset_free(s->set);
    ini_free(s->ini);
    calendar_free(s->calendar);
    zone_free(s->zone);
    run_done(&s->run);
    json_decref(s->input);
    json_decref(s->facts);
    json_decref(s->answers);
    json_decref(s->rounds);
    json_decref(s->trace);
}

/* ---- one round ------------------------------------------------------------------------------- */

static void note_trace(struct stage *s, const json_t *trace)
{
    size_t i;
    json_t *entry;
    json_array_foreach (trace, i, entry) {
        const json_t *is = json_object_get(entry, "is");
        const char *word = is == NULL ? "" : json_is_true(is) ? " is true" : " is false";
        (void)json_array_append_new(
            s->trace, json_sprintf("%d %s: %s%s", (int)jv_int(entry, "step", -1),
                                   jv_text(entry, "what", "?"), jv_text(entry, "say", ""), word));
    }
}

static void round_need(struct stage *s, const char *name, const json_t *needs)
{
    size_t i;
    json_t *need;
    ck_assert_msg(json_array_size(needs) > 0, "%s: a need of nothing", name);
    json_array_foreach (needs, i, need) {
        const char *text = json_string_value(need);
        json_t *fact = json_object_get(json_object_get(s->input, "facts"), text);
        ck_assert_msg(fact != NULL, "%s: input.json lacks the fact %s", name, text);
        ck_assert_msg(json_object_get(s->facts, text) == NULL, "%s: %s needed twice", name, text);
        (void)json_object_set(s->facts, text, fact);
    }
    (void)json_array_append_new(s->rounds, json_pack("{s:O}", "need", needs));
}

static void round_call(struct stage *s, const char *name, const struct advance *advance)
{
    json_t *calls = json_array(), *answers = json_object();
    ck_assert_msg(advance->count > 0, "%s: a call of nothing", name);
    for (size_t i = 0; i < advance->count; i++) {
        const struct command *c = &advance->commands[i];
        json_t *answer = json_object_get(json_object_get(s->input, "answers"), c->key);
        json_t *call = json_pack("{s:s, s:s, s:b, s:O, s:O*}", "key", c->key, "method", c->method,
                                 "write", c->write, "params", c->params, "look", c->look);
        ck_assert_msg(answer != NULL, "%s: input.json lacks an answer to %s", name, c->key);
        ck_assert_msg(json_object_get(s->answers, c->key) == NULL, "%s: %s twice", name, c->key);
        (void)json_array_append_new(calls, call);
        (void)json_object_set(answers, c->key, answer);
        (void)json_object_set(s->answers, c->key, answer);
    }
    (void)json_array_append_new(s->rounds,
                                json_pack("{s:o, s:o}", "call", calls, "answer", answers));
}

static void round_wait(struct stage *s, const struct advance *advance)
{
    char due[26];
    zone_iso(s->zone, advance->due_ms, due);
    s->env.now_ms = advance->due_ms;
    (void)json_object_update(s->facts, json_object_get(s->input, "woken"));
    (void)json_array_append_new(s->rounds, json_pack("{s:{s:s, s:s, s:i}}", "wait", "until", due,
                                                     "state", run_state_word(advance->wait_state),
                                                     "step", s->run.step));
}

/* Nobody is faster here. */
static void round_turn(struct stage *s, const struct advance *advance)
{
    const struct turn *turn = &advance->turn;
    char need[NEED_SIZE];
    choice_take(&s->run, turn);
    need_print(NEED_TEAM, turn->team, need);
    (void)json_object_set_new(s->facts, need,
                              json_pack("{s:I, s:I, s:{}}", "turn", (json_int_t)turn->turn + 1,
                                        "last", (json_int_t)turn->user, "given"));
    (void)json_array_append_new(s->rounds, json_pack("{s:{s:s, s:I, s:I}}", "turn", "team",
                                                     turn->team, "number", (json_int_t)turn->turn,
                                                     "user", (json_int_t)turn->user));
}

static void round_finish(struct stage *s, const struct advance *advance)
{
    (void)json_array_append_new(s->rounds,
                                json_pack("{s:{s:s, s:s}}", "finish", "state",
                                          run_state_word(advance->state), "reason", s->run.reason));
}

static bool play_round(struct stage *s, const char *name)
{
    struct advance advance;
    rules_advance(s->set, s->set->rules, &s->run, s->facts, s->answers, &s->env, &advance);
    note_trace(s, advance.trace);
    enum advance_kind kind = advance.kind;
    switch (kind) {
    case ADVANCE_NEED:
        round_need(s, name, advance.needs);
        break;
    case ADVANCE_CALL:
        round_call(s, name, &advance);
        break;
    case ADVANCE_TURN:
        round_turn(s, &advance);
        break;
    case ADVANCE_WAIT:
        round_wait(s, &advance);
        break;
    case ADVANCE_FINISH:
        round_finish(s, &advance);
        break;
    }
    advance_done(&advance);
    return kind != ADVANCE_FINISH;
}

static void compare(const char *name, const json_t *actual)
{
    JV_AUTO *expected = json_of_new(name, "expected.json");
    char *a = json_dumps(actual, JSON_INDENT(1)), *e = json_dumps(expected, JSON_INDENT(1));
    ck_assert_msg(strcmp(a, e) == 0, "case %s\n--- expected\n%s\n--- actual\n%s", name, e, a);
    free(a);
    free(e);
}

START_TEST(the_dialogue_is_as_written)
{
    const char *name = names[_i];
    struct stage s;
    int rounds = 0;
    stage_open(&s, name);
    while (play_round(&s, name))
        ck_assert_msg(++rounds < MOST_ROUNDS, "%s does not end", name);
    json_t *labels = json_object_get(s.run.vars, "labels");
    JV_AUTO *actual =
        json_pack("{s:O, s:O, s:O*}", "rounds", s.rounds, "trace", s.trace, "labels", labels);
    if (getenv("RULES_CASES_WRITE") != NULL)
        write_expected(name, actual);
    compare(name, actual);
    stage_close(&s);
}
END_TEST

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_cases(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.' && name_count < MOST_CASES)
            names[name_count++] = mem_strdup(entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
    qsort(names, (size_t)name_count, sizeof names[0], by_name);
}

int main(void)
{
    find_cases();
    if (name_count == 0) {
        (void)fprintf(stderr, "no cases in %s; run from the repository's root\n", folder);
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("rules/cases");
    TCase *tcase = tcase_create("rules/cases");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_dialogue_is_as_written, 0, name_count);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (int i = 0; i < name_count; i++)
        mem_free(names[i]);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
