#include "daemon/rules/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "common/mem.h"

enum { MOST_STEPS = 200000, MOST_KILOBYTES = 1024 };

struct pattern {
    pcre2_general_context *memory;
    pcre2_match_context *limits; /* read only when matching, so threads may share it */
    pcre2_code *code;
};

static void *grab(size_t size, void *arg)
{
    (void)arg;
    return mem_alloc(size);
}

static void release(void *memory, void *arg)
{
    (void)arg;
    mem_free(memory);
}

static bool compile(struct pattern *p, const char *text, size_t *ret_offset, struct err *err)
{
    int code;
    PCRE2_UCHAR why[160] = "";
    pcre2_compile_context *memory = pcre2_compile_context_create(p->memory);
    p->code =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, ret_offset, memory);
    pcre2_compile_context_free(memory);
    if (p->code != NULL)
        return true;
    (void)pcre2_get_error_message(code, why, sizeof why);
    return err_set(err, "bad pattern: %s", (const char *)why);
}

struct pattern *pattern_compile(const char *text, size_t *ret_offset, struct err *err)
{
    struct pattern *p = mem_alloc(sizeof *p);
    p->memory = pcre2_general_context_create(grab, release, NULL);
    p->limits = pcre2_match_context_create(p->memory);
    (void)pcre2_set_match_limit(p->limits, MOST_STEPS);
    (void)pcre2_set_heap_limit(p->limits, MOST_KILOBYTES);
    if (compile(p, text, ret_offset, err))
        return p;
    pattern_free(p);
    return NULL;
}

void pattern_free(struct pattern *p)
{
    if (p == NULL)
        return;
    pcre2_code_free(p->code);
    pcre2_match_context_free(p->limits);
    pcre2_general_context_free(p->memory);
    mem_free(p);
}

bool pattern_match(const struct pattern *p, const char *text, bool *ret, struct err *err)
{
    pcre2_match_data *data = pcre2_match_data_create(1, p->memory);
    int rc = pcre2_match(p->code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, p->limits);
    pcre2_match_data_free(data);
    *ret = rc >= 0;
    if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
        return true;
    if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT)
        return err_set(err, "the pattern is too costly for this text; make it simpler");
    return err_set(err, "the text cannot be matched, PCRE2 error %d", rc);
}
