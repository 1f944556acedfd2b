#include "daemon/rules/operand.h"

#include <string.h>

#include "common/duration.h"
#include "common/mem.h"
#include "common/number.h"
#include "daemon/rules/scope.h"
#include "daemon/rules/stagename.h"

struct reader {
    const struct ini_entry *entry;
    const char *text; /* of the entry */
    size_t at;
    const struct expr_names *names;
    struct diag *diag;
    bool left;
};

bool operand_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

size_t operand_word(const char *text)
{
    size_t length = 0;
    while (is_letter(text[length]) || is_digit(text[length]) || text[length] == '_')
        length++;
    return length;
}

size_t operand_token(const char *text)
{
    size_t length = strcspn(text, " \t\n(),\"=!<>");
    return length == 0 && text[0] != '\0' ? 1 : length;
}

char *operand_quoted_new(const char *quoted, size_t *ret_size)
{
    const char *from = quoted + 1;
    size_t used = 0, i = 0;
    char *text = mem_alloc(strlen(from) + 1);
    for (; from[i] != '\0' && from[i] != '"'; i++) {
        if (from[i] == '\\' && from[i + 1] == '"')
            i++;
        text[used++] = from[i];
    }
    if (from[i] == '"') {
        *ret_size = i + 2;
        return text;
    }
    mem_free(text);
    return NULL;
}

static struct place place_at(const struct reader *r, size_t at)
{
    return ini_value_place(r->entry, at);
}

static size_t skip_blanks(const char *text, size_t at)
{
    while (operand_is_blank(text[at]))
        at++;
    return at;
}

/* Takes `length` bytes as they stand. */
static char *take_new(struct reader *r, size_t length)
{
    char *text = mem_strndup(r->text + r->at, length);
    r->at += length;
    return text;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool read_text(struct reader *r, struct operand *ret)
{
    size_t size;
    char *text = operand_quoted_new(r->text + r->at, &size);
    if (text == NULL)
        return diag_add(r->diag, place_at(r, r->at), "the quote is not closed");
    ret->kind = OPERAND_TEXT;
    ret->text = text;
    r->at += size;
    return true;
}

/* ---- moments --------------------------------------------------------------------------------- */

/* "+ 2h", "- 1h 30m", "+ 3 workdays": up to where it stops looking like one. */
static size_t shift_end(const char *text, size_t at)
{
    size_t sign = skip_blanks(text, at);
    if (text[sign] != '+' && text[sign] != '-')
        return at;
    size_t end = sign + 1, next = skip_blanks(text, end);
    while (is_digit(text[next])) {
        while (is_digit(text[next]))
            next++;
        end = next;
        next = skip_blanks(text, next);
        if (!is_letter(text[next]))
            break;
        end = next + operand_word(text + next);
        next = skip_blanks(text, end);
    }
    return end;
}

/* A time of day behind blanks. */
static size_t clock_end(const char *text, size_t at)
{
    size_t next = skip_blanks(text, at), digits = strspn(text + next, "0123456789");
    if (digits == 0 || digits > 2 || text[next + digits] != ':')
        return at;
    return next + strspn(text + next, "0123456789:");
}

/* Where the name a moment is counted from ends; `at` when none stands there. */
static size_t base_end(const char *text, size_t at)
{
    static const char *const words[] = {"now", "today", "tomorrow"};
    size_t length = operand_word(text + at);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (length == strlen(words[i]) && memcmp(text + at, words[i], length) == 0)
            return at + length;
    if (length != 4 || memcmp(text + at, "next", 4) != 0)
        return at;
    size_t next = skip_blanks(text, at + length);
    return operand_word(text + next) == 7 && memcmp(text + next, "workday", 7) == 0 ? next + 7 : at;
}

static bool is_date(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i])
            return false;
    return true;
}

/* Bytes of the moment that stands here, 0 if none does. */
static size_t moment_length(const struct reader *r)
{
    size_t end = base_end(r->text, r->at);
    if (is_date(r->text + r->at))
        end = r->at + strcspn(r->text + r->at, " \t\n(),\"");
    else if (end == r->at || r->text[end] == '.' || r->text[end] == ':')
        return 0;
    end = clock_end(r->text, end);
    return shift_end(r->text, end) - r->at;
}

static bool read_moment(struct reader *r, size_t length, struct operand *ret)
{
    struct err err = {0};
    size_t from = r->at, offset = 0;
    struct moment m;
    ret->kind = OPERAND_MOMENT;
    ret->text = take_new(r, length);
    for (char *c = ret->text; *c != '\0'; c++)
        if (*c == '\n') /* a continuation line is a blank here */
            *c = ' ';
    if (!moment_parse(ret->text, &m, &offset, &err))
        return diag_add(r->diag, place_at(r, from + offset), "%s", err.text);
    if (m.minute_of_day < 0 && m.base != MOMENT_NOW)
        m.minute_of_day = 0; /* compared with a day, a day begins at midnight */
    ret->moment = mem_alloc(sizeof *ret->moment);
    *ret->moment = m;
    return true;
}

/* ---- numbers, names, words ------------------------------------------------------------------- */

static bool read_number(struct reader *r, struct operand *ret)
{
    size_t length = operand_token(r->text + r->at);
    char *text = mem_strndup(r->text + r->at, length);
    bool number = (is_digit(text[0]) || text[0] == '-') && number_real(text, &ret->number);
    if (number) {
        ret->kind = OPERAND_NUMBER;
        ret->text = take_new(r, length);
    }
    mem_free(text);
    return number;
}

static bool read_path(struct reader *r, struct operand *ret)
{
    struct err err = {0};
    ret->kind = OPERAND_PATH;
    if (!path_parse(r->text, &r->at, &ret->path, &err))
        return diag_add(r->diag, place_at(r, r->at), "%s", err.text);
    (void)path_check(&ret->path, r->names, r->entry, 0, r->diag); /* reading goes on after it */
    return true;
}

/* A head may hold a dash, as labels do. */
static bool is_head(const struct reader *r)
{
    size_t length = 0, run = operand_word(r->text + r->at);
    while (run > 0 || (length > 0 && r->text[r->at + length] == '-')) {
        length += run > 0 ? run : 1;
        run = operand_word(r->text + r->at + length);
    }
    char *word = mem_strndup(r->text + r->at, length);
    bool head = length > 0 && path_is_head(r->names, word);
    mem_free(word);
    return head;
}

static bool is_operator(const char *token, size_t length)
{
    static const char *const words[] = {"and",      "or",      "not",     "in",   "is",
                                        "contains", "matches", "changed", "empty"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (length == strlen(words[i]) && memcmp(token, words[i], length) == 0)
            return true;
    return strchr("=!<>)(,", token[0]) != NULL;
}

static bool check_word(struct reader *r, size_t from, const char *word)
{
    bool plain = word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "_:-@.+")] == '\0';
    if (!plain)
        return diag_add(r->diag, place_at(r, from), "a text stands in quotes: \"%s\"", word);
    if (word[0] == '@' && stage_word_semantic(word) == '\0')
        return diag_add(r->diag, place_at(r, from),
                        "unknown stage \"%s\"; there are @open, @won and @lost", word);
    return true;
}

/* Something with a dot that is no e-mail was meant as a path. */
static bool is_pathlike(const char *token, size_t length)
{
    return memchr(token, '.', length) != NULL && memchr(token, '@', length) == NULL &&
           is_letter(token[0]);
}

static bool read_word(struct reader *r, struct operand *ret)
{
    size_t from = r->at, length = operand_token(r->text + r->at);
    if (r->left || is_pathlike(r->text + r->at, length))
        return read_path(r, ret);
    ret->kind = OPERAND_WORD;
    ret->text = take_new(r, length);
    return check_word(r, from, ret->text);
}

/* Where the name behind "head of" begins; 0 when these words do not stand here. */
static size_t head_of(const struct reader *r)
{
    if (operand_word(r->text + r->at) != 4 || memcmp(r->text + r->at, "head", 4) != 0)
        return 0;
    size_t of = skip_blanks(r->text, r->at + 4);
    if (operand_word(r->text + of) != 2 || memcmp(r->text + of, "of", 2) != 0)
        return 0;
    return skip_blanks(r->text, of + 2);
}

/* head of "Отдел продаж", head of petrova@firm.ru: a name of a user (product.md §2.2). */
static bool read_head_of(struct reader *r, size_t name, struct operand *ret)
{
    const char *text = r->text + name;
    size_t length = operand_token(text);
    if (text[0] == '"') {
        char *quoted = operand_quoted_new(text, &length);
        if (quoted == NULL)
            return diag_add(r->diag, place_at(r, name), "the quote is not closed");
        mem_free(quoted);
    } else if (text[0] == '\0' || is_operator(text, length)) {
        return diag_add(r->diag, place_at(r, name), "a name is missing behind \"head of\"");
    } else if (is_pathlike(text, length)) {
        return diag_add(r->diag, place_at(r, r->at), "the head of a field is written %.*s.head",
                        (int)length, text);
    }
    ret->kind = OPERAND_TEXT;
    ret->text = take_new(r, name + length - r->at);
    return true;
}

static bool nothing_there(struct reader *r)
{
    const char *rest = r->text + r->at;
    const char *what = r->left ? "a name" : "a value";
    if (*rest == '\0')
        return diag_add(r->diag, place_at(r, r->at), "%s is missing at the end", what);
    return diag_add(r->diag, place_at(r, r->at), "%s is missing before \"%.*s\"", what,
                    (int)operand_token(rest), rest);
}

static bool read_operand(struct reader *r, struct operand *ret)
{
    r->at = skip_blanks(r->text, r->at);
    ret->offset = r->at;
    const char *rest = r->text + r->at;
    if (*rest == '\0' || is_operator(rest, operand_token(rest)))
        return nothing_there(r);
    if (*rest == '"')
        return read_text(r, ret);
    size_t name = r->left ? 0 : head_of(r);
    if (name > 0)
        return read_head_of(r, name, ret);
    size_t moment = moment_length(r);
    if (moment > 0)
        return read_moment(r, moment, ret);
    if (read_number(r, ret))
        return true;
    return is_head(r) ? read_path(r, ret) : read_word(r, ret);
}

struct operand *operand_read(const struct ini_entry *entry, size_t *at, bool left,
                             const struct expr_names *names, struct diag *diag)
{
    struct reader r = {entry, entry->value, *at, names, diag, left};
    struct operand *operand = mem_alloc(sizeof *operand);
    if (!read_operand(&r, operand)) {
        operand_free(operand);
        operand = NULL;
    }
    *at = r.at;
    return operand;
}

struct operand *operand_parse(const struct ini_entry *entry, size_t *at,
                              const struct expr_names *names, struct diag *diag)
{
    size_t before = diag->count;
    struct operand *operand = operand_read(entry, at, false, names, diag);
    if (diag->count == before)
        return operand;
    operand_free(operand);
    return NULL;
}

void operand_free(struct operand *operand)
{
    if (operand == NULL)
        return;
    path_done(&operand->path);
    mem_free(operand->text);
    mem_free(operand->moment);
    mem_free(operand);
}
