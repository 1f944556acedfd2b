#ifndef TESTS_CRASH_TALLY_H
#define TESTS_CRASH_TALLY_H

/* What the rules of a soak have to bring about for each deal, and what the portal shows of it. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rules: one for each kind of deal, told by the beginning of its title. @PORTAL@ stands for the
 * stand-in portal's address. */
extern const char tally_rules[];
size_t tally_kinds(void);
const char *tally_kind(size_t); /* "words": titles of such deals are "words …" */
int tally_deeds_of(size_t kind);

/* Tables of the portal that show deeds, NULL behind the last. */
extern const char *const tally_tables[];

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally *);
void tally_add_deal(struct tally *, int64_t id, size_t kind);
/* Rows of one of the tables. */
void tally_add_rows(struct tally *, const char *table, const json_t *rows);
/* The deal's run ended in this state (enum run_state) before that step was done. */
void tally_add_end(struct tally *, int64_t id, int state, int step, const char *reason);

struct tally_sums {
    int64_t expected; /* deeds of all deals */
    int64_t there;    /* of these */
    int64_t missing, doubled;
    int64_t parked, parked_done, parked_not; /* runs; their deed is there, or is not */
    int64_t kept_back;                       /* deeds of steps behind a parked one */
    int64_t wrongly; /* parked although the deed can be looked for, dead, cancelled */
    char first[512]; /* what is wrong with the first of these, "" nothing */
};
struct tally_sums tally_sum(const struct tally *);
/* {"chat": 3, …}: parked runs by kind. New. */
json_t *tally_parked(const struct tally *);

#endif
