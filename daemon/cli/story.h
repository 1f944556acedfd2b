#ifndef DAEMON_CLI_STORY_H
#define DAEMON_CLI_STORY_H

/* The rows of a story (GET /api/story) as sentences for people. */

#include <jansson.h>
#include <stddef.h>

/* A line, with further ones below it where values were compared. */
void story_print_row(const json_t *row);
/* All of it: what happened, in order; where its runs are now; what is paused, what is not kept. */
void story_print(const json_t *story);
/* "portal main", "rule offer", "rule offer on portal main" */
void story_name_hold(const json_t *hold, char *out, size_t size);

#endif
