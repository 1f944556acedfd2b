#ifndef DAEMON_RULES_TEMPLATE_H
#define DAEMON_RULES_TEMPLATE_H

/* `Перезвонить по КП: {{deal.title | truncate 60}}`: text with {{path | filter argument | …}},
 * expanded once: what is inserted is never read again. Pure. */

#include <jansson.h>
#include <stdbool.h>

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/rules/expr.h"

struct template;
struct scope;

/* How inserted values must be made harmless. The template's own text is the rule author's and is
 * left alone. */
enum template_into {
    INTO_PLAIN, /* titles, fields: literal */
    INTO_BB,    /* BBCode: [ ] of values become &#91; &#93;, unless the filter bb or link made it */
    INTO_JSON,  /* inside a JSON string: " \ and control characters escaped */
    INTO_URL,   /* percent-encoded */
    INTO_HEADER, /* CR and LF and other controls become blanks */
};

/* Parses an entry's value from byte `from` to the end. Mistakes (unclosed braces, unknown filter,
 * wrong argument, unknown name) go to diag with their column; NULL then. */
struct template *template_parse(const struct ini_entry *, size_t from, const struct expr_names *,
                                struct diag *);
void template_free(struct template *);
const char *template_text(const struct template *); /* as written */
bool template_is_plain(const struct template *);    /* without any {{ }} */
/* The one path when the whole template is `{{path}}` without filters, else NULL. */
const struct path *template_only_path(const struct template *);
void template_paths(const struct template *, void (*visit)(const struct path *, void *), void *arg);

/* Renders to text (mem_free). Ceiling 64 KiB: beyond it KNOWN_BAD. */
enum known template_text_of(const struct template *, struct scope *, enum template_into,
                            char **ret_text);
/* Like template_text_of(INTO_PLAIN), but a template that is only one path keeps the value's own
 * JSON type (numbers, lists), and a list stays one through its filters. Owned by the caller. */
enum known template_value_of(const struct template *, struct scope *, json_t **ret_value);
/* The same, but what is only a path to an entity gives its id and not its name. */
enum known template_ids_of(const struct template *, struct scope *, json_t **ret_value);

#endif
