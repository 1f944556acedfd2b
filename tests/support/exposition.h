#ifndef TESTS_SUPPORT_EXPOSITION_H
#define TESTS_SUPPORT_EXPOSITION_H

/* Is a text good Prometheus exposition, format 0.0.4? As strict as `promtool check metrics`: the
 * grammar, each family together with its help and type, no sample twice, names by their type,
 * histograms whole. */

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPOSITION_NAME = 128, EXPOSITION_SAMPLES = 8192 };

struct exposition {
    char family[EXPOSITION_NAME], type[16];
    bool helped, typed;
    const char *seen[EXPOSITION_SAMPLES]; /* names with labels; they point into the text */
    size_t seen_size[EXPOSITION_SAMPLES];
    int samples;
    char done[512][EXPOSITION_NAME]; /* families that are over */
    int done_count;
    double last_bound, last_bucket, inf_bucket; /* of the histogram at hand */
    bool has_inf, has_sum, has_count;
    char why[512];
};

static inline bool exposition_bad(struct exposition *x, const char *what, const char *line)
{
    (void)snprintf(x->why, sizeof x->why, "%s: %.*s", what, (int)strcspn(line, "\n"), line);
    return false;
}

static inline size_t exposition_name(const char *text, bool colon)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t size = strspn(text, letters);
    if (size == 0)
        return 0;
    for (;;) {
        size += strspn(text + size, letters);
        size_t more = strspn(text + size, colon ? "0123456789:" : "0123456789");
        if (more == 0)
            return size;
        size += more;
    }
}

static inline bool exposition_ends(const char *name, const char *end)
{
    size_t size = strlen(name), tail = strlen(end);
    return size > tail && strcmp(name + size - tail, end) == 0;
}

/* What promtool's linter says of names. */
static inline bool exposition_lint(struct exposition *x)
{
    static const char *const units[] = {"_ms",  "_milliseconds", "_us",        "_minutes", "_hours",
                                        "_kib", "_mib",          "_kilobytes", "_percent"};
    bool counter = strcmp(x->type, "counter") == 0;
    if (counter != exposition_ends(x->family, "_total"))
        return exposition_bad(x, "_total is for counters, and for each of them", x->family);
    if (exposition_ends(x->family, "_sum") || exposition_ends(x->family, "_count") ||
        exposition_ends(x->family, "_bucket"))
        return exposition_bad(x, "a histogram's suffix", x->family);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strstr(x->family, units[i]) != NULL)
            return exposition_bad(x, "no base unit", x->family);
    for (const char *p = x->family; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            return exposition_bad(x, "capitals", x->family);
    return true;
}

static inline bool exposition_end_family(struct exposition *x)
{
    if (x->family[0] == '\0')
        return true;
    if (!x->helped || !x->typed)
        return exposition_bad(x, "no help or no type", x->family);
    if (strcmp(x->type, "histogram") == 0 && (!x->has_inf || !x->has_sum || !x->has_count))
        return exposition_bad(x, "not the whole of a histogram", x->family);
    if (x->done_count == 512)
        return exposition_bad(x, "too many families", x->family);
    memcpy(x->done[x->done_count++], x->family, sizeof x->family);
    return exposition_lint(x);
}

static inline bool exposition_begin_family(struct exposition *x, const char *name, size_t size,
                                           const char *line)
{
    if (size == 0 || size >= EXPOSITION_NAME)
        return exposition_bad(x, "no name", line);
    if (strlen(x->family) == size && strncmp(x->family, name, size) == 0)
        return true;
    if (!exposition_end_family(x))
        return false;
    memcpy(x->family, name, size);
    x->family[size] = '\0';
    x->helped = x->typed = x->has_inf = x->has_sum = x->has_count = false;
    x->last_bound = -INFINITY;
    x->last_bucket = 0;
    for (int i = 0; i < x->done_count; i++)
        if (strcmp(x->done[i], x->family) == 0)
            return exposition_bad(x, "the lines of a family stand apart", line);
    return true;
}

static inline bool exposition_comment(struct exposition *x, const char *line)
{
    bool help = strncmp(line, "# HELP ", 7) == 0, type = strncmp(line, "# TYPE ", 7) == 0;
    if (!help && !type)
        return exposition_bad(x, "a comment", line);
    size_t size = exposition_name(line + 7, true);
    const char *rest = line + 7 + size;
    if (!exposition_begin_family(x, line + 7, size, line))
        return false;
    if (*rest != ' ' || rest[1] == '\n' || rest[1] == ' ')
        return exposition_bad(x, "nothing behind the name", line);
    if (help) {
        if (x->helped || x->typed)
            return exposition_bad(x, "help twice, or behind the type", line);
        x->helped = true;
        return true;
    }
    (void)snprintf(x->type, sizeof x->type, "%.*s", (int)strcspn(rest + 1, "\n"), rest + 1);
    if (x->typed || (strcmp(x->type, "counter") != 0 && strcmp(x->type, "gauge") != 0 &&
                     strcmp(x->type, "histogram") != 0))
        return exposition_bad(x, "type twice, or unknown", line);
    x->typed = true;
    return true;
}

/* Behind "{"; returns behind "}", NULL when it is bad. The value of `le` goes to *ret_le. */
static inline const char *exposition_labels(const char *at, double *ret_le)
{
    for (;;) {
        size_t size = exposition_name(at, false);
        const char *value = at + size + 2;
        if (size == 0 || at[size] != '=' || at[size + 1] != '"' || strncmp(at, "__", 2) == 0)
            return NULL;
        const char *end = value;
        for (; *end != '"'; end++) {
            if (*end == '\n' || *end == '\0')
                return NULL;
            if (*end == '\\' && strchr("\\\"n", *++end) == NULL)
                return NULL;
        }
        if (size == 2 && strncmp(at, "le", 2) == 0)
            *ret_le = strncmp(value, "+Inf\"", 5) == 0 ? INFINITY : strtod(value, NULL);
        if (end[1] == '}')
            return end + 2;
        if (end[1] != ',')
            return NULL;
        at = end + 2;
    }
}

static inline bool exposition_histogram(struct exposition *x, const char *suffix, double le,
                                        double value, const char *line)
{
    if (strcmp(suffix, "_bucket") == 0) {
        if (!(le > x->last_bound) || value < x->last_bucket)
            return exposition_bad(x, "buckets out of order", line);
        x->last_bound = le;
        x->last_bucket = value;
        x->has_inf = x->has_inf || isinf(le);
        return true;
    }
    if (strcmp(suffix, "_sum") == 0)
        return x->has_sum = true;
    if (strcmp(suffix, "_count") != 0 || value != x->last_bucket)
        return exposition_bad(x, "the count is not that of the last bucket", line);
    return x->has_count = true;
}

static inline bool exposition_sample(struct exposition *x, const char *line)
{
    size_t size = exposition_name(line, true), family = strlen(x->family);
    const char *at = line + size;
    double le = NAN;
    if (size < family || strncmp(line, x->family, family) != 0 || family == 0)
        return exposition_bad(x, "a sample outside its family", line);
    if (*at == '{' && (at = exposition_labels(at + 1, &le)) == NULL)
        return exposition_bad(x, "bad labels", line);
    size_t key = (size_t)(at - line);
    for (int i = 0; i < x->samples; i++)
        if (x->seen_size[i] == key && strncmp(x->seen[i], line, key) == 0)
            return exposition_bad(x, "the same sample twice", line);
    if (x->samples == EXPOSITION_SAMPLES)
        return exposition_bad(x, "too many samples", line);
    x->seen[x->samples] = line;
    x->seen_size[x->samples++] = key;
    char *end = NULL;
    double value = *at == ' ' ? strtod(at + 1, &end) : 0;
    if (end == NULL || end == at + 1 || *end != '\n')
        return exposition_bad(x, "no value", line);
    if (strcmp(x->type, "gauge") != 0 && value < 0)
        return exposition_bad(x, "below zero", line);
    char suffix[EXPOSITION_NAME];
    (void)snprintf(suffix, sizeof suffix, "%.*s", (int)(size - family), line + family);
    if (strcmp(x->type, "histogram") == 0)
        return exposition_histogram(x, suffix, le, value, line);
    return size == family || exposition_bad(x, "a sample outside its family", line);
}

/* False: x->why says what is wrong. The text must outlive x. */
static inline bool exposition_check(struct exposition *x, const char *text)
{
    memset(x, 0, sizeof *x);
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        if (end == NULL)
            return exposition_bad(x, "the last line has no end", text);
        if (!(*text == '#' ? exposition_comment(x, text) : exposition_sample(x, text)))
            return false;
        text = end + 1;
    }
    return exposition_end_family(x);
}

#endif
