#include "daemon/rules/fieldvalue.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/number.h"
#include "common/utf8.h"

bool field_value_flag(const char *text, bool *ret)
{
    static const struct {
        const char *word;
        bool yes;
    } words[] = {{"Y", true},      {"N", false}, {"yes", true}, {"no", false}, {"true", true},
                 {"false", false}, {"1", true},  {"0", false},  {"да", true},  {"нет", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (utf8_same(words[i].word, text)) {
            *ret = words[i].yes;
            return true;
        }
    return false;
}

typedef bool value_reader(const char *text, json_t **ret, struct err *);

static bool as_text(const char *text, json_t **ret)
{
    *ret = jv_string_new(text);
    return true;
}

static bool read_number(const char *text, json_t **ret, struct err *err)
{
    double number;
    if (number_real(text, &number))
        return as_text(text, ret);
    if (strchr(text, ',') != NULL)
        return err_set(err, "\"%s\" is not a number; a decimal point is wanted: 1500.50", text);
    return err_set(err, "\"%s\" is not a number", text);
}

static bool read_integer(const char *text, json_t **ret, struct err *err)
{
    int64_t number;
    return number_int(text, &number) ? as_text(text, ret)
                                     : err_set(err, "\"%s\" is not a whole number", text);
}

static bool read_flag(const char *text, json_t **ret, struct err *err)
{
    bool yes;
    if (!field_value_flag(text, &yes))
        return err_set(err, "\"%s\" is neither yes nor no", text);
    *ret = json_string(yes ? "Y" : "N");
    return true;
}

static bool read_money(const char *text, json_t **ret, struct err *err)
{
    const char *bar = strchr(text, '|');
    double amount;
    char *number = mem_strndup(text, bar != NULL ? (size_t)(bar - text) : strlen(text));
    bool good = number_real(number, &amount);
    mem_free(number);
    if (good && bar != NULL && strlen(bar + 1) == 3)
        return as_text(text, ret);
    return err_set(err, "\"%s\" is not an amount with its currency: 5000|RUB", text);
}

/* L_4, CO_3, T80_6, or a bare id where one kind is allowed. */
static bool read_binding(const char *text, json_t **ret, struct err *err)
{
    static const char digits[] = "0123456789";
    size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789");
    const char *id = text[letters] == '_' && letters > 0 ? text + letters + 1 : text;
    if (id[0] != '\0' && id[strspn(id, digits)] == '\0')
        return as_text(text, ret);
    return err_set(err, "\"%s\" is not a link such as D_1, C_2, CO_3 or T80_6", text);
}

static bool read_file(const char *text, json_t **ret, struct err *err)
{
    (void)text;
    (void)ret;
    return err_set(err, "it is a file, and a file is not a text; send [\"name.ext\",\"base64\"] "
                        "with rest crm.item.update");
}

static const struct {
    const char *type;
    enum field_kind kind;
    value_reader *read;
} types[] = {
    {"double", FIELD_IS_NUMBER, read_number},
    {"integer", FIELD_IS_NUMBER, read_integer},
    {"money", FIELD_IS_NUMBER, read_money},
    {"boolean", FIELD_IS_FLAG, read_flag},
    {"date", FIELD_IS_DATE, NULL},
    {"datetime", FIELD_IS_DATE, NULL},
    {"crm", FIELD_IS_LINK, read_binding},
    {"file", FIELD_IS_FILE, read_file},
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

static size_t type_of(const struct field_info *info)
{
    size_t i = 0;
    while (i < TYPE_COUNT && strcmp(types[i].type, field_type_of(info)) != 0)
        i++;
    return i;
}

bool field_value_read(const struct field_info *info, const char *text, json_t **ret,
                      struct err *err)
{
    size_t i = type_of(info);
    return i < TYPE_COUNT && types[i].read != NULL ? types[i].read(text, ret, err)
                                                   : as_text(text, ret);
}

enum field_kind field_kind(const struct field_info *info)
{
    size_t i = type_of(info);
    return i < TYPE_COUNT ? types[i].kind : FIELD_IS_ANY;
}

const char *field_kind_word(enum field_kind kind)
{
    static const char *const words[] = {
        [FIELD_IS_ANY] = "",
        [FIELD_IS_NUMBER] = "a number",
        [FIELD_IS_FLAG] = "yes or no",
        [FIELD_IS_DATE] = "a date",
        [FIELD_IS_LINK] = "a link such as D_1 or C_2",
        [FIELD_IS_FILE] = "a file",
    };
    return words[kind];
}
