#include "common/ini.h"

#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/utf8.h"

enum {
    LONGEST_LINE = 64 << 10,
    LONGEST_FILE = 4 << 20,
};

/* Text borrowed from the file. */
struct span {
    const char *text;
    size_t size;
};

struct reader {
    struct ini *ini;
    struct diag *diag;
    struct span whole; /* the line at hand, without its end */
    int line;
    bool lost;        /* no section to put keys into: said already */
    bool in_value;    /* an indented line continues `value` */
    bool in_mistake;  /* an indented line continues what has been complained about */
    size_t blanks;    /* blank lines since the last line of the value */
    struct buf value; /* of the last entry, until it is closed */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
    while (s.size > 0 && is_blank(s.text[0]))
        s = (struct span){s.text + 1, s.size - 1};
    while (s.size > 0 && is_blank(s.text[s.size - 1]))
        s.size--;
    return s;
}

/* How much of it a message quotes: the bytes of its first letters. */
static int shown(struct span s)
{
    size_t size = s.size < 100 ? s.size : 100;
    while (size > 0 && !utf8_valid(s.text, size))
        size--;
    return (int)size;
}

static int letters_in(const char *text, size_t size)
{
    int letters = 0;
    for (size_t i = 0; i < size; i++)
        letters += ((unsigned char)text[i] & 0xc0) != 0x80;
    return letters;
}

static struct place place_of(const struct reader *r, const char *at)
{
    int before = letters_in(r->whole.text, (size_t)(at - r->whole.text));
    return (struct place){.file = r->ini->file, .line = r->line, .column = before + 1};
}

/* Arrays double: there is room for one more unless the count is a power of two. */
static void *with_room(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return items;
    return mem_grow(items, count > 0 ? 2 * count : 1, size);
}

static struct ini_section *last_section(const struct reader *r)
{
    return &r->ini->sections[r->ini->count - 1];
}

static struct ini_entry *last_entry(const struct reader *r)
{
    struct ini_section *section = last_section(r);
    return &section->entries[section->count - 1];
}

/* Adds a line's text to the open value. */
static void add_line(struct reader *r, struct span text)
{
    struct ini_entry *entry = last_entry(r);
    struct place at = place_of(r, text.text);
    if (r->value.size > 0)
        for (size_t i = 0; i <= r->blanks; i++)
            buf_char(&r->value, '\n');
    else
        entry->value_at = at; /* "key =" with its value on the next line */
    r->blanks = 0;
    entry->lines = with_room(entry->lines, entry->line_count, sizeof *entry->lines);
    entry->lines[entry->line_count++] = (struct ini_line){r->value.size, at};
    buf_add(&r->value, text.text, text.size);
}

static void close_value(struct reader *r)
{
    if (r->in_value)
        last_entry(r)->value = buf_take(&r->value);
    r->in_value = false;
    r->blanks = 0;
}

/* First byte of `wanted` outside double quotes. NULL when there is none; an open quote is then left
 * in *ret_quote. */
static const char *find_unquoted(struct span s, char wanted, const char **ret_quote)
{
    *ret_quote = NULL;
    for (size_t i = 0; i < s.size; i++) {
        if (s.text[i] == '"')
            *ret_quote = *ret_quote == NULL ? s.text + i : NULL;
        else if (s.text[i] == wanted && *ret_quote == NULL)
            return s.text + i;
    }
    return NULL;
}

/* A copy with runs of blanks outside quotes as one space. */
static char *fold_new(struct span s)
{
    char *folded = mem_alloc(s.size + 1);
    size_t used = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.size; i++) {
        quoted ^= s.text[i] == '"';
        if (quoted || !is_blank(s.text[i]))
            folded[used++] = s.text[i];
        else if (folded[used - 1] != ' ')
            folded[used++] = ' ';
    }
    return folded;
}

static bool complain_about_head(struct reader *r, struct span line, const char *quote)
{
    if (quote != NULL)
        return diag_add(r->diag, place_of(r, quote), "the quote is not closed");
    return diag_add(r->diag, place_of(r, line.text), "\"%.*s\" lacks its closing \"]\"",
                    shown(line), line.text);
}

static bool read_head(struct reader *r, struct span line, struct span *ret)
{
    const char *quote;
    struct span inside = {line.text + 1, line.size - 1};
    const char *close = find_unquoted(inside, ']', &quote);
    if (close == NULL)
        return complain_about_head(r, line, quote);
    struct span rest = {close + 1, (size_t)(line.text + line.size - close - 1)};
    rest = trim(rest);
    if (rest.size > 0)
        return diag_add(r->diag, place_of(r, rest.text), "unexpected \"%.*s\" behind the \"]\"",
                        shown(rest), rest.text);
    *ret = trim((struct span){inside.text, (size_t)(close - inside.text)});
    if (ret->size == 0)
        return diag_add(r->diag, place_of(r, line.text), "a section without a name: [NAME]");
    return true;
}

static bool read_section(struct reader *r, struct span line)
{
    struct span head = {0};
    struct ini *ini = r->ini;
    /* The keys of a section that cannot be read belong nowhere; one complaint is enough. */
    r->lost = !read_head(r, line, &head);
    if (r->lost)
        return false;
    ini->sections = with_room(ini->sections, ini->count, sizeof *ini->sections);
    ini->sections[ini->count++] =
        (struct ini_section){.head = fold_new(head), .at = place_of(r, head.text)};
    return true;
}

static bool complain_about_key(struct reader *r, struct span line, const char *quote)
{
    if (quote != NULL)
        return diag_add(r->diag, place_of(r, quote), "the quote is not closed");
    return diag_add(r->diag, place_of(r, line.text),
                    "\"%.*s\" is neither \"key = value\" nor \"[section]\"", shown(line),
                    line.text);
}

static bool read_key(struct reader *r, struct span line, struct span *ret_key,
                     struct span *ret_value)
{
    const char *quote;
    const char *equals = find_unquoted(line, '=', &quote);
    if (equals == NULL)
        return complain_about_key(r, line, quote);
    *ret_key = trim((struct span){line.text, (size_t)(equals - line.text)});
    if (ret_key->size == 0)
        return diag_add(r->diag, place_of(r, line.text), "a key is missing before the \"=\"");
    struct span value = {equals + 1, (size_t)(line.text + line.size - equals - 1)};
    *ret_value = trim(value);
    return true;
}

static bool read_entry(struct reader *r, struct span line)
{
    struct span key = {0};
    struct span value = {0};
    if (!read_key(r, line, &key, &value) || r->lost)
        return false;
    if (r->ini->count == 0) {
        r->lost = true;
        return diag_add(r->diag, place_of(r, key.text),
                        "\"%.*s\" stands before the first [section]", shown(key), key.text);
    }
    struct ini_section *section = last_section(r);
    section->entries = with_room(section->entries, section->count, sizeof *section->entries);
    section->entries[section->count++] = (struct ini_entry){.key = mem_strndup(key.text, key.size),
                                                            .key_at = place_of(r, key.text),
                                                            .value_at = place_of(r, value.text)};
    r->in_value = true;
    if (value.size > 0)
        add_line(r, value);
    return true;
}

static bool check_line(struct reader *r)
{
    struct span line = r->whole;
    if (line.size > LONGEST_LINE)
        return diag_add(r->diag, place_of(r, line.text), "the line is longer than %d bytes",
                        LONGEST_LINE);
    for (size_t at = 0; at < line.size;) {
        uint32_t letter;
        size_t used = utf8_decode(line.text + at, line.size - at, &letter);
        if (used == 0)
            return diag_add(r->diag, place_of(r, line.text + at),
                            "not UTF-8; the file has to be saved so");
        if (letter == 0)
            return diag_add(r->diag, place_of(r, line.text + at),
                            "a NUL character; a configuration is text");
        at += used;
    }
    return true;
}

static void read_indented(struct reader *r, struct span text)
{
    if (r->in_value)
        add_line(r, text);
    else if (!r->in_mistake)
        (void)diag_add(r->diag, place_of(r, text.text),
                       "an indented line continues the value above, and there is none");
}

static void read_line(struct reader *r)
{
    if (!check_line(r))
        return;
    struct span line = trim(r->whole);
    if (line.size == 0) {
        r->blanks++;
    } else if (line.text[0] == '#' || line.text[0] == ';') {
        return;
    } else if (line.text > r->whole.text) {
        read_indented(r, line);
    } else {
        close_value(r);
        r->in_mistake = !(line.text[0] == '[' ? read_section(r, line) : read_entry(r, line));
    }
}

static void read_lines(struct reader *r, const char *text, size_t size)
{
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *next = stop != NULL ? stop + 1 : end;
        if (stop == NULL)
            stop = end;
        if (stop > text && stop[-1] == '\r')
            stop--;
        r->line++;
        r->whole = (struct span){text, (size_t)(stop - text)};
        read_line(r);
        text = next;
    }
    close_value(r);
}

static void free_section(struct ini_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        mem_free(section->entries[i].key);
        mem_free(section->entries[i].value);
        mem_free(section->entries[i].lines);
    }
    mem_free(section->entries);
    mem_free(section->head);
}

struct ini *ini_parse(const char *file, const char *text, size_t size, struct diag *diag)
{
    static const char bom[3] = "\xef\xbb\xbf";
    struct ini *ini = mem_alloc(sizeof *ini);
    ini->file = mem_strdup(file);
    if (size > LONGEST_FILE) {
        (void)diag_add(diag, (struct place){.file = ini->file}, "the file is longer than %d bytes",
                       LONGEST_FILE);
        return ini;
    }
    if (size >= sizeof bom && memcmp(text, bom, sizeof bom) == 0) {
        text += sizeof bom;
        size -= sizeof bom;
    }
    struct reader r = {.ini = ini, .diag = diag};
    buf_init(&r.value, LONGEST_FILE);
    read_lines(&r, text, size);
    buf_done(&r.value);
    return ini;
}

void ini_free(struct ini *ini)
{
    if (ini == NULL)
        return;
    for (size_t i = 0; i < ini->count; i++)
        free_section(&ini->sections[i]);
    mem_free(ini->sections);
    mem_free(ini->file);
    mem_free(ini);
}

struct place ini_value_place(const struct ini_entry *entry, size_t offset)
{
    struct place at = entry->value_at;
    size_t from = 0;
    for (size_t i = 0; i < entry->line_count && entry->lines[i].offset <= offset; i++) {
        at = entry->lines[i].at;
        from = entry->lines[i].offset;
    }
    size_t length = strlen(entry->value);
    size_t to = offset < length ? offset : length;
    at.column += letters_in(entry->value + from, to > from ? to - from : 0);
    return at;
}

const struct ini_entry *ini_take(struct ini_section *section, const char *key, size_t *cursor)
{
    while (*cursor < section->count) {
        struct ini_entry *entry = &section->entries[(*cursor)++];
        if (strcmp(entry->key, key) == 0) {
            entry->used = true;
            return entry;
        }
    }
    return NULL;
}
