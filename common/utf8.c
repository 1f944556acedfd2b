#include "common/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <wctype.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static pthread_once_t table_once = PTHREAD_ONCE_INIT;
static locale_t table; /* never freed: needed until the process ends */

static void load_table(void)
{
    table = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (table == (locale_t)0) /* a libc without it: ASCII only */
        table = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
}

static void encode(struct buf *out, uint32_t letter)
{
    char bytes[4];
    size_t size = letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, letter >>= 6)
        bytes[i] = (char)(0x80 | (letter & 0x3f));
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (char)(lead[size] | letter);
    buf_add(out, bytes, size);
}

static uint32_t to_upper(uint32_t letter)
{
    return (uint32_t)towupper_l((wint_t)letter, table);
}

static uint32_t to_lower(uint32_t letter)
{
    return (uint32_t)towlower_l((wint_t)letter, table);
}

/* One form for all cases of a letter; through upper case, so that both small sigmas meet. */
static uint32_t to_folded(uint32_t letter)
{
    return to_lower(to_upper(letter));
}

static void map_letters(struct buf *out, const char *text, uint32_t (*map)(uint32_t))
{
    (void)pthread_once(&table_once, load_table);
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t letter;
        size_t used = utf8_decode(text, left, &letter);
        if (used > 0)
            encode(out, map(letter));
        else
            buf_add(out, text, used = 1);
        text += used;
        left -= used;
    }
}

/* A letter's other case may take a byte more (U+023A is two bytes, its small form three). */
static void fold(struct buf *out, const char *text)
{
    buf_init(out, 2 * strlen(text));
    map_letters(out, text, to_folded);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_whole(const char *text, size_t size)
{
    while (size > 0 && is_continuation(text[size]))
        size--;
    return size;
}

size_t utf8_decode(const char *text, size_t size, uint32_t *ret_letter)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* else overlong */
    const unsigned char *at = (const unsigned char *)text;
    if (size == 0)
        return 0;
    *ret_letter = at[0];
    if (at[0] < 0x80)
        return 1;
    size_t need = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size < need)
        return 0;
    uint32_t letter = at[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        letter = letter << 6 | (at[i] & 0x3fU);
    }
    bool surrogate = letter >= 0xd800 && letter <= 0xdfff;
    if (letter < smallest[need] || letter > 0x10ffff || surrogate)
        return 0;
    *ret_letter = letter;
    return need;
}

/* Most of what comes is ASCII: eight letters at a time. */
static size_t ascii_run(const char *text, size_t size)
{
    size_t run = 0;
    for (uint64_t eight; size - run >= sizeof eight; run += sizeof eight) {
        memcpy(&eight, text + run, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0)
            break;
    }
    return run;
}

bool utf8_valid(const char *text, size_t size)
{
    size_t run = ascii_run(text, size);
    text += run;
    size -= run;
    while (size > 0) {
        uint32_t letter;
        size_t used = utf8_decode(text, size, &letter);
        if (used == 0)
            return false;
        text += used;
        size -= used;
    }
    return true;
}

size_t utf8_length(const char *text)
{
    size_t letters = 0;
    for (; *text != '\0'; text++)
        letters += !is_continuation(*text);
    return letters;
}

size_t utf8_prefix(const char *text, size_t letters)
{
    size_t at = 0;
    for (; text[at] != '\0'; at++) {
        if (is_continuation(text[at]))
            continue;
        if (letters == 0)
            break;
        letters--;
    }
    return at;
}

void utf8_upper(struct buf *out, const char *text)
{
    map_letters(out, text, to_upper);
}

void utf8_lower(struct buf *out, const char *text)
{
    map_letters(out, text, to_lower);
}

bool utf8_contains(const char *text, const char *needle)
{
    struct buf folded_text BUF_AUTO;
    struct buf folded_needle BUF_AUTO;
    fold(&folded_text, text);
    fold(&folded_needle, needle);
    return strstr(folded_text.data, folded_needle.data) != NULL;
}

/* The next letter in its one form; a byte that is none stands for itself, beyond all letters. */
static uint32_t next_folded(const char **text, size_t *left)
{
    uint32_t letter;
    size_t used = utf8_decode(*text, *left, &letter);
    letter = used > 0 ? to_folded(letter) : 0x110000U + (unsigned char)**text;
    used += used == 0;
    *text += used;
    *left -= used;
    return letter;
}

/* Names are compared with lists of names, and most differ in the first letters. */
bool utf8_same(const char *a, const char *b)
{
    size_t left_a = strlen(a), left_b = strlen(b);
    (void)pthread_once(&table_once, load_table);
    while (left_a > 0 && left_b > 0)
        if (next_folded(&a, &left_a) != next_folded(&b, &left_b))
            return false;
    return left_a == left_b;
}

void utf8_repair(struct buf *out, const char *text, size_t size)
{
    while (size > 0) {
        uint32_t letter;
        size_t used = utf8_decode(text, size, &letter);
        if (used > 0)
            buf_add(out, text, used);
        else
            buf_text(out, REPLACEMENT);
        used += used == 0;
        text += used;
        size -= used;
    }
}
