#ifndef DAEMON_RULES_STAGENAME_H
#define DAEMON_RULES_STAGENAME_H

/* Stages and funnels by name, through the fact `stages:TYPE`; see scope_stage. Pure. */

#include "daemon/rules/scope.h"

/* The name of a stage, NULL when the portal does not list it. Borrowed from the facts. */
enum known stage_name(struct scope *, int entity_type, const char *id, const char **ret);
/* The id of the funnel with that name or id. New reference. */
enum known funnel_id(struct scope *, int entity_type, const char *text, json_t **ret);
/* The name of a funnel, NULL when the portal does not list it. Borrowed. */
enum known funnel_name(struct scope *, int entity_type, int64_t id, const char **ret);

/* 'P', 'S' or 'F' for "@open", "@won" or "@lost"; '\0' for anything else. */
char stage_word_semantic(const char *word);

#endif
