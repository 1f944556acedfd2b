#include "sandbox/limits.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, WINDOW_S = 600 };

void limits_init(struct limits *limits, double drain, double size, double operating_limit_s)
{
    *limits = (struct limits){
        .bucket = {.size = size, .drain = drain},
        .operating_limit_s = operating_limit_s,
        .usual_cost_s = 0.01,
        .dice = 88172645463325252,
        .costs = json_object(),
    };
}

void limits_done(struct limits *limits)
{
    for (size_t i = 0; i < limits->count; i++)
        mem_free(limits->times[i].method);
    mem_free(limits->times);
    json_decref(limits->costs);
    *limits = (struct limits){0};
}

bool limits_request(struct limits *limits, int64_t now_ms)
{
    return bucket_take(&limits->bucket, now_ms - now_ms % SECOND_MS);
}

static struct method_time *find(const struct limits *limits, const char *method)
{
    for (size_t i = 0; i < limits->count; i++)
        if (strcasecmp(limits->times[i].method, method) == 0)
            return &limits->times[i];
    return NULL;
}

static struct method_time *find_or_add(struct limits *limits, const char *method)
{
    struct method_time *time = find(limits, method);
    if (time != NULL || limits->count >= LIMIT_MOST_METHODS)
        return time;
    limits->times = mem_grow(limits->times, limits->count + 1, sizeof *limits->times);
    time = &limits->times[limits->count++];
    *time = (struct method_time){.method = mem_strdup(method)};
    return time;
}

static double used_s(const struct method_time *time, int64_t now_ms)
{
    double sum = 0;
    for (int i = 0; time != NULL && i < LIMIT_BASKETS; i++)
        if (now_ms < time->baskets[i].reset_at_s * SECOND_MS)
            sum += time->baskets[i].seconds;
    return sum;
}

/* When the oldest basket that still counts drops out. */
static int64_t first_reset_s(const struct method_time *time, int64_t now_ms)
{
    int64_t first = now_ms / SECOND_MS + WINDOW_S;
    for (int i = 0; i < LIMIT_BASKETS; i++)
        if (now_ms < time->baskets[i].reset_at_s * SECOND_MS && time->baskets[i].reset_at_s < first)
            first = time->baskets[i].reset_at_s;
    return first;
}

/* The basket of this minute; its ten minutes begin with its first call. */
static struct minute_basket *present_basket(struct method_time *time, int64_t now_ms)
{
    int64_t minute = now_ms / MINUTE_MS, reset_at_s = now_ms / SECOND_MS + WINDOW_S;
    struct minute_basket *oldest = &time->baskets[0];
    for (int i = 0; i < LIMIT_BASKETS; i++) {
        if (time->baskets[i].minute == minute && time->baskets[i].reset_at_s > 0) {
            /* Commands of a batch come here before those of a later one that begin sooner. */
            if (time->baskets[i].reset_at_s > reset_at_s)
                time->baskets[i].reset_at_s = reset_at_s;
            return &time->baskets[i];
        }
        if (time->baskets[i].reset_at_s < oldest->reset_at_s)
            oldest = &time->baskets[i];
    }
    *oldest = (struct minute_basket){.minute = minute, .reset_at_s = reset_at_s};
    return oldest;
}

bool limits_method(const struct limits *limits, const char *method, int64_t now_ms)
{
    if (limits->operating_limit_s <= 0)
        return true;
    return used_s(find(limits, method), now_ms) < limits->operating_limit_s;
}

static double cost_of(const struct limits *limits, const char *method)
{
    const char *pattern;
    json_t *seconds;
    double cost = limits->usual_cost_s;
    json_object_foreach (limits->costs, pattern, seconds)
        if (limits_pattern(pattern, method))
            cost = json_number_value(seconds);
    return cost;
}

/* Exponentially distributed about 1, by Marsaglia's xorshift. */
static double uneven(struct limits *limits)
{
    uint64_t x = limits->dice;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    limits->dice = x;
    return -log(((double)(x >> 11) + 1) / 9007199254740993.0);
}

struct operating limits_charge(struct limits *limits, const char *method, int64_t now_ms)
{
    struct operating ret = {.cost_s = cost_of(limits, method)};
    if (limits->uneven)
        ret.cost_s *= uneven(limits);
    struct method_time *time = find_or_add(limits, method);
    ret.reset_at_s = now_ms / SECOND_MS + WINDOW_S;
    if (time == NULL)
        return ret;
    present_basket(time, now_ms)->seconds += ret.cost_s;
    ret.operating_s = used_s(time, now_ms);
    ret.reset_at_s = first_reset_s(time, now_ms);
    return ret;
}

bool limits_pattern(const char *pattern, const char *method)
{
    size_t size = strlen(pattern);
    if (size > 0 && pattern[size - 1] == '*')
        return strncasecmp(pattern, method, size - 1) == 0;
    return strcasecmp(pattern, method) == 0;
}
