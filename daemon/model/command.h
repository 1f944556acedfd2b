#ifndef DAEMON_MODEL_COMMAND_H
#define DAEMON_MODEL_COMMAND_H

/* One intended call and what came of it. Plain data: a command serializes to a row `effect` before
 * it is sent, its answer is written to the same row after. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* architecture.md §3. The words are the same in every output. */
enum verdict {
    VERDICT_NONE = 0, /* intended, not known */
    VERDICT_DONE,
    VERDICT_REFUSED, /* will never work: wrong params, rights, not found */
    VERDICT_LIMITED, /* not executed: wait for the budget it names */
    VERDICT_RETRY,   /* known not executed */
    VERDICT_UNSURE,  /* sent, no trustworthy answer */
    VERDICT_SHADOW,  /* a shadow rule's: recorded, never sent */
};
const char *verdict_word(enum verdict); /* "DONE" … */
bool verdict_parse(const char *word, enum verdict *ret);

/* What to do when the outcome is unknown: product.md §2.1 `unsure`. */
enum unsure { UNSURE_CHECK = 0, UNSURE_PARK, UNSURE_REPEAT };

enum command_kind {
    COMMAND_REST = 0, /* a method of the portal */
    COMMAND_HTTP = 1, /* another system: params {url, method, headers{}, header_files{}, body,
                         content_type} */
};

struct command {
    char key[48]; /* "STEP.N", unique in its run; the answer comes back under it */
    enum command_kind kind;
    char *method;   /* owned; "crm.item.update"; for COMMAND_HTTP "http" */
    json_t *params; /* owned */
    bool write;     /* changes something: intent before, never repeated blindly */
    enum unsure unsure;
    /* How to see whether it already happened (owned, NULL: nothing to look at). Data, so that it
     * survives in the row:
     *  {"repeat": true}                        doing it twice is the same as once
     *  {"method","params","list":PATH,"where":{…},"take":PATH?}
     *       call the method; find in the array at PATH of the result ("" = the result itself) an
     *       entry whose members are jv_same as all in `where` (dotted names allowed; a text that is
     *       an object {"contains":…} tests containment). Found → DONE, and the result stands as
     *       {"id": entry's id under "take" or "id"/"ID"} or, with "as":NAME, {NAME: entry}.
     *       With "unmarked":{…} an entry that lacks a member of `where` is measured by that. With
     *       "since":{MEMBER: ISO time} an entry from before is not the one; {"any":[…]} in `where`
     *       and `equal` is one of several values. With "part":true the entry is a part of what was
     *       written, not a thing that only one call can have made.
     *  {"method","params","equal":{…},"at":PATH}
     *       call the method; all members of `equal` jv_same as in the object at PATH → DONE with
     *       the method's result.
     * Not found → known not executed, send again. */
    json_t *look;
};

/* Where the call's answer came from and what it says. */
struct answer {
    enum verdict verdict;
    json_t *result; /* owned; NULL unless DONE */
    json_t *next;   /* owned; `next` of a list, NULL if absent */
    int64_t total;  /* `total` of a list; -1 if the portal did not say */
    char error[64]; /* Bitrix24's code, upper case, or ours: "TIMEOUT", "NOT_JSON", "NOT_SENT" … */
    char text[320];  /* what it said, secrets cut, one line */
    int status;      /* HTTP status, 0 without an answer */
    int64_t sent_ms; /* wall; 0 = never sent */
    int64_t took_ms;
    int64_t retry_after_ms; /* LIMITED, RETRY: not before this wall time; 0 = as you like */
};

void command_done(struct command *);
void command_copy(struct command *to, const struct command *from);
void answer_done(struct answer *);
void answer_copy(struct answer *to, const struct answer *from);

/* The id in a result, borrowed, NULL when there is none: 5, {"id":5}, {"item":{"id":5}},
 * {"task":{"id":"5"}}. */
const json_t *command_result_id(const json_t *result);

/* Judges the answer of a look: true = it happened, *ret_result (owned) stands for the lost result;
 * false = it did not. Pure. `look` without a method ({"repeat"}) is never passed here. `taken`
 * (array, may be NULL) are results of other calls: what they made is not what is looked for. */
bool command_look_found(const json_t *look, const json_t *result, const json_t *taken,
                        json_t **ret_result);
/* The reading command that `look` describes, key "look". False for NULL and {"repeat"}. */
bool command_look_call(const json_t *look, struct command *ret);

#endif
