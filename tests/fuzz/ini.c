#include "common/ini.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static void walk(struct ini_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *entry = &section->entries[i];
        size_t length = strlen(entry->value);
        for (size_t at = 0; at <= length; at += 1 + length / 16) {
            struct place place = ini_value_place(entry, at);
            fuzz_must(place.line >= entry->value_at.line && place.column >= 1);
        }
        size_t cursor = 0;
        fuzz_must(ini_take(section, entry->key, &cursor) != NULL);
    }
}

void fuzz_ini(const uint8_t *data, size_t size)
{
    struct diag diag;
    diag_init(&diag);
    struct ini *ini = ini_parse("fuzz.ini", (const char *)data, size, &diag);
    for (size_t i = 0; i < ini->count; i++)
        walk(&ini->sections[i]);
    ini_free(ini);
    diag_done(&diag);
}
