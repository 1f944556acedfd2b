#include "daemon/store/meter.h"

#include <stddef.h>

void meter_add(struct meter *meter, int64_t now_ms, int64_t value)
{
    int64_t number = now_ms / METER_SLOT_MS;
    size_t at = (size_t)(number % METER_SLOTS);
    if (meter->slots[at].number != number) {
        meter->slots[at].number = number;
        meter->slots[at].most = 0;
    }
    if (meter->slots[at].most < value)
        meter->slots[at].most = value;
}

int64_t meter_most(const struct meter *meter, int64_t now_ms)
{
    int64_t oldest = now_ms / METER_SLOT_MS - (METER_SLOTS - 1);
    int64_t most = 0;
    for (size_t i = 0; i < METER_SLOTS; i++)
        if (meter->slots[i].number >= oldest && meter->slots[i].most > most)
            most = meter->slots[i].most;
    return most;
}
