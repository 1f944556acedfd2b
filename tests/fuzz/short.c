/* The fuzz targets in short: what the tree has of samples, and a few thousand mutations of them by
 * a seeded generator, the same in every run. */

#include <check.h>
#include <glob.h>
#include <string.h>

#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/check_main.h"
#include "tests/support/random.h"
#include "tests/support/tzif_bytes.h"

enum { MUTATIONS = 4000, MOST_SEEDS = 400, MOST_BYTES = 4096 };

struct seeds {
    struct seed {
        uint8_t *bytes; /* owned */
        size_t size;
    } list[MOST_SEEDS];
    size_t count;
};

static void seed_add(struct seeds *seeds, const void *bytes, size_t size)
{
    if (seeds->count == MOST_SEEDS || size > MOST_BYTES)
        return;
    struct seed *seed = &seeds->list[seeds->count++];
    *seed = (struct seed){.bytes = mem_alloc(size), .size = size};
    memcpy(seed->bytes, bytes, size);
}

static void seeds_done(struct seeds *seeds)
{
    for (size_t i = 0; i < seeds->count; i++)
        mem_free(seeds->list[i].bytes);
    seeds->count = 0;
}

static void seed_files(struct seeds *seeds, const char *pattern)
{
    glob_t files;
    ck_assert_msg(glob(pattern, 0, NULL, &files) == 0, "nothing is called %s", pattern);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char bytes[MOST_BYTES];
        FILE *file = fopen(files.gl_pathv[i], "rbe");
        ck_assert_ptr_nonnull(file);
        seed_add(seeds, bytes, fread(bytes, 1, sizeof bytes, file));
        (void)fclose(file);
    }
    globfree(&files);
}

/* Each value of the lines `key = value` of files. */
static void seed_values(struct seeds *seeds, const char *pattern)
{
    struct seeds files = {0};
    seed_files(&files, pattern);
    for (size_t i = 0; i < files.count; i++) {
        char *text = mem_strndup((const char *)files.list[i].bytes, files.list[i].size);
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            const char *value = strstr(line, "= ");
            if (value != NULL && line[0] != '#')
                seed_add(seeds, value + 2, strlen(value + 2));
        }
        mem_free(text);
    }
    seeds_done(&files);
}

/* ---- mutations ------------------------------------------------------------------------------- */

struct trial {
    uint8_t bytes[2 * MOST_BYTES];
    size_t size;
};

static size_t below(struct random *r, size_t limit)
{
    return limit > 0 ? (size_t)(random_next(r) % limit) : 0;
}

static void insert(struct trial *t, size_t at, const void *bytes, size_t size)
{
    if (t->size + size > sizeof t->bytes)
        return;
    memmove(t->bytes + at + size, t->bytes + at, t->size - at);
    memcpy(t->bytes + at, bytes, size);
    t->size += size;
}

static void cut(struct trial *t, size_t at, size_t size)
{
    if (size > t->size - at)
        size = t->size - at;
    memmove(t->bytes + at, t->bytes + at + size, t->size - at - size);
    t->size -= size;
}

static void mutate(struct trial *t, struct random *r, const struct seeds *seeds,
                   const char *const *words, size_t word_count)
{
    size_t at = below(r, t->size + 1);
    const char *word = words[below(r, word_count)];
    const struct seed *other = &seeds->list[below(r, seeds->count)];
    switch (below(r, 6)) {
    case 0:
        if (at < t->size)
            t->bytes[at] = (uint8_t)random_next(r);
        break;
    case 1:
        if (at < t->size)
            t->bytes[at] ^= (uint8_t)(1U << below(r, 8));
        break;
    case 2:
        insert(t, at, word, strlen(word));
        break;
    case 3:
        cut(t, at, 1 + below(r, 16));
        break;
    case 4: {
        size_t from = below(r, other->size);
        insert(t, at, other->bytes + from, below(r, other->size - from));
        break;
    }
    case 5:
        t->size = at;
        break;
    }
}

static void run(fuzz_entry *entry, struct seeds *seeds, const char *const *words, size_t word_count)
{
    struct random r = {.state = 20260120};
    static struct trial t;
    for (size_t i = 0; i < seeds->count; i++)
        entry(seeds->list[i].bytes, seeds->list[i].size);
    entry((const uint8_t *)"", 0);
    for (int i = 0; i < MUTATIONS; i++) {
        const struct seed *seed = &seeds->list[below(&r, seeds->count)];
        t.size = 0;
        insert(&t, 0, seed->bytes, seed->size);
        for (size_t left = 1 + below(&r, 6); left > 0; left--)
            mutate(&t, &r, seeds, words, word_count);
        /* Exactly as large as it says, so that the sanitizer sees a byte too many. */
        uint8_t *exact = mem_alloc(t.size);
        memcpy(exact, t.bytes, t.size);
        entry(exact, t.size);
        mem_free(exact);
    }
    seeds_done(seeds);
}

#define RUN(entry, seeds, ...)                                                                     \
    run(entry, seeds, (const char *const[]){__VA_ARGS__},                                          \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* ---- targets --------------------------------------------------------------------------------- */

static const char bodies[] = "tests/fixtures/bodies/*.form";
static const char rules[] = "config/rules.d/*.ini";

START_TEST(form_in_short)
{
    struct seeds seeds = {0};
    seed_files(&seeds, bodies);
    RUN(fuzz_form, &seeds, "&", "=", "[", "]", "[]", "%5B", "%5D", "%", "%00", "%zz", "[a]", "+",
        "\xd0", "auth[application_token]=x");
}
END_TEST

START_TEST(body_in_short)
{
    struct seeds seeds = {0};
    seed_files(&seeds, bodies);
    RUN(fuzz_body, &seeds, "&", "=", "event=ONCRMDEALADD", "&data[FIELDS][ID]=1", "undefined",
        "document_id[2]=", "DYNAMIC_147_1", "ENTITY_TYPE_ID", "&auth[application_token]=x",
        "access_token", "%5Ftoken", "&key=", "_", "-1", "99999999999999999999");
}
END_TEST

START_TEST(ini_in_short)
{
    struct seeds seeds = {0};
    seed_files(&seeds, rules);
    RUN(fuzz_ini, &seeds, "\n", "\r\n", "[", "]", " = ", "\"", "#", "\n  ", "\xef\xbb\xbf", "\t",
        "\xd0", "[then todo]\n");
}
END_TEST

START_TEST(template_in_short)
{
    struct seeds seeds = {0};
    seed_values(&seeds, rules);
    seed_values(&seeds, "tests/unit/rules/cases/*/rule.ini");
    RUN(fuzz_template, &seeds, "{{", "}}", "{{deal.title}}", " | truncate 5", " | default \"x\"",
        " | date \"%d.%m\"", " | plural \"a\" \"b\" \"c\"", " | number", " | money", " | phone",
        " | json", " | url", " | bb", " | user", " | link", " | join \", \"", "deal.contact.name",
        "deal.\"Дата встречи\"", "now + 1 day", "\"", "\\", "old.", "todo.rows.0.n", "actor");
}
END_TEST

START_TEST(expr_in_short)
{
    struct seeds seeds = {0};
    seed_values(&seeds, rules);
    seed_values(&seeds, "tests/unit/rules/cases/*/rule.ini");
    RUN(fuzz_expr, &seeds, " and ", " or ", "not ", "(", ")", " = ", " != ", " < ", " in (",
        " not in (", " contains ", " matches ", " is empty", " is not empty", " changed", "\"",
        "deal.stage", "deal.opportunity", "now - 2h", "today 18:00", "@won", "C5:NEW", ",", "1500",
        "((((((((((((((((((((", "\"(a+)+$\"", "old.stage", "deal.contact.phone");
}
END_TEST

START_TEST(zone_in_short)
{
    struct seeds seeds = {0};
    struct tzif_bytes berlin = tzif_build(&tzif_plan_berlin);
    seed_add(&seeds, berlin.bytes, berlin.size);
    seed_add(&seeds, "2026-01-20T10:00:00+03:00", 25);
    seed_add(&seeds, "2026-01-20 10:00:00.250Z", 24);
    seed_add(&seeds, "%d.%m.%Y %H:%M", 14);
    RUN(fuzz_zone, &seeds, "TZif2", "\n", ",M3.5.0", "/167", "-167", "<+03>-3", "EST5EDT", "J366",
        "\xff\xff\xff\xff", "\x80", "-", "+", ":", "%B", "%A", "%j", "%", "9999", "0000");
}
END_TEST

START_TEST(calendar_in_short)
{
    struct seeds seeds = {0};
    static const char office[] = "Mon-Fri 09:00-13:00 14:00-18:00\n2026-12-31 off\n2026-02-23\n"
                                 "2026-02-28 work 09:00-15:00\n3 workdays\n15 workminutes\n"
                                 "now + 4 workhours\nnext workday 09:00\n1h 30m\n10:00";
    seed_values(&seeds, rules);
    for (int i = 0; i < 20; i++)
        seed_add(&seeds, office, sizeof office - 1);
    RUN(fuzz_calendar, &seeds, "\n", "Mon-Fri ", "Sat,Sun ", "09:00-18:00", " 14:00-15:00", "off",
        "2026-01-21 ", " work ", "3 workdays", "4 workhours", "90s", "tomorrow 10:00", " + 2h",
        "2026-03-29 02:30", "24:00", "00:00-24:00", "-", "999999999999");
}
END_TEST

CHECK_MAIN("fuzz-short", calendar_in_short, form_in_short, body_in_short, ini_in_short,
           template_in_short, expr_in_short, zone_in_short)
