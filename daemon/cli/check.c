#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/cli/check_names.h"
#include "daemon/cli/out.h"
#include "daemon/cli/verb.h"

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

static json_t *errors_of(const struct diag *diag)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < diag_kept(diag); i++)
        json_array_append_new(errors, json_string(diag->entries[i].text));
    return errors;
}

/* FILE:LINE:COLUMN: what is wrong, like every other mistake; warnings say that they are. */
static json_t *line_new(const json_t *finding, bool warning)
{
    return json_sprintf("%s:%d:%d: %s%s", jv_text(finding, "file", ""),
                        (int)jv_int(finding, "line", 0), (int)jv_int(finding, "column", 0),
                        warning ? "warning: " : "", jv_text(finding, "say", ""));
}

/* The findings of one level as lines, each once: two portals may say the same. */
static void add_lines(json_t *lines, const struct check_names *names, const char *level)
{
    size_t i, k;
    json_t *finding, *known;
    bool warning = strcmp(level, "error") != 0;
    json_array_foreach (names->found, i, finding) {
        bool twice = strcmp(jv_text(finding, "level", ""), level) != 0;
        json_t *line = line_new(finding, warning);
        json_array_foreach (lines, k, known)
            twice = twice || json_equal(known, line);
        if (!twice)
            json_array_append(lines, line);
        json_decref(line);
    }
}

static void print_json(const struct config *c, const struct check_names *names,
                       const json_t *errors, const json_t *warnings)
{
    json_t *all = json_pack("{s:b, s:O, s:O}", "ok", json_array_size(errors) == 0, "errors", errors,
                            "warnings", warnings);
    if (c != NULL) {
        json_object_set_new(all, "portals", names_of(c));
        json_object_set_new(all, "rules", rules_of(c));
    }
    if (names->live)
        json_object_set(all, "live", names->report);
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

static void print_events(const struct config *c, const json_t *portal)
{
    const struct config_portal *own = config_portal(c, jv_text(portal, "name", ""));
    size_t i;
    json_t *event;
    if (!json_is_array(json_object_get(portal, "events")))
        out_line("  events: there is no database yet, so none has been seen");
    json_array_foreach (json_object_get(portal, "events"), i, event) {
        char iso[26] = "", at[24];
        int64_t last_ms = jv_int(event, "last_ms", 0);
        if (last_ms > 0)
            zone_iso(own->zone, last_ms, iso);
        out_time(iso, at);
        if (last_ms > 0)
            out_line("  event %s last came %s", jv_text(event, "name", ""), at);
        else
            out_line("  event %s has never come: is it among those of the outbound webhook?",
                     jv_text(event, "name", ""));
    }
}

static void print_live(const struct config *c, const struct check_names *names)
{
    size_t i;
    json_t *portal;
    json_array_foreach (names->report, i, portal) {
        char *scopes = jv_print_new(json_object_get(portal, "scopes"));
        out_line("portal %s: %lld names are known; the webhook acts as user %lld%s, its scopes: %s",
                 jv_text(portal, "name", ""), (long long)jv_int(portal, "names", 0),
                 (long long)jv_int(portal, "user", 0),
                 jv_flag(portal, "admin") ? ", an administrator" : "", scopes);
        mem_free(scopes);
        print_events(c, portal);
    }
}

static void print_lines(const json_t *lines)
{
    size_t i;
    json_t *line;
    json_array_foreach (jv_loose(lines), i, line) {
        char *clean = out_clean_new(json_string_value(line));
        (void)fprintf(stderr, "%s\n", clean);
        mem_free(clean);
    }
}

static void print_all(const struct config *c, const struct check_names *names,
                      const struct diag *diag, const json_t *errors, const json_t *warnings)
{
    if (c == NULL)
        out_diag(diag);
    else
        print_lines(errors);
    print_lines(warnings);
    out_warnings(diag);
    if (c != NULL && json_array_size(errors) == 0 && names->err.text[0] == '\0')
        print_good(c);
    if (c != NULL && names->live)
        print_live(c, names);
}

static enum exit_code run(const struct args *args)
{
    struct diag diag;
    diag_init(&diag);
    struct check_names names = {.live = args_has(args, OPTION_LIVE)};
    struct config *c = check_names_load(verb_config(args), &names, &diag);
    JV_AUTO *errors = errors_of(&diag);
    JV_AUTO *warnings = json_array();
    add_lines(errors, &names, "error");
    add_lines(warnings, &names, "warning");
    add_lines(warnings, &names, "waiting");
    if (args_has(args, OPTION_JSON)) {
        for (size_t i = 0; i < diag.warning_count; i++)
            json_array_append_new(warnings, json_string(diag.warnings[i].text));
        print_json(c, &names, errors, warnings);
    } else {
        print_all(c, &names, &diag, errors, warnings);
    }
    enum exit_code code = json_array_size(errors) == 0 ? EXIT_YES : EXIT_NO;
    if (names.err.text[0] != '\0') {
        out_complain("%s", names.err.text);
        if (names.live)
            code = EXIT_UNABLE;
    }
    config_free(c);
    check_names_done(&names);
    diag_done(&diag);
    return code;
}

const struct verb verb_check = {
    .name = "check",
    .operands = "",
    .help = "every mistake of the configuration, with its place; --portal: against the portals",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_LIVE),
    .run = run,
};
