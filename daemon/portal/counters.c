#include "daemon/portal/counters.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"

static struct counter *find(struct counters *counters, const char *method)
{
    for (int i = 0; i < counters->count; i++)
        if (strncmp(counters->methods[i].method, method, sizeof counters->methods[i].method - 1) ==
            0)
            return &counters->methods[i];
    return NULL;
}

void counters_add(struct counters *counters, const char *method, enum verdict verdict)
{
    const char *name = method;
    struct counter *counter = find(counters, name);
    if (counter == NULL && counters->count >= COUNTERS_METHODS - 1) {
        name = "other";
        counter = find(counters, name);
    }
    if (counter == NULL) {
        counters->methods =
            mem_grow(counters->methods, (size_t)counters->count + 1, sizeof *counters->methods);
        counter = &counters->methods[counters->count++];
        memset(counter, 0, sizeof *counter);
        (void)snprintf(counter->method, sizeof counter->method, "%s", name);
    }
    counter->counts[verdict]++;
}

void counters_print(const struct counters *counters, const char *portal, json_t *array)
{
    for (int i = 0; i < counters->count; i++) {
        const struct counter *counter = &counters->methods[i];
        for (int v = VERDICT_NONE; v <= VERDICT_SHADOW; v++) {
            if (counter->counts[v] > 0)
                json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:I}", "portal", portal,
                                                       "method", counter->method, "verdict",
                                                       verdict_word((enum verdict)v), "count",
                                                       (json_int_t)counter->counts[v]));
        }
    }
}

void counters_done(struct counters *counters)
{
    mem_free(counters->methods);
    memset(counters, 0, sizeof *counters);
}
