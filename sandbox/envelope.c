#include "sandbox/envelope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/state.h"

enum { ANSWER_CEILING = 256 << 20 };

static void dump(struct buf *, const json_t *);

static void dump_real(struct buf *out, double value)
{
    char text[40];
    int digits = 15;
    do
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
    while (strtod(text, NULL) != value && ++digits <= 17);
    buf_text(out, text);
}

/* One code point of valid UTF-8; returns its length. */
static size_t decode(const unsigned char *at, uint32_t *ret)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *ret = at[0] & masks[size];
    for (size_t i = 1; i < size; i++)
        *ret = *ret << 6 | (at[i] & 0x3f);
    return size;
}

/* §3.2: json_encode with JSON_HEX_TAG, JSON_HEX_AMP, JSON_HEX_APOS and JSON_HEX_QUOT. */
static void dump_letter(struct buf *out, uint32_t letter)
{
    static const char plain[] = "\b\f\n\r\t", escaped[] = "bfnrt";
    const char *known = letter < 0x20 && letter != 0 ? strchr(plain, (int)letter) : NULL;
    if (known != NULL)
        buf_printf(out, "\\%c", escaped[known - plain]);
    else if (letter < 0x80 && letter != 0 && strchr("<>&'\"", (int)letter) != NULL)
        buf_printf(out, "\\u%04" PRIX32, letter);
    else if (letter == '/' || letter == '\\')
        buf_printf(out, "\\%c", (char)letter);
    else if (letter >= 0x10000)
        buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((letter - 0x10000) >> 10),
                   0xdc00 + ((letter - 0x10000) & 0x3ff));
    else if (letter < 0x20 || letter >= 0x80)
        buf_printf(out, "\\u%04" PRIx32, letter);
    else
        buf_char(out, (char)letter);
}

static void dump_text(struct buf *out, const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    buf_char(out, '"');
    while (at < end) {
        uint32_t letter;
        at += decode(at, &letter);
        dump_letter(out, letter);
    }
    buf_char(out, '"');
}

static void dump_list(struct buf *out, const json_t *list)
{
    const json_t *one;
    size_t i;
    buf_char(out, '[');
    json_array_foreach (list, i, one) {
        buf_text(out, i == 0 ? "" : ",");
        dump(out, one);
    }
    buf_char(out, ']');
}

static void dump_map(struct buf *out, const json_t *map)
{
    const char *key, *comma = "";
    const json_t *one;
    if (json_object_size(map) == 0) { /* §3.2, §10 no. 11: PHP has one kind of array */
        buf_text(out, "[]");
        return;
    }
    buf_char(out, '{');
    json_object_foreach (jv_loose(map), key, one) {
        buf_text(out, comma);
        dump_text(out, key, strlen(key));
        buf_char(out, ':');
        dump(out, one);
        comma = ",";
    }
    buf_char(out, '}');
}

static void dump(struct buf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        dump_map(out, value);
        break;
    case JSON_ARRAY:
        dump_list(out, value);
        break;
    case JSON_STRING:
        dump_text(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        dump_real(out, json_real_value(value));
        break;
    case JSON_TRUE:
        buf_text(out, "true");
        break;
    case JSON_FALSE:
        buf_text(out, "false");
        break;
    case JSON_NULL:
        buf_text(out, "null");
        break;
    }
}

char *envelope_dump_new(const json_t *value)
{
    struct buf out BUF_AUTO;
    buf_init(&out, ANSWER_CEILING);
    dump(&out, value);
    return buf_take(&out);
}

json_t *envelope_time_new(const struct sandbox *sb, const struct operating *used)
{
    int64_t cost_ms = (int64_t)(used->cost_s * 1000);
    /* A portal that really works has got to the end of it. */
    int64_t start_ms = sb->limits.work ? sb->now_ms - cost_ms : sb->now_ms;
    int64_t finish_ms = start_ms + cost_ms;
    double start = (double)start_ms / 1000;
    return json_pack("{sf sf sf sf so so sI sf}", "start", start, "finish", start + used->cost_s,
                     "duration", used->cost_s, "processing", used->cost_s, "date_start",
                     sandbox_date_new(sb, start_ms), "date_finish", sandbox_date_new(sb, finish_ms),
                     "operating_reset_at", (json_int_t)used->reset_at_s, "operating",
                     used->operating_s);
}

json_t *envelope_error_new(const json_t *code, const char *text)
{
    json_t *tree = json_object();
    json_object_set(tree, "error", jv_loose(code));
    json_object_set_new(tree, "error_description", json_string(text));
    return tree;
}

void envelope_body(struct sandbox_answer *ret, int status, json_t *tree)
{
    mem_free(ret->body);
    ret->status = status;
    ret->body = envelope_dump_new(tree);
    ret->size = strlen(ret->body);
    ret->content_type = "application/json; charset=utf-8";
    json_decref(tree);
}

void envelope_refuse(struct sandbox_answer *ret, int status, const char *code, const char *text)
{
    JV_AUTO *code_value = json_string(code);
    envelope_body(ret, status, envelope_error_new(code_value, text));
}

void envelope_answer(const struct sandbox *sb, const struct call *call,
                     const struct operating *used, struct sandbox_answer *ret)
{
    if (call->status != 0) {
        envelope_body(ret, call->status, envelope_error_new(call->error, call->text));
        return;
    }
    json_t *tree = json_object();
    json_object_set(tree, "result", call->result != NULL ? call->result : json_null());
    if (call->next >= 0)
        json_object_set_new(tree, "next", json_integer(call->next));
    if (call->total >= 0)
        json_object_set_new(tree, "total", json_integer(call->total));
    json_object_set_new(tree, "time", envelope_time_new(sb, used));
    envelope_body(ret, 200, tree);
}
