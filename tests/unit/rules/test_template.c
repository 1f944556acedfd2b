/* Texts with {{…}}: what is inserted, what it can never become, what is wrong at load. */

#include "daemon/rules/template.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"

static struct template *parsed(struct bench *b, const char *text)
{
    struct template *t = template_parse(bench_entry(b, text), 0, bench_names(), &b->diag);
    if (t == NULL)
        ck_abort_msg("%s: %s", text, bench_complaints_new(b));
    return t;
}

static enum known render(struct bench *b, const char *text, enum template_into into, char **ret)
{
    struct template *t = parsed(b, text);
    *ret = NULL;
    b->scope.err.text[0] = '\0';
    enum known known = template_text_of(t, &b->scope, into, ret);
    template_free(t);
    return known;
}

struct pair_of_texts {
    const char *text, *wanted;
};

static void expect(enum template_into into, const struct pair_of_texts *cases, size_t count)
{
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < count; i++) {
        char *text;
        enum known known = render(&b, cases[i].text, into, &text);
        ck_assert_msg(known == KNOWN, "%s: %d %s", cases[i].text, known, b.scope.err.text);
        ck_assert_msg(strcmp(text, cases[i].wanted) == 0, "%s\n is: %s\nnot: %s", cases[i].text,
                      text, cases[i].wanted);
        mem_free(text);
    }
    bench_done(&b);
}

#define EXPECT(into, ...)                                                                          \
    do {                                                                                           \
        static const struct pair_of_texts cases[] = {__VA_ARGS__};                                 \
        expect(into, cases, sizeof cases / sizeof cases[0]);                                       \
    } while (0)

START_TEST(values_stand_where_the_braces_stood)
{
    EXPECT(INTO_PLAIN, {"без вставок", "без вставок"}, {"{{deal.id}}", "123"},
           {"Сделка {{deal.id}}, стадия {{ deal.stage }}.", "Сделка 123, стадия C5:OFFER."},
           {"{{deal.id}}{{deal.id}}", "123123"}, {"{{deal.opportunity}}", "1500.5"},
           {"[{{deal.utmTerm}}]", "[]"}, {"{{deal.opened}}/{{deal.isNew}}", "Y/N"},
           {"{{deal.contact}} — {{deal.contact.name}}", "Анна Ли — Анна"},
           {"{{deal.company}}", "ООО «Ромашка»"}, {"{{deal.assigned}}", "7"},
           {"{{deal.contacts}}: {{deal.contacts.name}}", "Анна Ли, Олег: Анна, Олег"},
           {"{{deal.contactId}}", "15"}, {"{{deal.contact.phone}}", "8 (900) 111-22-33"},
           {"{{deal.contact.email}}", "li@example.org"},
           {"{{deal.\"Причина отказа\"}}, {{deal.\"Цвета\"}}", "Нет бюджета, Белый, Красный"},
           {"{{deal.\"День\"}}", "2026-03-08"}, {"{{todo.id}} {{todo.rows.1.n}}", "77 b"},
           {"{{event.data.FIELDS.ID}} {{event.name}}", "123 ONCRMDEALUPDATE"},
           {"{{old.stage}} → {{deal.stage}}", "C5:NEW → C5:OFFER"},
           {"{{actor}} {{actor.name}}", "9 Мария"}, {"{{now}}", "2026-01-20T12:00:00+03:00"},
           {"{{deal.parentId147}} {{deal.parentId147.title}}", "22 Отгрузка 22"},
           {"{{deal}}", "Поставка [окна] {{x}}"},
           {"строка\n  вторая {{deal.id}}", "строка\nвторая 123"});
}
END_TEST

START_TEST(braces_that_mean_nothing_stay)
{
    EXPECT(INTO_PLAIN, {"{ a: {b} }", "{ a: {b} }"}, {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
           {"}}", "}}"}, {"{\"a\":{\"b\":\"{{deal.id}}\"}}", "{\"a\":{\"b\":\"123\"}}"});
}
END_TEST

START_TEST(what_is_inserted_is_never_read_again)
{
    EXPECT(INTO_PLAIN, {"{{deal.title}}", "Поставка [окна] {{x}}"},
           {"{{deal.utmTerm | default \"{{deal.id}}\"}}", "{{deal.id}}"});
}
END_TEST

START_TEST(brackets_of_values_are_no_bbcode)
{
    EXPECT(INTO_BB, {"[b]{{deal.title}}[/b]", "[b]Поставка &#91;окна&#93; {{x}}[/b]"},
           {"{{deal.title | bb}}", "Поставка [окна] {{x}}"},
           {"{{deal.title | upper}}", "ПОСТАВКА &#91;ОКНА&#93; {{X}}"},
           {"{{actor | user}}", "Мария &#91;b&#93;Сидорова"},
           {"{{actor | mention}}", "[USER=9]Мария &#91;b&#93;Сидорова[/USER]"},
           {"{{deal.utmTerm | default \"[i]нет[/i]\"}}", "[i]нет[/i]"},
           {"{{deal.title | default \"[i]нет[/i]\"}}", "Поставка &#91;окна&#93; {{x}}"},
           {"{{deal.utmTerm | default 9 | user}}", "Мария &#91;b&#93;Сидорова"},
           {"{{deal | link}}", "https://firm.bitrix24.ru/crm/deal/details/123/"});
}
END_TEST

START_TEST(quotes_of_values_stay_inside_their_json_string)
{
    EXPECT(INTO_JSON,
           {"{\"a\":\"{{deal.utmSource}}\"}",
            "{\"a\":\"say \\\"hi\\\"\\\\ \\u000d\\u000aSet-Cookie: a=b&c\"}"},
           {"{\"a\":\"{{deal.title | bb}}\",\"b\":{\"c\":\"{{deal.id}}\"}}",
            "{\"a\":\"Поставка [окна] {{x}}\",\"b\":{\"c\":\"123\"}}"},
           {"\"{{deal.utmTerm | default \"a\\\"b\"}}\"", "\"a\\\"b\""});
}
END_TEST

START_TEST(values_in_a_url_are_encoded_once)
{
    EXPECT(
        INTO_URL,
        {"https://x.example/?t={{event.query.sum}}&s={{deal.utmSource}}",
         "https://x.example/?t=500&s=say%20%22hi%22%5C%20%0D%0ASet-Cookie%3A%20a%3Db%26c"},
        {"https://x.example/{{deal.source | url}}/{{deal.utmSource | url | truncate 9}}",
         "https://x.example/WEB/say%2520%252%E2%80%A6"},
        {"https://x.example/{{deal.company | url}}",
         "https://x.example/%D0%9E%D0%9E%D0%9E%20%C2%AB%D0%A0%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0"
         "%C2%BB"});
}
END_TEST

START_TEST(a_value_cannot_start_another_header)
{
    EXPECT(INTO_HEADER, {"Bearer {{deal.utmSource}}", "Bearer say \"hi\"\\   Set-Cookie: a=b&c"});
}
END_TEST

START_TEST(a_path_alone_keeps_its_type)
{
    static const struct pair_of_texts cases[] = {
        {"{{deal.opportunity}}", "1500.5"},
        {"{{ deal.contacts }}", "[15,16]"},
        {"{{deal.assigned}}", "7"},
        {"{{deal.isNew}}", "false"},
        {"{{deal.utmTerm}}", "null"},
        {"{{deal.contact}}", "\"Анна Ли\""},
        {"{{deal.\"Цвета\"}}", "[\"Белый\",\"Красный\"]"},
        {"{{todo.rows}}", "[{\"n\":\"a\"},{\"n\":\"b\"}]"},
        {"{{deal.assigned}}.", "\"7.\""},
        {"{{deal.opportunity | number}}", "\"1 500,5\""},
        {"17", "\"17\""},
        {"", "\"\""},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JV_AUTO *value = NULL;
        struct template *t = parsed(&b, cases[i].text);
        ck_assert_int_eq(template_value_of(t, &b.scope, &value), KNOWN);
        char *text = jv_dump_new(value);
        ck_assert_str_eq(text, cases[i].wanted);
        mem_free(text);
        template_free(t);
    }
    bench_done(&b);
}
END_TEST

static void add_path(const struct path *path, void *arg)
{
    buf_printf(arg, "%s ", path->text);
}

START_TEST(a_template_tells_what_it_is)
{
    struct bench b;
    bench_init(&b);
    struct buf seen BUF_AUTO;
    buf_init(&seen, 4096);
    struct template *t = parsed(&b, "a {{deal.id}} {{old.stage | upper}}");
    ck_assert_str_eq(template_text(t), "a {{deal.id}} {{old.stage | upper}}");
    ck_assert(!template_is_plain(t));
    ck_assert_ptr_null(template_only_path(t));
    template_paths(t, add_path, &seen);
    ck_assert_str_eq(seen.data, "deal.id old.stage ");
    template_free(t);
    t = parsed(&b, "now + 2h");
    ck_assert(template_is_plain(t));
    ck_assert_ptr_null(template_only_path(t));
    template_free(t);
    t = parsed(&b, "{{deal.\"Дата встречи\"}}");
    ck_assert(!template_is_plain(t));
    ck_assert_str_eq(template_only_path(t)->text, "deal.\"Дата встречи\"");
    template_free(t);
    t = parsed(&b, "{{deal.id | upper}}");
    ck_assert_ptr_null(template_only_path(t));
    template_free(t);
    t = template_parse(bench_entry(&b, "SUBJECT changes {{deal.id}}"), 16, bench_names(), &b.diag);
    ck_assert_str_eq(template_text(t), "{{deal.id}}");
    ck_assert_ptr_nonnull(template_only_path(t));
    template_free(t);
    bench_done(&b);
}
END_TEST

START_TEST(mistakes_are_told_with_their_column)
{
    static const struct pair_of_texts cases[] = {
        {"{{deal.title", "6: \"{{\" is not closed by \"}}\""},
        {"Привет {{deal.title}", "13: \"{{\" is not closed by \"}}\""},
        {"{{}}", "8: a name is missing"},
        {"{{deal.}}", "13: a name is missing after \"deal.\""},
        {"{{{deal.id}}}", "8: a name is missing"},
        {"{{dael.title}}", "8: unknown name \"dael\"; did you mean \"deal\"?"},
        {"{{deal.titel}}", "13: unknown field \"titel\" of deal; did you mean \"title\"?"},
        {"{{deal.title deal.id}}", "19: \"|\" or \"}}\" is missing here"},
        {"{{deal.title |}}", "20: a filter is missing after \"|\""},
        {"{{deal.opportunity | moeny}}", "27: unknown filter \"moeny\"; did you mean \"money\"?"},
        {"{{deal.title | nonsense}}",
         "21: unknown filter \"nonsense\"; there are default upper lower trim truncate digits "
         "phone "
         "number money date tz user mention link stage plural join json url bb"},
        {"{{deal.title | upper 5}}", "21: upper takes no argument"},
        {"{{deal.title | default}}", "21: default takes a text: default \"нет\""},
        {"{{deal.title | truncate}}",
         "21: truncate takes a number of letters from 1 to 10000: truncate 60"},
        {"{{deal.title | truncate x}}",
         "30: truncate takes a number of letters from 1 to 10000: truncate 60"},
        {"{{deal.title | truncate 0}}",
         "30: truncate takes a number of letters from 1 to 10000: truncate 60"},
        {"{{deal.id | number 7}}",
         "25: number takes at most a number of decimals up to 6: number 2"},
        {"{{deal.created | date \"%d.%Q\"}}",
         "28: unknown letter \"%Q\" in a date; there are %d %m %Y %y %H %M %S %B %A %j %%"},
        {"{{deal.created | date \"%\"}}",
         "28: unknown letter \"%\" in a date; there are %d %m %Y %y %H %M %S %B %A %j %%"},
        {"{{deal.created | date \"\"}}", "28: the form of the date is empty"},
        {"{{deal.created | tz Nowhere}}",
         "26: unknown time zone \"Nowhere\"; write it as \"Europe/Moscow\""},
        {"{{deal.id | plural \"день\" \"дня\"}}",
         "18: plural takes three words: plural \"день\" \"дня\" \"дней\""},
        {"{{deal.id | plural a b c d}}", "31: too many arguments"},
        {"{{deal.title | link}}", "21: link stands right behind an entity: {{deal | link}}"},
        {"{{deal.contact | user | link}}",
         "30: link stands right behind an entity: {{deal | link}}"},
        {"{{deal.title | default \"x}}", "29: the quote is not closed"},
        {"{{deal.id|upper|upper|upper|upper|upper|upper|upper|upper|upper}}",
         "63: more than 8 filters"},
        {"{{a.b}} {{deal.id}} {{deal.c | x}} {{deal.id | qqqqq}}",
         "8: unknown name \"a\"; known are deal, old, actor, event, now and labels of earlier "
         "steps\n"
         "33: unknown field \"c\" of deal; labels stand in quotes, names of custom fields start "
         "with "
         "ufCrm or UF_CRM_\n"
         "53: unknown filter \"qqqqq\"; there are default upper lower trim truncate digits phone "
         "number money date tz user mention link stage plural join json url bb"},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ini_entry *entry = bench_entry(&b, cases[i].text);
        ck_assert_ptr_null(template_parse(entry, 0, bench_names(), &b.diag));
        char *said = bench_complaints_new(&b);
        ck_assert_msg(strcmp(said, cases[i].wanted) == 0, "%s\n is: %s\nnot: %s", cases[i].text,
                      said, cases[i].wanted);
        mem_free(said);
    }
    bench_done(&b);
}
END_TEST

START_TEST(all_needs_of_a_text_go_out_together)
{
    struct bench b;
    bench_init(&b);
    json_object_clear(b.facts);
    char *text;
    ck_assert_int_eq(render(&b,
                            "{{deal.title}} {{actor.name}} {{old.assigned | user}} {{deal.\"Дата "
                            "встречи\" | date}} {{old.stage | stage}} {{deal.id}}",
                            INTO_PLAIN, &text),
                     KNOWN_NOT);
    char *needs = bench_needs_new(&b);
    ck_assert_str_eq(needs, "entity:2:123 user:9 fields:2 stages:2");
    mem_free(needs);
    bench_done(&b);
}
END_TEST

START_TEST(the_members_of_a_list_are_needed_together)
{
    struct bench b;
    bench_init(&b);
    (void)json_object_del(b.facts, "entity:3:15");
    (void)json_object_del(b.facts, "entity:3:16");
    char *text;
    ck_assert_int_eq(render(&b, "{{deal.contacts.phone}}", INTO_PLAIN, &text), KNOWN_NOT);
    char *needs = bench_needs_new(&b);
    ck_assert_str_eq(needs, "entity:3:15 entity:3:16");
    mem_free(needs);
    (void)json_object_del(b.facts, "user:7");
    (void)json_object_del(b.facts, "user:9");
    ck_assert_int_eq(render(&b, "{{deal.observers | mention}}", INTO_BB, &text), KNOWN_NOT);
    needs = bench_needs_new(&b);
    ck_assert_str_eq(needs, "user:7 user:9");
    mem_free(needs);
    bench_done(&b);
}
END_TEST

START_TEST(a_text_has_a_ceiling)
{
    struct bench b;
    bench_init(&b);
    char *big = mem_alloc(40001);
    memset(big, 'x', 40000);
    (void)json_object_set_new(jv_at(b.vars, "event.query"), "big", json_string(big));
    mem_free(big);
    char *text;
    ck_assert_int_eq(render(&b, "{{event.query.big}}", INTO_PLAIN, &text), KNOWN);
    ck_assert_uint_eq(strlen(text), 40000);
    mem_free(text);
    ck_assert_int_eq(render(&b, "{{event.query.big}}{{event.query.big}}", INTO_PLAIN, &text),
                     KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text, "the text is longer than 64 KiB");
    bench_done(&b);
}
END_TEST

START_TEST(too_many_insertions_are_refused)
{
    struct bench b;
    bench_init(&b);
    struct buf text BUF_AUTO;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 600; i++)
        buf_text(&text, "{{now}}");
    ck_assert_ptr_null(template_parse(bench_entry(&b, text.data), 0, bench_names(), &b.diag));
    char *said = bench_complaints_new(&b);
    ck_assert_ptr_nonnull(strstr(said, "more than"));
    mem_free(said);
    bench_done(&b);
}
END_TEST

CHECK_MAIN("template", values_stand_where_the_braces_stood, braces_that_mean_nothing_stay,
           what_is_inserted_is_never_read_again, brackets_of_values_are_no_bbcode,
           quotes_of_values_stay_inside_their_json_string, values_in_a_url_are_encoded_once,
           a_value_cannot_start_another_header, a_path_alone_keeps_its_type,
           a_template_tells_what_it_is, mistakes_are_told_with_their_column,
           all_needs_of_a_text_go_out_together, the_members_of_a_list_are_needed_together,
           a_text_has_a_ceiling, too_many_insertions_are_refused)
