#include "daemon/cli/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/utf8.h"

enum { LINE_CEILING = 64 << 10 };

char *out_clean_new(const char *text)
{
    struct buf out BUF_AUTO;
    buf_init(&out, LINE_CEILING);
    utf8_repair(&out, text, strlen(text));
    for (size_t i = 0; i < out.size; i++)
        if ((unsigned char)out.data[i] < ' ' || out.data[i] == 0x7f)
            out.data[i] = ' ';
    /* The C1 controls U+0080 to U+009F, which some terminals obey. */
    for (size_t i = 0; i + 1 < out.size; i++)
        if ((unsigned char)out.data[i] == 0xc2 && (unsigned char)out.data[i + 1] < 0xa0)
            out.data[i] = out.data[i + 1] = ' ';
    return buf_take(&out);
}

__attribute__((format(printf, 3, 0))) static void print_clean(FILE *to, const char *before,
                                                              const char *format, va_list args)
{
    char text[4096];
    (void)vsnprintf(text, sizeof text, format, args);
    char *clean = out_clean_new(text);
    (void)fprintf(to, "%s%s\n", before, clean);
    mem_free(clean);
}

void out_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_clean(stdout, "", format, args);
    va_end(args);
}

void out_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_clean(stderr, "b24bridge: ", format, args);
    va_end(args);
}

static void complain_clean(const char *before, const char *text)
{
    char *clean = out_clean_new(text);
    (void)fprintf(stderr, "%s%s\n", before, clean);
    mem_free(clean);
}

void out_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_clean(stderr, "", format, args);
    va_end(args);
}

void out_warnings(const struct diag *diag)
{
    for (size_t i = 0; i < diag->warning_count; i++)
        complain_clean("warning: ", diag->warnings[i].text);
}

void out_diag(const struct diag *diag)
{
    for (size_t i = 0; i < diag_kept(diag); i++)
        complain_clean("", diag->entries[i].text);
    if (diag->count > diag_kept(diag))
        (void)fprintf(stderr, "and %zu more\n", diag->count - diag_kept(diag));
}

void out_table_init(struct out_table *t, const char *const *headings)
{
    *t = (struct out_table){0};
    while (headings[t->columns] != NULL)
        t->columns++;
    out_table_add(t, headings);
}

void out_table_add(struct out_table *t, const char *const *cells)
{
    t->rows = mem_grow(t->rows, t->count + 1, sizeof *t->rows);
    struct out_row *row = &t->rows[t->count++];
    *row = (struct out_row){0};
    for (size_t i = 0; i < t->columns; i++)
        row->cells[i] = out_clean_new(cells[i]);
}

static int width_of(const struct out_table *t, size_t column)
{
    size_t most = 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t width = utf8_length(t->rows[i].cells[column]);
        if (width > most)
            most = width;
    }
    return (int)most;
}

static void print_row(const struct out_table *t, const struct out_row *row, const int *widths)
{
    for (size_t i = 0; i + 1 < t->columns; i++) {
        int pad = widths[i] - (int)utf8_length(row->cells[i]);
        printf("%s%*s", row->cells[i], pad + 2, "");
    }
    printf("%s\n", row->cells[t->columns - 1]);
}

void out_table_print(struct out_table *t)
{
    int widths[OUT_COLUMNS];
    for (size_t i = 0; i < t->columns; i++)
        widths[i] = width_of(t, i);
    for (size_t i = 0; i < t->count; i++) {
        if (t->count > 1)
            print_row(t, &t->rows[i], widths);
        for (size_t k = 0; k < t->columns; k++)
            mem_free(t->rows[i].cells[k]);
    }
    mem_free(t->rows);
    *t = (struct out_table){0};
}

void out_time(const char *iso, char out[24])
{
    (void)snprintf(out, 24, "%.19s", iso == NULL || iso[0] == '\0' ? "-" : iso);
    if (strlen(out) > 10 && out[10] == 'T')
        out[10] = ' ';
}

void out_json(const json_t *value)
{
    (void)json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    printf("\n");
}
