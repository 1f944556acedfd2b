#include "daemon/portal/envelope.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/jv.h"

/* Bytes of a line-break tag ("<br>", "<br/>", "<br />") at `text`, 0 if there is none. */
static size_t break_at(const char *text)
{
    if (strncasecmp(text, "<br", 3) != 0)
        return 0;
    size_t at = 3 + strspn(text + 3, " /");
    return text[at] == '>' ? at + 1 : 0;
}

void envelope_line(char *out, size_t size, const char *text)
{
    size_t used = 0;
    bool blank = true; /* at the start and after a blank, blanks are dropped */
    while (*text != '\0' && used + 1 < size) {
        size_t tag = break_at(text);
        bool gap = tag > 0 || (unsigned char)*text <= ' ' || *text == 0x7f;
        if (!gap)
            out[used++] = *text;
        else if (!blank)
            out[used++] = ' ';
        blank = gap;
        text += tag > 0 ? tag : 1;
    }
    /* Cut inside a letter: its first bytes go too. */
    if (*text != '\0' && ((unsigned char)*text & 0xc0) == 0x80) {
        while (used > 0 && ((unsigned char)out[used - 1] & 0xc0) == 0x80)
            used--;
        used -= used > 0;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

static void read_code(const json_t *code, char out[ENVELOPE_CODE_SIZE])
{
    struct buf text BUF_AUTO;
    buf_init(&text, ENVELOPE_CODE_SIZE - 1);
    jv_print(&text, code);
    envelope_line(out, ENVELOPE_CODE_SIZE, text.data);
    for (char *p = out; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
}

/* REST 3.0: {"code","message","validation":[{"field","message"}]} (§3.7). */
static void read_error_object(const json_t *error, char code[ENVELOPE_CODE_SIZE],
                              char text[ENVELOPE_TEXT_SIZE])
{
    struct buf line BUF_AUTO;
    size_t i;
    const json_t *entry;
    buf_init(&line, 4 * ENVELOPE_TEXT_SIZE);
    buf_text(&line, jv_text(error, "message", ""));
    json_array_foreach (json_object_get(error, "validation"), i, entry) {
        buf_printf(&line, "; %s: %s", jv_text(entry, "field", "?"), jv_text(entry, "message", ""));
    }
    read_code(json_object_get(error, "code"), code);
    envelope_line(text, ENVELOPE_TEXT_SIZE, line.data);
}

void envelope_read_error(const json_t *from, char code[ENVELOPE_CODE_SIZE],
                         char text[ENVELOPE_TEXT_SIZE])
{
    const json_t *error = json_object_get(from, "error");
    if (json_is_object(error)) {
        read_error_object(error, code, text);
        return;
    }
    /* An entry of result_error may be the bare text. */
    const char *otherwise = json_is_string(from) ? json_string_value(from) : "";
    read_code(error, code);
    envelope_line(text, ENVELOPE_TEXT_SIZE, jv_text(from, "error_description", otherwise));
}

bool envelope_parse(const char *body, size_t size, struct envelope *ret, struct err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->tree = jv_parse_new(body, size, err);
    if (ret->tree == NULL)
        return false;
    const json_t *error = json_object_get(ret->tree, "error");
    ret->result = json_object_get(ret->tree, "result");
    ret->next = json_object_get(ret->tree, "next");
    ret->total = json_object_get(ret->tree, "total");
    ret->time = json_object_get(ret->tree, "time");
    if (error != NULL && ret->result == NULL) {
        ret->failed = true;
        envelope_read_error(ret->tree, ret->code, ret->text);
        return true;
    }
    if (ret->result != NULL)
        return true;
    envelope_done(ret);
    return err_set(err, "neither \"result\" nor \"error\" in the answer");
}

void envelope_done(struct envelope *envelope)
{
    json_decref(envelope->tree);
    memset(envelope, 0, sizeof *envelope);
}
