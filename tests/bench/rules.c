/* ./dev bench rules: what deciding costs without any network. A deal that has entered a stage is
 * judged by all rules and its timers are planned; the one rule that fires goes through its ten
 * steps, each call answered at once. And how that grows with the number of rules. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/calendar.h"
#include "common/clock.h"
#include "common/diag.h"
#include "common/ini.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/zone.h"
#include "daemon/rules/advance.h"
#include "daemon/rules/change.h"
#include "daemon/rules/timer.h"
#include "tests/bench/middle.h"
#include "tests/bench/timers.h"

enum {
    TEXT_MOST = 32 << 20,
    STEPS = 10,
    FIELDS = 40,  /* a portal has so many of its own, */
    STAGES = 60,  /* and so many stages, however many rules speak of them */
    THE_ONE = 10, /* the rule that fires, which is of every size */
    EVENTS = 2000,
    ROUNDS_MOST = MIDDLE_MOST
};

static const int sizes[] = {20, 200, 2000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static _Noreturn void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* Triggers in the mixture of a specification: stages above all, then fields, then the rest. */
static void print_trigger(struct buf *out, int n)
{
    int field = n / 10 % FIELDS, stage = n / 10 % STAGES;
    if (n == THE_ONE) {
        buf_text(out, "on = deal enters C1:ONE\n");
        return;
    }
    switch (n % 10) {
    case 3:
        buf_printf(out, "on = deal leaves C1:S%d\n", stage);
        break;
    case 4:
        buf_printf(out, "on = deal enters C1:S%d\n", stage);
        break;
    case 5:
    case 6:
        buf_printf(out, "on = deal.ufCrmF%d changes\n", field);
        break;
    case 7:
        buf_printf(out, "on = contact.ufCrmF%d changes\n", field);
        break;
    case 8:
        buf_printf(out, "on = robot code-%d\n", n);
        break;
    case 9:
        buf_printf(out, "on = 2h before deal.ufCrmD%d\n", field);
        break;
    default:
        buf_printf(out, "on = deal enters \"Продажи / Стадия %d\"\n", stage);
    }
}

static void print_rule(struct buf *out, int n)
{
    const char *kind = n % 10 == 7 ? "contact" : "deal", *title = n % 10 == 7 ? "name" : "title";
    buf_printf(out, "[rule rule-%d]\ntitle = Правило %d\n", n, n);
    print_trigger(out, n);
    buf_printf(out, "if = %s.assigned > 0 and %s.comments != \"закрыто\"\n", kind, kind);
    for (int step = 0; step < STEPS; step += 2)
        buf_printf(out,
                   "[then comment]\n"
                   "if = %s.%s contains \"станк\"\n"
                   "text = Шаг %d: {{%s.%s | truncate 60}} ({{%s.assigned}}) {{%s | link}}\n"
                   "[then todo]\n"
                   "title = Перезвонить: {{%s.%s | upper}}\n"
                   "deadline = now + 4 workhours\n",
                   kind, title, step, kind, title, kind, kind, kind, title);
}

static char *rules_text_new(int count)
{
    struct buf text BUF_AUTO;
    buf_init(&text, TEXT_MOST);
    for (int n = 0; n < count; n++)
        print_rule(&text, n);
    return mem_strdup(text.data);
}

/* ---- one house ------------------------------------------------------------------------------- */

struct house {
    int rules;
    struct ruleset *set;
    struct ini *ini;
    struct diag diag;
    struct zone *zone;
    struct calendar *calendar;
    struct rules_env env;
    json_t *facts, *now, *old, *answers;
    double load_ms[ROUNDS_MOST], judge_us[ROUNDS_MOST], advance_us[ROUNDS_MOST];
};

static double load(struct house *h, const char *text)
{
    static const char *const portals[] = {"main", NULL}, *const none[] = {NULL};
    const struct ruleset_names names = {portals, none, none};
    if (h->set != NULL) {
        ruleset_free(h->set);
        ini_free(h->ini);
        diag_done(&h->diag);
    }
    int64_t began_us = clock_mono_us();
    diag_init(&h->diag);
    h->set = ruleset_new();
    h->ini = ini_parse("rules.ini", text, strlen(text), &h->diag);
    ruleset_load(h->set, h->ini, &names, &h->diag);
    ruleset_finish(h->set);
    double ms = (double)(clock_mono_us() - began_us) / 1e3;
    if (h->diag.count > 0)
        give_up("the rules", h->diag.entries[0].text);
    return ms;
}

static json_t *record_new(const char *stage)
{
    json_t *record = json_pack("{s:i, s:s, s:s, s:i, s:i, s:f, s:s, s:s}", "id", 351, "title",
                               "Поставка станков", "stageId", stage, "categoryId", 1,
                               "assignedById", 6, "opportunity", 1500.5, "comments", "",
                               "updatedTime", "2026-01-20T09:59:00+03:00");
    for (int i = 0; i < FIELDS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "ufCrmF%d", i);
        (void)json_object_set_new(record, name, json_integer(i));
        (void)snprintf(name, sizeof name, "ufCrmD%d", i);
        (void)json_object_set_new(record, name, json_string("2026-02-20T15:00:00+03:00"));
    }
    return record;
}

static json_t *fields_new(void)
{
    json_t *fields = json_object();
    for (int i = 0; i < FIELDS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "ufCrmF%d", i);
        (void)json_object_set_new(fields, name, json_pack("{s:s}", "type", "integer"));
        (void)snprintf(name, sizeof name, "ufCrmD%d", i);
        (void)json_object_set_new(fields, name, json_pack("{s:s}", "type", "datetime"));
    }
    return fields;
}

static json_t *stages_new(void)
{
    json_t *list = json_array();
    for (int n = 0; n < STAGES; n++)
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:i, s:s}", "id", json_sprintf("C1:S%d", n), "name",
                            json_sprintf("Стадия %d", n), "category", 1, "semantic", "P"));
    return json_pack("{s:[{s:i, s:s}], s:o}", "funnels", "id", 1, "name", "Продажи", "stages",
                     list);
}

/* A daemon at work knows what names mean (engine/keeper.c). */
static json_t *pins_new(void)
{
    json_t *pins = json_object();
    for (int n = 0; n < STAGES; n++) {
        char name[64], key[SCOPE_PIN_SIZE];
        (void)snprintf(name, sizeof name, "Продажи / Стадия %d", n);
        scope_pin_print("stage", ENTITY_DEAL, name, key);
        (void)json_object_set_new(
            pins, key, json_pack("{s:o, s:i}", "id", json_sprintf("C1:S%d", n), "category", 1));
    }
    return pins;
}

static void house_init(struct house *h, int rules)
{
    struct err err = {0};
    *h = (struct house){.rules = rules, .zone = zone_load("Europe/Moscow", &err)};
    if (h->zone == NULL)
        give_up("the zone", err.text);
    h->calendar = calendar_new_plain(h->zone);
    h->env = (struct rules_env){.now_ms = INT64_C(1768892400000),
                                .zone = h->zone,
                                .portal_url = "https://firm.bitrix24.ru",
                                .default_calendar = h->calendar};
    h->now = record_new("C1:ONE");
    h->old = record_new("C1:BEFORE");
    h->answers = json_object();
    h->facts = json_pack("{s:o, s:O, s:o, s:o}", SCOPE_PINS, pins_new(), "entity:2:351", h->now,
                         "fields:2", fields_new(), "stages:2", stages_new());
}

static void house_done(struct house *h)
{
    ruleset_free(h->set);
    ini_free(h->ini);
    diag_done(&h->diag);
    calendar_free(h->calendar);
    zone_free(h->zone);
    json_decref(h->facts);
    json_decref(h->now);
    json_decref(h->old);
    json_decref(h->answers);
}

/* ---- one event ------------------------------------------------------------------------------- */

static const struct rule *judge(const struct house *h, struct run *run)
{
    const struct passage passage = {.from = "C1:BEFORE", .to = "C1:ONE", .at_ms = h->env.now_ms};
    const struct change change = {.portal = "main",
                                  .entity = {.type = ENTITY_DEAL, .id = "351"},
                                  .now = h->now,
                                  .old = h->old,
                                  .updated = true,
                                  .passages = &passage,
                                  .passage_count = 1,
                                  .priority = PRIORITY_NORMAL};
    struct judgement judgement;
    struct timer_plan plan;
    change_judge(h->set, &change, NULL, 0, h->facts, &h->env, &judgement);
    timer_plan_make(h->set, &change, NULL, 0, h->facts, &h->env, &plan);
    if (json_array_size(judgement.needs) + json_array_size(plan.needs) > 0)
        give_up("judging needs", json_string_value(json_array_get(judgement.needs, 0)));
    if (judgement.firing_count != 1 || !judgement.firings[0].passed)
        give_up("judging", "not one rule fires");
    const struct rule *rule = judgement.firings[0].rule;
    *run = (struct run){.id = 17, .entity = change.entity, .state = RUN_READY};
    run->vars = json_incref(judgement.firings[0].vars);
    (void)snprintf(run->rule, sizeof run->rule, "%s", rule->name);
    timer_plan_done(&plan);
    judgement_done(&judgement);
    return rule;
}

static void answer(const struct house *h, const struct advance *got)
{
    for (size_t i = 0; i < got->count; i++)
        (void)json_object_set_new(h->answers, got->commands[i].key,
                                  json_pack("{s:s, s:{s:i}, s:s, s:s}", "verdict", "DONE", "result",
                                            "id", 5, "error", "", "text", ""));
}

static void advance(const struct house *h, const struct rule *rule, struct run *run)
{
    struct advance got;
    int steps = 0;
    json_object_clear(h->answers);
    for (;;) {
        rules_advance(h->set, rule, run, h->facts, h->answers, &h->env, &got);
        if (got.kind != ADVANCE_CALL)
            break;
        steps++;
        answer(h, &got);
        advance_done(&got);
    }
    if (got.kind != ADVANCE_FINISH || got.state != RUN_DONE || steps != STEPS)
        give_up("a run", got.kind == ADVANCE_NEED ? json_string_value(json_array_get(got.needs, 0))
                                                  : "does not end after its ten steps");
    advance_done(&got);
}

static void run_round(struct house *h, const char *text, int round)
{
    int64_t judged_us = 0, advanced_us = 0;
    h->load_ms[round] = load(h, text);
    for (int i = 0; i < EVENTS; i++) {
        struct run run;
        int64_t began_us = clock_mono_us();
        const struct rule *rule = judge(h, &run);
        int64_t between_us = clock_mono_us();
        advance(h, rule, &run);
        run_done(&run);
        judged_us += between_us - began_us;
        advanced_us += clock_mono_us() - between_us;
    }
    h->judge_us[round] = (double)judged_us / EVENTS;
    h->advance_us[round] = (double)advanced_us / EVENTS;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Ratios are of the same round. */
static void print_house(const struct house *h, const struct house *least, int rounds)
{
    double ratios[ROUNDS_MOST];
    double judged = middle(h->judge_us, rounds), advanced = middle(h->advance_us, rounds);
    for (int i = 0; i < rounds; i++)
        ratios[i] =
            (h->judge_us[i] + h->advance_us[i]) / (least->judge_us[i] + least->advance_us[i]);
    (void)printf("%6d  %8.1f  %8.1f  %9.1f  %8.0f  %5.2f\n", h->rules, middle(h->load_ms, rounds),
                 judged, advanced, 1e6 / (judged + advanced), middle(ratios, rounds));
}

static void judging_bench(int rounds)
{
    struct house houses[SIZES];
    char *texts[SIZES];
    for (int i = 0; i < SIZES; i++) {
        house_init(&houses[i], sizes[i]);
        texts[i] = rules_text_new(sizes[i]);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < SIZES; i++)
            run_round(&houses[i], texts[i], round);
    (void)printf("rules of %d steps, one thread, %d rounds of %d events, medians\n"
                 " rules   load ms  judge us  ten steps  events/s  of the first\n",
                 STEPS, rounds, EVENTS);
    for (int i = 0; i < SIZES; i++) {
        print_house(&houses[i], &houses[0], rounds);
        house_done(&houses[i]);
        mem_free(texts[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'}, {"timers", required_argument, NULL, 't'}, {0}};
    int rounds = 5, option;
    int64_t timers = 100000;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'r')
            rounds = (int)strtol(optarg, NULL, 10);
        else if (option == 't')
            timers = strtoll(optarg, NULL, 10);
        else
            return 2;
    }
    if (rounds < 1 || rounds > ROUNDS_MOST || timers < 1) {
        (void)fprintf(stderr, "usage: bench_rules [--rounds 1-%d] [--timers N]\n", ROUNDS_MOST);
        return 2;
    }
    judging_bench(rounds);
    timers_bench(timers, rounds);
    return 0;
}
