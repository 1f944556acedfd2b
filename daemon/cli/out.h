#ifndef DAEMON_CLI_OUT_H
#define DAEMON_CLI_OUT_H

/* Printing for people and for programs. What came from outside is printed without control
 * characters: it can neither colour a terminal nor begin a line. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"

enum { OUT_COLUMNS = 10 };

struct out_row {
    char *cells[OUT_COLUMNS]; /* owned */
};

/* Rows of text in columns that line up. */
struct out_table {
    size_t columns;
    struct out_row *rows; /* the first is the heading */
    size_t count;
};

/* Headings are a NULL-ended list. */
void out_table_init(struct out_table *, const char *const *headings);
/* One text a column, copied. */
void out_table_add(struct out_table *, const char *const *cells);
/* Prints and frees it. Nothing is printed of a table without rows. */
void out_table_print(struct out_table *);

/* The text as it may be printed. mem_free. */
char *out_clean_new(const char *text);
/* A line made of a format, cleaned. */
void out_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same to stderr, with "b24bridge: " in front. */
void out_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same without anything in front. */
void out_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Every complaint to stderr, a line each, and how many more there were. */
void out_diag(const struct diag *);
void out_warnings(const struct diag *); /* "warning: FILE:LINE:COL: …" */

/* "2026-01-20T10:00:00+03:00" as "2026-01-20 10:00:00"; "-" for NULL and "". */
void out_time(const char *iso, char out[24]);

/* Indented, with a newline behind it. */
void out_json(const json_t *);

#endif
