#include "daemon/config/config.h"

#include <string.h>

#include "common/mem.h"
#include "common/secret.h"
#include "daemon/config/loading.h"
#include "daemon/config/textfile.h"
#include "daemon/config/value.h"
#include "daemon/rules/suggest.h"

enum { MOST_NAME = 64 }; /* bytes of a section's name */

static const struct section_kind *const kinds[] = {
    &section_server, &section_portal, &section_calendar, &section_team, &section_substitute,
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* What ruleset_load takes. */
static const char *const rule_words[] = {"rule", "then", "else", "wait"};
enum { RULE_WORDS = sizeof rule_words / sizeof rule_words[0] };

/* ---- files ----------------------------------------------------------------------------------- */

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL)
        return mem_strdup(".");
    return mem_strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

static bool add_file(struct loading *l, const char *path)
{
    struct config *c = l->config;
    struct buf text BUF_AUTO;
    buf_init(&text, TEXTFILE_CEILING);
    struct err err = {0};
    if (!textfile_read(path, &text, &err))
        return diag_add(l->diag, (struct place){.file = path}, "cannot read it: %s", err.text);
    c->files = mem_grow(c->files, (size_t)c->file_count + 1, sizeof(struct ini *));
    c->files[c->file_count++] = ini_parse(path, text.data, text.size, l->diag);
    return true;
}

static void add_rule_files(struct loading *l)
{
    char *folder = textfile_join(l->config->folder, "rules.d");
    char **paths = NULL;
    size_t count = 0;
    struct err err = {0};
    if (!textfile_list(folder, &paths, &count, &err))
        (void)diag_add(l->diag, (struct place){.file = folder}, "cannot read it: %s", err.text);
    for (size_t i = 0; i < count; i++) {
        (void)add_file(l, paths[i]);
        mem_free(paths[i]);
    }
    mem_free(paths);
    mem_free(folder);
}

/* ---- sections -------------------------------------------------------------------------------- */

static size_t word_size(const struct ini_section *section)
{
    return strcspn(section->head, " ");
}

static bool is_word(const struct ini_section *section, const char *word)
{
    size_t size = word_size(section);
    return strlen(word) == size && strncmp(section->head, word, size) == 0;
}

static const struct section_kind *kind_of(const struct ini_section *section)
{
    for (size_t i = 0; i < KINDS; i++)
        if (is_word(section, kinds[i]->word))
            return kinds[i];
    return NULL;
}

static bool is_of_rules(const struct ini_section *section)
{
    for (size_t i = 0; i < RULE_WORDS; i++)
        if (is_word(section, rule_words[i]))
            return true;
    return false;
}

static void complain_unknown(struct loading *l, const struct ini_section *section)
{
    const char *words[KINDS + RULE_WORDS];
    for (size_t i = 0; i < KINDS; i++)
        words[i] = kinds[i]->word;
    memcpy(words + KINDS, rule_words, sizeof rule_words);
    char *word = mem_strndup(section->head, word_size(section));
    (void)suggest(l->diag, section->at, "section", word, words, KINDS + RULE_WORDS);
    mem_free(word);
}

/* A portal's name stands in its hook's address, the others in rules: one plain word. */
static bool is_name(const char *name, bool ascii)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (const char *c = name; *c != '\0'; c++) {
        bool plain = strchr(first, *c) != NULL || (c > name && strchr("-_.", *c) != NULL);
        if (!plain && (ascii || (unsigned char)*c < 0x80))
            return false;
    }
    return true;
}

static void check_name(struct loading *l, const struct section_kind *kind, const char *name)
{
    struct place at = l->section->at;
    if (kind->named && name[0] == '\0') {
        (void)diag_add(l->diag, at, "[%s] needs a name: [%s NAME]", kind->word, kind->word);
        return;
    }
    at.column += (int)(name - l->section->head);
    if (!kind->named && name[0] != '\0')
        (void)diag_add(l->diag, at, "[%s] has no name, not \"%s\"", kind->word, name);
    else if (!kind->free && !is_name(name, kind == &section_portal))
        (void)diag_add(l->diag, at, "a name is one word of letters, digits, -, _ and ., not \"%s\"",
                       name);
    else if (strlen(name) > MOST_NAME)
        (void)diag_add(l->diag, at, "a name has at most %d bytes", MOST_NAME);
}

/* Is it the first of that head? */
static bool check_first(struct loading *l, int file, size_t section)
{
    for (int f = 0; f <= file; f++) {
        const struct ini *ini = l->config->files[f];
        for (size_t i = 0; i < ini->count && (f < file || i < section); i++) {
            const struct ini_section *first = &ini->sections[i];
            if (strcmp(first->head, l->section->head) != 0)
                continue;
            return diag_add(l->diag, l->section->at, "[%s] stands twice, first at %s:%d:%d",
                            first->head, first->at.file, first->at.line, first->at.column);
        }
    }
    return true;
}

static void read_section(struct loading *l, const struct section_kind *kind)
{
    const char *name = l->section->head + word_size(l->section);
    name += strspn(name, " ");
    l->section->used = true;
    check_name(l, kind, name);
    if (kind->begin != NULL)
        kind->begin(l, name, l->section->at);
    keys_read(l, kind->word, l->section->at);
    if (kind->finish != NULL)
        kind->finish(l);
}

/* Reads the sections of one file; `only` NULL: of every kind. */
static bool read_sections(struct loading *l, int file, const struct section_kind *only)
{
    struct ini *ini = l->config->files[file];
    bool server = false;
    for (size_t i = 0; i < ini->count; i++) {
        l->section = &ini->sections[i];
        const struct section_kind *kind = kind_of(l->section);
        server = server || kind == &section_server;
        if (only != NULL && kind != only)
            continue;
        if (kind == NULL && !is_of_rules(l->section))
            complain_unknown(l, l->section);
        if (kind != NULL && check_first(l, file, i))
            read_section(l, kind);
    }
    l->section = NULL;
    return server;
}

static void read_all_sections(struct loading *l)
{
    bool server = false;
    for (int i = 0; i < l->config->file_count; i++)
        server = read_sections(l, i, NULL) || server;
    if (!server)
        keys_read(l, "server", (struct place){.file = l->config->file});
    if (l->config->portal_count == 0)
        (void)diag_add(l->diag, (struct place){.file = l->config->file},
                       "no [portal NAME] in it: there is nobody to listen to");
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* The rules read such a file when they call; that it can be read is checked now, and its path made
 * independent of where the daemon runs. */
static void place_secret_file(struct loading *l, struct ini_entry *entry)
{
    const struct given given = {entry->value, entry, entry->value_at};
    char *secret = value_secret(l, &given);
    if (secret == NULL)
        return;
    secret_free(secret);
    char *path = value_path(l, &given);
    mem_free(entry->value);
    entry->value = path;
}

static void place_secret_files(struct loading *l, const struct ini *ini)
{
    static const char prefix[] = "header-file.";
    for (size_t i = 0; i < ini->count; i++)
        for (size_t j = 0; j < ini->sections[i].count; j++) {
            struct ini_entry *entry = &ini->sections[i].entries[j];
            if (strncmp(entry->key, prefix, sizeof prefix - 1) == 0)
                place_secret_file(l, entry);
        }
}

static void load_rules(struct loading *l)
{
    struct config *c = l->config;
    const char **portals = mem_array((size_t)c->portal_count + 1, sizeof *portals);
    const char **calendars = mem_array((size_t)c->calendar_count + 1, sizeof *calendars);
    const char **teams = mem_array((size_t)c->staff.team_count + 1, sizeof *teams);
    for (int i = 0; i < c->portal_count; i++)
        portals[i] = c->portals[i].name;
    for (int i = 0; i < c->calendar_count; i++)
        calendars[i] = c->calendars[i].name;
    for (int i = 0; i < c->staff.team_count; i++)
        teams[i] = c->staff.teams[i].name;
    const struct ruleset_names names = {portals, calendars, teams, l->types};
    for (int i = 0; i < c->file_count; i++) {
        place_secret_files(l, c->files[i]);
        ruleset_load(c->rules, c->files[i], &names, l->diag);
    }
    mem_free(portals);
    mem_free(calendars);
    mem_free(teams);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static struct config *config_new(const char *file)
{
    struct config *c = mem_alloc(sizeof *c);
    c->file = mem_strdup(file);
    c->folder = folder_of(file);
    c->http_allow = mem_array(1, sizeof *c->http_allow);
    c->rules = ruleset_new();
    return c;
}

static void loading_done(struct loading *l)
{
    for (size_t i = 0; i < l->line_count; i++)
        mem_free(l->lines[i].text);
    mem_free(l->lines);
    zone_free(l->draft_zone);
}

struct config *config_load_knowing(const char *file, const json_t *types, struct diag *diag)
{
    struct loading l = {.config = config_new(file), .diag = diag, .types = types};
    size_t complaints = diag->count;
    if (add_file(&l, file)) {
        add_rule_files(&l);
        read_all_sections(&l);
        load_rules(&l);
    }
    if (diag->count > complaints) {
        config_free(l.config);
        l.config = NULL;
    } else {
        calendars_build(&l);
        ruleset_finish(l.config->rules);
    }
    loading_done(&l);
    return l.config;
}

struct config *config_load(const char *file, struct diag *diag)
{
    return config_load_knowing(file, NULL, diag);
}

struct config *config_load_server(const char *file, struct diag *diag)
{
    struct loading l = {.config = config_new(file), .diag = diag};
    bool server = add_file(&l, file) && read_sections(&l, 0, &section_server);
    if (!server)
        keys_read(&l, "server", (struct place){.file = file});
    loading_done(&l);
    return l.config;
}
