#include <stdio.h>

#include "daemon/cli/out.h"
#include "daemon/cli/verb.h"
#include "daemon/config/config.h"

static const char *state_word(enum rule_state state)
{
    switch (state) {
    case RULE_ON:
        return "on";
    case RULE_OFF:
        return "off";
    case RULE_SHADOW:
        return "shadow";
    }
    return "?";
}

static json_t *rules_of(const struct config *c)
{
    json_t *rules = json_array();
    for (size_t i = 0; i < c->rules->count; i++) {
        const struct rule *rule = &c->rules->rules[i];
        json_array_append_new(rules,
                              json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", rule->name, "title",
                                        rule->title, "state", state_word(rule->state), "file",
                                        rule->at.file, "line", rule->at.line));
    }
    return rules;
}

static json_t *names_of(const struct config *c)
{
    json_t *portals = json_array();
    for (int i = 0; i < c->portal_count; i++)
        json_array_append_new(portals, json_string(c->portals[i].name));
    return portals;
}

static void print_json(const struct config *c, const struct diag *diag)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < diag_kept(diag); i++)
        json_array_append_new(errors, json_string(diag->entries[i].text));
    json_t *warnings = json_array();
    for (size_t i = 0; i < diag->warning_count; i++)
        json_array_append_new(warnings, json_string(diag->warnings[i].text));
    json_t *all =
        json_pack("{s:b, s:o, s:o}", "ok", c != NULL, "errors", errors, "warnings", warnings);
    if (c != NULL) {
        json_object_set_new(all, "portals", names_of(c));
        json_object_set_new(all, "rules", rules_of(c));
    }
    out_json(all);
    json_decref(all);
}

static void print_good(const struct config *c)
{
    size_t off = 0, shadow = 0;
    for (size_t i = 0; i < c->rules->count; i++) {
        off += c->rules->rules[i].state == RULE_OFF;
        shadow += c->rules->rules[i].state == RULE_SHADOW;
    }
    out_line("%s is right: portals %d, calendars %d, teams %d, rules %zu (off %zu, shadow %zu)",
             c->file, c->portal_count, c->calendar_count, c->staff.team_count, c->rules->count, off,
             shadow);
}

static enum exit_code run(const struct args *args)
{
    struct diag diag;
    diag_init(&diag);
    struct config *c = config_load(verb_config(args), &diag);
    if (args_has(args, OPTION_JSON))
        print_json(c, &diag);
    else if (c != NULL)
        print_good(c);
    else
        out_diag(&diag);
    if (!args_has(args, OPTION_JSON))
        out_warnings(&diag);
    enum exit_code code = c != NULL ? EXIT_YES : EXIT_NO;
    config_free(c);
    diag_done(&diag);
    return code;
}

const struct verb verb_check = {
    .name = "check",
    .operands = "",
    .help = "every mistake of the configuration, with its place",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON),
    .run = run,
};
