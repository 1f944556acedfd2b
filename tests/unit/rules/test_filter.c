/* Each filter: what it makes of good values, of bad ones, of lists and of nothing. */

#include "daemon/rules/filter.h"
#include "daemon/rules/filter_text.h"
#include "daemon/rules/template.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"

struct sample {
    const char *value; /* JSON, given as event.query.v */
    const char *filters, *wanted;
};

static char *render_new(struct bench *b, const char *text)
{
    char *ret = NULL;
    struct template *t = template_parse(bench_entry(b, text), 0, bench_names(), &b->diag);
    if (t == NULL)
        ck_abort_msg("%s: %s", text, bench_complaints_new(b));
    enum known known = template_text_of(t, &b->scope, INTO_PLAIN, &ret);
    ck_assert_msg(known == KNOWN, "%s: %d %s", text, known, b->scope.err.text);
    template_free(t);
    return ret;
}

static void expect(const struct sample *samples, size_t count)
{
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(jv_at(b.vars, "event.query"), "v", json_of(samples[i].value));
        char *text = mem_printf("{{event.query.v | %s}}", samples[i].filters);
        char *is = render_new(&b, text);
        ck_assert_msg(strcmp(is, samples[i].wanted) == 0, "%s | %s\n is: %s\nnot: %s",
                      samples[i].value, samples[i].filters, is, samples[i].wanted);
        mem_free(text);
        mem_free(is);
    }
    bench_done(&b);
}

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        static const struct sample samples[] = {__VA_ARGS__};                                      \
        expect(samples, sizeof samples / sizeof samples[0]);                                       \
    } while (0)

static void expect_of_deal(const char *text, const char *wanted)
{
    struct bench b;
    bench_init(&b);
    char *is = render_new(&b, text);
    ck_assert_str_eq(is, wanted);
    mem_free(is);
    bench_done(&b);
}

START_TEST(default_stands_for_nothing_only)
{
    EXPECT({"''", "default \"нет\"", "нет"}, {"null", "default \"нет\"", "нет"},
           {"[]", "default \"нет\"", "нет"}, {"0", "default \"нет\"", "0"},
           {"'x'", "default \"нет\"", "x"}, {"null", "upper | default \"нет\"", "нет"},
           {"null", "default нет | upper", "НЕТ"}, {"null", "default \"a \\\"b\\\"\"", "a \"b\""},
           {"null", "default \"\"", ""});
}
END_TEST

START_TEST(letters_change_case)
{
    EXPECT({"'Ёлка abc'", "upper", "ЁЛКА ABC"}, {"'ЁЛКА ABC'", "lower", "ёлка abc"},
           {"5", "upper", "5"}, {"['а', 'б']", "upper", "А, Б"}, {"null", "upper", ""});
}
END_TEST

START_TEST(trim_takes_blanks_off_both_ends)
{
    EXPECT({"'  a b\\n\\t'", "trim", "a b"}, {"'\u00a0 я \u00a0'", "trim", "я"},
           {"'   '", "trim", ""}, {"'  '", "trim | default x", "x"}, {"'à'", "trim", "à"});
}
END_TEST

START_TEST(truncate_counts_letters)
{
    EXPECT({"'Поставка'", "truncate 8", "Поставка"}, {"'Поставка'", "truncate 7", "Постав…"},
           {"'Поставка'", "truncate 1", "…"}, {"'abc'", "truncate 100", "abc"},
           {"12345", "truncate 3", "12…"});
}
END_TEST

START_TEST(digits_are_all_that_stays)
{
    EXPECT({"'+7 (900) 111-22-33'", "digits", "79001112233"}, {"'нет'", "digits", ""},
           {"'٣'", "digits", ""});
}
END_TEST

START_TEST(phones_get_one_form)
{
    EXPECT(
        {"'8 (900) 111-22-33'", "phone", "+79001112233"},
        {"'+7 900 111 22 33'", "phone", "+79001112233"}, {"'79001112233'", "phone", "+79001112233"},
        {"'9001112233'", "phone", "+79001112233"}, {"89001112233", "phone", "+79001112233"},
        {"'8\u2011900\u2011111\u201322\u201333'", "phone", "+79001112233"},
        {"'+49 30 901820'", "phone", "+4930901820"}, {"'0049 30 901820'", "phone", "+4930901820"},
        {"'8 900 111-22-33 доб. 5'", "phone", "+79001112233"},
        {"'8 495 000-00-00, 8 900 1'", "phone", "+74950000000"}, {"'101'", "phone", "101"},
        {"'нет телефона'", "phone", "нет телефона"}, {"'1112233'", "phone", "1112233"},
        {"'12345678901234567890'", "phone", "12345678901234567890"},
        {"['8 900 111 22 33', '+7 495 0000000']", "phone | join \"; \"",
         "+79001112233; +74950000000"});
}
END_TEST

START_TEST(numbers_are_grouped)
{
    EXPECT({"1500.5", "number", "1 500,5"}, {"'1500.50'", "number", "1 500,5"},
           {"1234567", "number", "1 234 567"}, {"-1234.5", "number", "-1 234,5"},
           {"999", "number", "999"}, {"0", "number", "0"}, {"1500.5", "number 2", "1 500,50"},
           {"1500.567", "number 0", "1 501"}, {"-0.001", "number 2", "0,00"},
           {"'9007199254740993'", "number", "9 007 199 254 740 993"},
           {"'дорого'", "number", "дорого"}, {"1e20", "number", "1e+20"},
           {"'1e5'", "number", "100 000"});
}
END_TEST

START_TEST(money_has_the_currency_of_its_record)
{
    EXPECT({"1500.5", "money", "1 500,50"}, {"1500.5", "money USD", "1 500,50 $"},
           {"'99|EUR'", "money", "99,00 €"}, {"'99|XAU'", "money", "99,00 XAU"},
           {"'много'", "money USD", "много"}, {"null", "money", ""});
    expect_of_deal("{{deal.opportunity | money}}", "1 500,50 ₽");
    expect_of_deal("{{old.opportunity | money}}", "1 000,00 ₽");
    expect_of_deal("{{deal.ufCrm_6 | money}}", "2 500,50 $");
    expect_of_deal("{{deal.parentId147.opportunity | money}}", "10,00");
}
END_TEST

START_TEST(dates_are_shown_by_the_portals_clock)
{
    EXPECT({"'2026-01-21T15:30:00+03:00'", "date \"%d.%m %H:%M\"", "21.01 15:30"},
           {"'2026-01-21T15:30:00+00:00'", "date \"%H:%M\"", "18:30"},
           {"'2026-01-21T15:30:00+03:00'", "date", "21.01.2026 15:30"},
           {"'2026-01-21'", "date", "21.01.2026"}, {"1768899600", "date \"%H:%M\"", "12:00"},
           {"'2026-03-08'", "date \"%d %B, %A\"", "08 марта, воскресенье"},
           {"'завтра'", "date", "завтра"},
           {"null", "date | default \"не назначена\"", "не назначена"},
           {"'2026-01-21'", "date \"%%d\"", "%d"},
           {"['2026-01-21', '2026-01-22']", "date \"%d\"", "21, 22"});
    expect_of_deal("{{deal.\"День\" | date}}", "08.03.2026");
    expect_of_deal("{{now | date \"%H:%M\"}}", "12:00");
}
END_TEST

START_TEST(another_zone_has_another_clock)
{
    EXPECT({"'2026-01-21T15:30:00+03:00'", "tz \"Asia/Omsk\" | date \"%H:%M\"", "18:30"},
           {"'2026-01-21T23:30:00+03:00'", "tz Asia/Omsk | date \"%d %H:%M\"", "22 02:30"},
           {"'2026-01-21T15:30:00+03:00'", "tz UTC", "2026-01-21T12:30:00+00:00"},
           {"'завтра'", "tz UTC", "завтра"});
}
END_TEST

START_TEST(users_are_called_by_name)
{
    EXPECT({"7", "user", "Иван Петров"}, {"'7'", "user", "Иван Петров"},
           {"'user_7'", "user", "Иван Петров"}, {"1", "user", "Глава"},
           {"[7, 1]", "user", "Иван Петров, Глава"}, {"'кто-то'", "user", "кто-то"},
           {"null", "user", ""}, {"7", "mention", "[USER=7]Иван Петров[/USER]"},
           {"'[URL=x]кто-то'", "mention", "&#91;URL=x&#93;кто-то"});
    expect_of_deal("{{deal.assigned | user}}", "Иван Петров");
    expect_of_deal("{{deal.assigned.head | user}}", "Мария [b]Сидорова");
    expect_of_deal("{{deal.observers | user | join \" и \"}}", "Иван Петров и Мария [b]Сидорова");
}
END_TEST

START_TEST(a_user_who_is_gone_stays_a_number)
{
    struct bench b;
    bench_init(&b);
    (void)json_object_set_new(b.facts, "user:7", json_null());
    char *text = render_new(&b, "{{deal.assigned | user}} {{deal.assigned.name}}");
    ck_assert_str_eq(text, "7 ");
    mem_free(text);
    bench_done(&b);
}
END_TEST

START_TEST(link_is_the_card)
{
    expect_of_deal("{{deal | link}}", "https://firm.bitrix24.ru/crm/deal/details/123/");
    expect_of_deal("{{deal.contact | link}}", "https://firm.bitrix24.ru/crm/contact/details/15/");
    expect_of_deal("{{deal.company | link}}", "https://firm.bitrix24.ru/crm/company/details/4/");
    expect_of_deal("{{deal.assigned | link}}", "https://firm.bitrix24.ru/company/personal/user/7/");
    expect_of_deal("{{actor | link}}", "https://firm.bitrix24.ru/company/personal/user/9/");
    expect_of_deal("{{deal.parentId147 | link}}",
                   "https://firm.bitrix24.ru/crm/type/147/details/22/");
    expect_of_deal("{{deal.contacts | link | join \" \"}}",
                   "https://firm.bitrix24.ru/crm/contact/details/15/ "
                   "https://firm.bitrix24.ru/crm/contact/details/16/");
    expect_of_deal("{{old.contact | link}}", "");
}
END_TEST

START_TEST(stages_are_called_by_name)
{
    expect_of_deal("{{deal.stage | stage}}", "КП / счёт");
    expect_of_deal("{{old.stage | stage}}", "Новая");
    expect_of_deal("{{deal.funnel | stage}}", "Колл-центр");
    EXPECT({"'C5:LOSE'", "stage", "Отказ"}, {"'C9:GONE'", "stage", "C9:GONE"},
           {"null", "stage", ""});
}
END_TEST

START_TEST(plural_says_number_and_word)
{
    EXPECT({"1", "plural \"день\" \"дня\" \"дней\"", "1 день"},
           {"2", "plural \"день\" \"дня\" \"дней\"", "2 дня"},
           {"5", "plural день дня дней", "5 дней"}, {"11", "plural день дня дней", "11 дней"},
           {"14", "plural день дня дней", "14 дней"}, {"21", "plural день дня дней", "21 день"},
           {"111", "plural день дня дней", "111 дней"}, {"122", "plural день дня дней", "122 дня"},
           {"0", "plural день дня дней", "0 дней"}, {"-1", "plural день дня дней", "-1 день"},
           {"1.5", "plural день дня дней", "1,5 дня"},
           {"'1000'", "plural день дня дней", "1 000 дней"},
           {"'много'", "plural день дня дней", "много"}, {"null", "plural день дня дней", ""});
}
END_TEST

START_TEST(join_and_json_take_the_whole)
{
    EXPECT({"['a', '', null, 'b']", "join", "a, b"}, {"[1, 2]", "join \" + \"", "1 + 2"},
           {"'a'", "join", "a"}, {"[]", "join | default x", "x"},
           {"['a', 'b']", "json", "[\"a\",\"b\"]"}, {"null", "json", "null"},
           {"'x'", "json | upper", "\"X\""}, {"1.5", "json", "1.5"});
}
END_TEST

START_TEST(url_encodes)
{
    EXPECT({"'a b&c=д'", "url", "a%20b%26c%3D%D0%B4"},
           {"['a b', 'c']", "url | join \",\"", "a%20b,c"});
}
END_TEST

START_TEST(every_filter_is_found_by_its_name)
{
    size_t count;
    const char *const *names = filter_names(&count);
    ck_assert_uint_eq(count, 20);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(filter_find(names[i]) != NULL, "%s", names[i]);
    ck_assert_ptr_null(filter_find("Upper"));
    ck_assert_ptr_null(filter_find(""));
}
END_TEST

CHECK_MAIN("filter", default_stands_for_nothing_only, letters_change_case,
           trim_takes_blanks_off_both_ends, truncate_counts_letters, digits_are_all_that_stays,
           phones_get_one_form, numbers_are_grouped, money_has_the_currency_of_its_record,
           dates_are_shown_by_the_portals_clock, another_zone_has_another_clock,
           users_are_called_by_name, a_user_who_is_gone_stays_a_number, link_is_the_card,
           stages_are_called_by_name, plural_says_number_and_word, join_and_json_take_the_whole,
           url_encodes, every_filter_is_found_by_its_name)
