/* Conditions: the whole language, by tables. */

#include "daemon/rules/expr.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"

static struct expr *parsed(struct bench *b, const char *text)
{
    struct expr *expr = expr_parse(bench_entry(b, text), bench_names(), &b->diag);
    if (expr == NULL)
        ck_abort_msg("%s: %s", text, bench_complaints_new(b));
    return expr;
}

static enum known eval(struct bench *b, const char *text, bool *ret)
{
    struct expr *expr = parsed(b, text);
    b->scope.err.text[0] = '\0';
    enum known known = expr_eval(expr, &b->scope, ret);
    expr_free(expr);
    return known;
}

static void expect_all(const char *const *conditions, bool wanted)
{
    struct bench b;
    bench_init(&b);
    for (; *conditions != NULL; conditions++) {
        bool is = !wanted;
        enum known known = eval(&b, *conditions, &is);
        if (known == KNOWN_NOT)
            ck_abort_msg("%s needs %s", *conditions, bench_needs_new(&b));
        ck_assert_msg(known == KNOWN, "%s: %s", *conditions, b.scope.err.text);
        ck_assert_msg(is == wanted, "%s is not %s", *conditions, wanted ? "true" : "false");
    }
    bench_done(&b);
}

#define ALL_TRUE(...) expect_all((const char *const[]){__VA_ARGS__, NULL}, true)
#define ALL_FALSE(...) expect_all((const char *const[]){__VA_ARGS__, NULL}, false)

START_TEST(numbers_compare_as_numbers)
{
    ALL_TRUE("deal.opportunity = 1500.5", "deal.opportunity = 1500.50", "deal.opportunity != 1500",
             "deal.opportunity > 1000", "deal.opportunity >= 1500.5", "deal.opportunity < 10000",
             "deal.opportunity <= 1500.5", "deal.opportunity > \"200\"", "deal.id = 123",
             "deal.opportunity>1000", "1000 < deal.opportunity",
             "old.opportunity < deal.opportunity", "deal.opportunity > -5",
             "event.query.sum = 500.0", "deal.ufCrm_6 > 2000", "get-rate.rate = 1.5");
    ALL_FALSE("deal.opportunity = 1500", "deal.opportunity < 200", "deal.opportunity > 1500.5",
              "deal.opportunity != 1500.5", "deal.opportunity <= 1500", "deal.id > 123");
}
END_TEST

START_TEST(long_ids_compare_exactly)
{
    struct bench b;
    bench_init(&b);
    json_t *query = jv_at(b.vars, "event.query");
    (void)json_object_set_new(query, "id", json_string("900719925474099301"));
    bool is;
    ck_assert_int_eq(eval(&b, "event.query.id = 900719925474099301", &is), KNOWN);
    ck_assert(is);
    ck_assert_int_eq(eval(&b, "event.query.id = 900719925474099302", &is), KNOWN);
    ck_assert(!is);
    bench_done(&b);
}
END_TEST

START_TEST(dates_compare_as_moments)
{
    ALL_TRUE("deal.createdTime = 2026-01-20T07:00:00Z", "deal.createdTime < now",
             "deal.createdTime > now - 3h", "deal.createdTime < now - 1h 30m",
             "deal.createdTime > today", "deal.createdTime < today 18:00",
             "deal.\"Дата встречи\" > tomorrow", "deal.\"Дата встречи\" < tomorrow 16:00",
             "deal.\"Дата встречи\" > now + 1 day", "deal.closedate > 2026-01-31 10:00",
             "deal.\"Дата встречи\" = 2026-01-21 15:30", "deal.\"День\" = 2026-03-08",
             "deal.\"День\" > \"2026-03-07\"", "now > today 11:59",
             "deal.created < next workday 09:00", "deal.ufCrm_1 < now + 2 workdays");
    ALL_FALSE("deal.createdTime > now", "deal.createdTime < today",
              "deal.\"Дата встречи\" > now + 2 days", "deal.\"День\" = 2026-03-09", "now = today",
              "deal.comments > now", "deal.comments < now");
}
END_TEST

START_TEST(flags_compare_in_any_writing)
{
    ALL_TRUE("deal.opened = Y", "deal.opened = true", "deal.opened = 1", "deal.opened = \"Y\"",
             "deal.opened != N", "deal.isNew = N", "deal.isNew = false", "deal.isNew = 0",
             "deal.isNew != Y", "deal.opened > deal.isNew");
    ALL_FALSE("deal.opened = N", "deal.opened = 0", "deal.isNew = Y", "deal.isNew = 1",
              "deal.opened = deal.isNew");
}
END_TEST

START_TEST(texts_compare_by_letter)
{
    ALL_TRUE("deal.source = WEB", "deal.sourceId = \"WEB\"", "deal.source != CALL",
             "deal.source < WEC", "deal.source > WEA", "deal.contact.name = \"Анна\"",
             "deal.contact = \"Анна Ли\"", "deal.company = \"ООО «Ромашка»\"",
             "event.name = ONCRMDEALUPDATE", "deal.assigned.email = \"ivan@example.org\"",
             "deal.assigned.department = \"Отдел продаж\"", "deal = 123",
             "deal.title = \"Поставка [окна] {{x}}\"");
    ALL_FALSE("deal.source = web", "deal.contact = \"Анна\"", "deal.source < WEB");
}
END_TEST

START_TEST(a_missing_value_is_empty_and_nothing_else)
{
    ALL_TRUE("deal.comments = \"\"", "deal.comments is empty", "deal.utmTerm is empty",
             "deal.utmTerm = \"\"", "deal.utmTerm != 5", "deal.utmTerm != \"x\"",
             "deal.title is not empty", "deal.opportunity is not empty", "old.contact is empty",
             "deal.contact is not empty", "old.contact.name is empty",
             "todo.nothing.at.all is empty", "event.query.x is empty",
             "deal.utmTerm = deal.utmMedium", "not deal.utmTerm > 0", "deal.utmContent is empty",
             "old.ufCrm_2 is empty");
    ALL_FALSE("deal.utmTerm < 5", "deal.utmTerm > 5", "deal.utmTerm <= 0", "deal.utmTerm >= \"\"",
              "deal.utmTerm = 0", "deal.utmTerm = N", "deal.title is empty", "deal.title = \"\"",
              "deal.utmTerm contains \"\"", "deal.title contains deal.utmTerm");
}
END_TEST

START_TEST(lists_are_tried_by_member)
{
    ALL_TRUE("deal.source in (WEB, CALL)", "deal.source in(CALL,WEB)", "deal.source not in (CALL)",
             "deal.opportunity in (1, 1500.50)", "actor in (deal.assigned, 9)",
             "deal.contacts contains 15", "deal.contacts = 16",
             "deal.contacts.name contains \"олег\"", "deal.observers contains 7",
             "actor in (deal.observers)", "deal.utmTerm in (\"\", x)",
             "deal.stage in (C5:OFFER, @won)", "deal.stage in (\"Продажи / Новая\", @open)",
             "deal.stage not in (@won, @lost)", "deal.assigned in (\"ivan@example.org\", 3)");
    ALL_FALSE("deal.source in (CALL)", "deal.source not in (WEB)", "deal.contacts contains 17",
              "deal.contacts contains 1", "deal.contacts != 15", "deal.stage in (@won)");
}
END_TEST

START_TEST(contains_ignores_case)
{
    ALL_TRUE("deal.title contains \"ПОСТАВКА\"", "deal.title contains \"[окна]\"",
             "deal.source contains we", "deal.company contains \"ромашка\"",
             "deal.contact contains \"ли\"", "deal.\"Цвета\" contains \"красный\"",
             "deal.\"Причина отказа\" contains \"бюджет\"");
    ALL_FALSE("deal.title contains \"двери\"", "deal.\"Цвета\" contains \"Крас\"");
}
END_TEST

START_TEST(matches_is_a_pattern_anywhere)
{
    ALL_TRUE("deal.title matches \"окн\"", "deal.title matches \"^Поставка \\[\"",
             "deal.title matches \"(?i)ПОСТАВКА\"",
             "deal.contact.phone matches \"^\\S+ \\(9\\d\\d\\)\"",
             "deal.contact.name matches \"^\\w{4}$\"", "deal.contacts.name matches \"^Олег$\"",
             "deal.utmSource matches \"\\\"hi\\\"\"", "deal.utmTerm matches \"^$\"");
    ALL_FALSE("deal.title matches \"^окн\"", "deal.title matches \"ПОСТАВКА\"",
              "deal.contacts.name matches \"^Яна$\"");
}
END_TEST

START_TEST(a_costly_pattern_ends)
{
    struct bench b;
    bench_init(&b);
    json_t *query = jv_at(b.vars, "event.query");
    (void)json_object_set_new(query, "t", json_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX"));
    bool is;
    ck_assert_int_eq(eval(&b, "event.query.t matches \"^(a+)+$\"", &is), KNOWN_BAD);
    ck_assert_str_eq(b.scope.err.text,
                     "event.query.t matches \"^(a+)+$\": the pattern is too costly "
                     "for this text; make it simpler");
    bench_done(&b);
}
END_TEST

START_TEST(stages_are_known_by_name)
{
    ALL_TRUE("deal.stage = C5:OFFER", "deal.stage = \"Колл-центр / КП / счёт\"",
             "deal.stage = \"колл-центр / кп / счёт\"", "deal.stage = \"C5:OFFER\"",
             "deal.stage != \"Продажи / Новая\"", "deal.stage = @open", "deal.stage != @won",
             "old.stage = \"Колл-центр / Новая\"", "\"Колл-центр / Новая\" = old.stage",
             "deal.funnel = \"Колл-центр\"", "deal.funnel = 5", "deal.funnel != \"Продажи\"",
             "deal.stage != old.stage");
    ALL_FALSE("deal.stage = \"Колл-центр / Новая\"", "deal.stage = @lost", "old.stage = @won",
              "deal.funnel = \"Продажи\"", "deal.utmTerm = C5:OFFER");
}
END_TEST

START_TEST(users_are_known_by_name)
{
    ALL_TRUE("deal.assigned = 7", "deal.assigned = \"ivan@example.org\"",
             "deal.assigned = ivan@example.org", "deal.assigned = \"Иван Петров\"",
             "deal.assigned != 9", "actor = 9", "actor = \"head of Отдел продаж\"",
             "actor = \"head of ivan@example.org\"", "actor = head of \"Отдел продаж\"",
             "(actor = head of ivan@example.org)", "deal.createdBy = actor",
             "deal.assigned.head = 9", "deal.assigned.head.head = 1", "actor != deal.assigned",
             "deal.company.assigned = \"Мария Сидорова\"", "old.assigned = actor",
             "deal.assigned in (\"Иван Петров\", 3)", "deal.assigned.head.head.head is empty");
    ALL_FALSE("deal.assigned = \"head of Отдел продаж\"", "actor = \"Иван Петров\"");
}
END_TEST

START_TEST(list_fields_are_known_by_their_texts)
{
    ALL_TRUE("deal.\"Причина отказа\" = \"Нет бюджета\"",
             "deal.\"причина отказа\" = \"нет бюджета\"", "deal.\"Причина отказа\" = 47",
             "deal.\"Причина отказа\" != \"Дорого\"",
             "deal.\"Причина отказа\" in (\"Дорого\", \"Нет бюджета\")", "deal.UF_CRM_2 = 47",
             "deal.UF_CRM_2 = \"Нет бюджета\"", "deal.ufCrm_2 = 47", "deal.\"Цвета\" = \"Белый\"",
             "deal.\"Цвета\" contains \"Белый\"", "deal.\"Цвета\" != \"Синий\"",
             "deal.\"Причина отказа\" is not empty", "deal.\"Куратор\" = \"Мария Сидорова\"",
             "deal.\"Куратор\".name = \"Мария\"");
    ALL_FALSE("deal.\"Причина отказа\" = \"Дорого\"", "deal.\"Цвета\" = 53");
}
END_TEST

START_TEST(changed_compares_with_the_snapshot)
{
    ALL_TRUE("deal.stage changed", "deal.assigned changed", "deal.opportunity changed",
             "deal.contact changed", "deal.\"Причина отказа\" changed",
             "deal.stage changed and not deal.title changed");
    ALL_FALSE("deal.title changed", "deal.funnel changed",
              "deal.source changed" /* the snapshot does not hold it: nothing is known */);
}
END_TEST

START_TEST(without_a_snapshot_nothing_has_changed)
{
    struct bench b;
    bench_init(&b);
    (void)json_object_del(b.vars, "old");
    bool is = true;
    ck_assert_int_eq(eval(&b, "deal.stage changed", &is), KNOWN);
    ck_assert(!is);
    ck_assert_int_eq(eval(&b, "old.stage is empty and old.stage != C5:NEW", &is), KNOWN);
    ck_assert(is);
    bench_done(&b);
}
END_TEST

START_TEST(not_binds_before_and_before_or)
{
    ALL_TRUE("1 = deal.id or deal.id = 123 and 2 = deal.id or deal.id = 123",
             "deal.id = 123 or deal.id = 1 and deal.id = 2", "not deal.id = 1 and deal.id = 123",
             "not (deal.id = 1 and deal.id = 123)", "not not deal.id = 123",
             "(deal.id = 123 or deal.id = 1) and (deal.id = 123)",
             "not deal.id = 123 or deal.id = 123", "((deal.id=123))",
             "not deal.source not in (WEB)");
    ALL_FALSE("(deal.id = 123 or deal.id = 1) and deal.id = 2",
              "not (deal.id = 123 or deal.id = 1)", "not deal.id = 123 and deal.id = 123");
}
END_TEST

START_TEST(a_continuation_line_joins_on)
{
    struct bench b;
    bench_init(&b);
    struct expr *expr = parsed(&b, "deal.id = 123\n     and deal.created < now\n     - 1h");
    bool is = false;
    ck_assert_int_eq(expr_eval(expr, &b.scope, &is), KNOWN);
    ck_assert(is);
    ck_assert_str_eq(expr_text(expr), "deal.id = 123\nand deal.created < now\n- 1h");
    expr_free(expr);
    bench_done(&b);
}
END_TEST

START_TEST(mistakes_are_told_with_their_column)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "5: the condition is empty; write deal.opportunity > 1000"},
        {"deal.id", "13: a comparison is missing at the end"},
        {"deal.id =", "15: a value is missing at the end"},
        {"= 5", "6: a name is missing before \"=\""},
        {"deal.id = and deal.id = 1", "16: a value is missing before \"and\""},
        {"deal.id == 5", "14: \"==\" is no comparison; did you mean \"=\"?"},
        {"deal.id <> 5", "14: \"<>\" is no comparison; did you mean \"!=\"?"},
        {"deal.id ~= 5", "14: \"~=\" is no comparison; did you mean \"=\"?"},
        {"deal.id equals 5",
         "14: \"equals\" is no comparison; there are = != < <= > >=, in, not in, "
         "contains, matches, is empty, is not empty, changed"},
        {"deal.title contain \"x\"",
         "17: \"contain\" is no comparison; did you mean \"contains\"?"},
        {"deal.title is nothing", "17: write \"is empty\" or \"is not empty\""},
        {"deal.title not contains \"x\"", "17: write \"not in (…)\""},
        {"deal.id = 5 deal.id = 6", "18: unexpected \"deal.id\"; comparisons are joined by \"and\" "
                                    "and \"or\""},
        {"deal.id = 5 && deal.id = 6", "18: unexpected \"&&\"; did you mean \"and\"?"},
        {"deal.id = 5 AND deal.id = 6", "18: unexpected \"AND\"; did you mean \"and\"?"},
        {"deal.id = 5)", "17: unexpected \")\"; comparisons are joined by \"and\" and \"or\""},
        {"(deal.id = 5", "6: \"(\" is not closed"},
        {"(deal.id = 5 deal", "19: \"and\", \"or\" or \")\" is missing before \"deal\""},
        {"()", "7: a name is missing before \")\""},
        {"deal.source in WEB", "21: \"in\" takes a list: in (A, B)"},
        {"deal.source in ()", "21: the list is empty; in takes one: in (A, B)"},
        {"deal.source in (WEB", "21: \"(\" is not closed"},
        {"deal.source in (WEB,)", "26: a value is missing before \")\""},
        {"deal.source in (WEB CALL)", "26: a comma or \")\" is missing before \"CALL\""},
        {"deal.title = \"окно", "19: the quote is not closed"},
        {"deal.\"Дата = 5", "11: the quote is not closed"},
        {"actor = head of \"Отдел", "22: the quote is not closed"},
        {"actor = head of ", "21: a name is missing behind \"head of\""},
        {"actor = head of deal.assigned", "14: the head of a field is written deal.assigned.head"},
        {"deal.title = окно", "19: a text stands in quotes: \"окно\""},
        {"deal.stage = @wan", "19: unknown stage \"@wan\"; there are @open, @won and @lost"},
        {"deal.title = old.tilte", "23: unknown field \"tilte\" of deal; did you mean \"title\"?"},
        {"deal.title = del.title", "19: unknown name \"del\"; did you mean \"deal\"?"},
        {"del.title = 5", "6: unknown name \"del\"; did you mean \"deal\"?"},
        {"deal.created < now - 3 wrkdays", "29: unknown unit of time \"wrkdays\"; did you mean "
                                           "\"workdays\"?"},
        {"deal.created < today 25:00", "27: \"25:00\" is not a time of day; write it as 18:00"},
        {"deal.title matches окно", "25: a text stands in quotes: \"окно\""},
        {"deal.title matches old.title", "25: \"matches\" takes a pattern in quotes"},
        {"deal.title matches \"a(b\"", "29: bad pattern: missing closing parenthesis"},
        {"deal.title matches \"\\\"я[a\"", "31: bad pattern: missing terminating ] for character "
                                           "class"},
        {"deal.contact.name changed",
         "6: \"changed\" is asked of a field of the rule's own entity: "
         "deal.stage"},
        {"actor changed",
         "6: \"changed\" is asked of a field of the rule's own entity: deal.stage"},
        {"\"Причина отказа\" is empty",
         "6: \"Причина отказа\" is a text here; a field's label stands "
         "behind its entity: deal.\"Причина отказа\""},
        {"5 = 6", "6: nothing here is a name; one side of a comparison is: deal.opportunity"},
        {"deal.title.x = 5", "17: \"deal.title\" leads nowhere, it has no \"x\""},
        {"del.a = 5 and deal.b = 6 or lead.c = deal.d",
         "6: unknown name \"del\"; did you mean \"deal\"?\n"
         "25: unknown field \"b\" of deal; labels stand in quotes, names of custom fields start "
         "with "
         "ufCrm or UF_CRM_\n"
         "34: \"lead\" is not known here, the rule speaks of deal\n"
         "48: unknown field \"d\" of deal; did you mean \"id\"?"},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ini_entry *entry = bench_entry(&b, cases[i].text);
        ck_assert_ptr_null(expr_parse(entry, bench_names(), &b.diag));
        char *said = bench_complaints_new(&b);
        ck_assert_msg(strcmp(said, cases[i].said) == 0, "%s\n is: %s\nnot: %s", cases[i].text, said,
                      cases[i].said);
        mem_free(said);
    }
    bench_done(&b);
}
END_TEST

/* `piece` `count` times, between `first` and `last`. */
static char *repeated_new(const char *first, const char *piece, int count, const char *last)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1 << 20);
    buf_text(&text, first);
    for (int i = 0; i < count; i++)
        buf_text(&text, piece);
    buf_text(&text, last);
    return buf_take(&text);
}

static void expect_refused(const char *text, const char *said)
{
    struct bench b;
    bench_init(&b);
    ck_assert_ptr_null(expr_parse(bench_entry(&b, text), bench_names(), &b.diag));
    char *complaint = bench_complaints_new(&b);
    ck_assert_msg(strstr(complaint, said) != NULL, "%s", complaint);
    mem_free(complaint);
    bench_done(&b);
}

START_TEST(depth_and_length_have_ceilings)
{
    char *text = repeated_new("", "(", 40, "deal.id = 1");
    expect_refused(text, "38: a condition nests at most 32 deep");
    mem_free(text);
    text = repeated_new("", "not ", 5000, "deal.id = 1");
    expect_refused(text, "a condition nests at most 32 deep");
    mem_free(text);
    text = repeated_new("deal.id = 1", " or deal.id = 1", 200, "");
    expect_refused(text, "a condition has at most 200 comparisons");
    mem_free(text);
    text = repeated_new("deal.id in (1", ", 1", 500, ")");
    expect_refused(text, "the list has more than 500 values");
    mem_free(text);
    text = repeated_new("deal.id = 1", " or deal.id = 123", 199, "");
    struct bench b;
    bench_init(&b);
    bool is = false;
    ck_assert_int_eq(eval(&b, text, &is), KNOWN);
    ck_assert(is);
    bench_done(&b);
    mem_free(text);
}
END_TEST

START_TEST(unknown_values_are_told_at_run_time)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"deal.stage = \"Колл-центр / КП\"",
         "unknown stage \"КП\" in funnel \"Колл-центр\"; there are \"Колл-центр / Новая\", "
         "\"Колл-центр / КП / счёт\", \"Колл-центр / Отказ\""},
        {"deal.stage = \"Колл-центр / Отказы\"",
         "unknown stage \"Отказы\" in funnel \"Колл-центр\"; did you mean \"Колл-центр / Отказ\"?"},
        {"deal.stage = \"Кол-центр / Отказ\"",
         "unknown funnel \"Кол-центр\"; did you mean \"Колл-центр\"?"},
        {"deal.stage = \"Отказ\"",
         "\"Отказ\" is a stage's name alone, and there are several funnels; "
         "write \"Funnel / Отказ\""},
        {"deal.funnel = \"Продажа\"", "unknown funnel \"Продажа\"; did you mean \"Продажи\"?"},
        {"deal.assigned = \"Нет Такого\"", "unknown user \"Нет Такого\""},
        {"deal.assigned = \"nobody@example.org\"", "unknown user \"nobody@example.org\""},
        {"deal.assigned = \"Два Ивана\"",
         "2 users are called \"Два Ивана\" (5, 6); write an id or an "
         "e-mail"},
        {"actor = \"head of Нет Такого\"", "no department and no user is called \"Нет Такого\""},
        {"actor = \"head of 1\"", "user \"1\" has no head"},
        {"deal.\"Причина отказа\" = \"Дорога\"",
         "\"Причина отказа\" has no value \"Дорога\"; did you mean \"Дорого\"?"},
        {"deal.\"Причина отказе\" is empty",
         "no field of deal is called \"Причина отказе\"; did you mean \"Причина отказа\"?"},
        {"deal.\"Двойник\" is empty",
         "two fields of deal are called \"Двойник\": ufCrm_7 and ufCrm_8; "
         "write one of these names"},
        {"deal.UF_CRM_77 is empty", "deal has no field \"UF_CRM_77\"; did you mean \"UF_CRM_7\"?"},
        {"deal.\"Аванс\".x is empty", "\"deal.\"Аванс\"\" leads nowhere, it has no \"x\""},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is;
        ck_assert_msg(eval(&b, cases[i].text, &is) == KNOWN_BAD, "%s", cases[i].text);
        ck_assert_str_eq(b.scope.err.text, cases[i].said);
    }
    bench_done(&b);
}
END_TEST

START_TEST(needs_are_gathered_from_both_sides)
{
    static const struct {
        const char *text, *needs;
    } cases[] = {
        {"deal.id = 123", ""},
        {"deal.title = \"x\"", "entity:2:123"},
        {"deal.title = \"x\" and deal.title = \"y\"", "entity:2:123"},
        {"deal.stage = \"Продажи / Новая\"", "entity:2:123 stages:2"},
        {"deal.stage = @won", "entity:2:123"},
        {"deal.assigned = \"Иван Петров\"", "entity:2:123 user-name:Иван Петров"},
        {"deal.\"Дата встречи\" > now", "fields:2 entity:2:123"},
        {"deal.title = actor.email", "entity:2:123 user:9"},
        {"deal.title is empty and actor.name is empty", "entity:2:123 user:9"},
        {"deal.title is empty or actor.name is empty", "entity:2:123 user:9"},
        {"actor = 9 or deal.title = \"x\"", ""},
        {"actor = 8 and deal.title = \"x\"", ""},
        {"actor = 9 and deal.title = \"x\"", "entity:2:123"},
        {"actor in (\"Иван Петров\", \"Мария Сидорова\")",
         "user-name:Иван Петров user-name:Мария Сидорова"},
        {"actor = \"head of Отдел продаж\"", "department-name:Отдел продаж user-name:Отдел продаж"},
        {"old.stage = \"Продажи / Новая\"", "stages:2"},
        {"old.stage = @open", ""},
    };
    struct bench b;
    bench_init(&b);
    json_object_clear(b.facts);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is;
        enum known known = eval(&b, cases[i].text, &is);
        char *needs = bench_needs_new(&b);
        ck_assert_msg(strcmp(needs, cases[i].needs) == 0, "%s\n is: %s\nnot: %s", cases[i].text,
                      needs, cases[i].needs);
        ck_assert_int_eq(known, needs[0] == '\0' ? KNOWN : KNOWN_NOT);
        mem_free(needs);
    }
    bench_done(&b);
}
END_TEST

START_TEST(needs_come_step_by_step_along_a_relation)
{
    static const char *const steps[] = {"entity:2:123", "entity:4:4",   "user:9",
                                        "department:3", "department:1", "user:1"};
    struct bench b;
    bench_init(&b);
    JV_AUTO *all = json_deep_copy(b.facts);
    json_object_clear(b.facts);
    bool is = false;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        ck_assert_int_eq(eval(&b, "deal.company.assigned.head.name = \"Глава\"", &is), KNOWN_NOT);
        char *needs = bench_needs_new(&b);
        ck_assert_str_eq(needs, steps[i]);
        (void)json_object_set(b.facts, needs, json_object_get(all, needs));
        mem_free(needs);
    }
    ck_assert_int_eq(eval(&b, "deal.company.assigned.head.name = \"Глава\"", &is), KNOWN);
    ck_assert(is);
    bench_done(&b);
}
END_TEST

START_TEST(a_deleted_entity_has_its_last_snapshot)
{
    struct bench b;
    bench_init(&b);
    bool is = false;
    (void)json_object_set_new(b.facts, "entity:2:123", json_null());
    ck_assert_int_eq(eval(&b, "deal.title is empty and deal.contact is empty", &is), KNOWN);
    ck_assert(is);
    (void)json_object_set_new(b.vars, "gone", json_of("{'title': 'Была', 'stageId': 'C5:LOSE'}"));
    ck_assert_int_eq(eval(&b, "deal.title = \"Была\" and deal.stage = @lost", &is), KNOWN);
    ck_assert(is);
    bench_done(&b);
}
END_TEST

START_TEST(every_comparison_made_is_traced)
{
    struct bench b;
    bench_init(&b);
    bool is;
    ck_assert_int_eq(eval(&b,
                          "(deal.opportunity > 1000 and deal.stage = \"Колл-центр / Отказ\") or "
                          "deal.source in (WEB, \"CALL\") or deal.title is empty",
                          &is),
                     KNOWN);
    JV_AUTO *wanted =
        json_of("[{'text': 'deal.opportunity > 1000', 'left': 1500.5, 'right': 1000, 'is': true},"
                "{'text': 'deal.stage = \\'Колл-центр / Отказ\\'', 'left': 'C5:OFFER',"
                " 'right': 'C5:LOSE', 'is': false},"
                "{'text': 'deal.source in (WEB, \\'CALL\\')', 'left': 'WEB',"
                " 'right': ['WEB', 'CALL'], 'is': true}]");
    char *is_text = jv_dump_new(b.scope.trace), *wanted_text = jv_dump_new(wanted);
    ck_assert_str_eq(is_text, wanted_text);
    mem_free(is_text);
    mem_free(wanted_text);
    bench_done(&b);
}
END_TEST

START_TEST(an_unfinished_evaluation_leaves_no_trace)
{
    struct bench b;
    bench_init(&b);
    bool is;
    (void)json_object_del(b.facts, "entity:2:123");
    (void)json_array_append_new(b.scope.trace, json_string("earlier"));
    ck_assert_int_eq(eval(&b, "actor = 9 and deal.title is empty", &is), KNOWN_NOT);
    ck_assert_uint_eq(json_array_size(b.scope.trace), 1);
    bench_done(&b);
}
END_TEST

START_TEST(the_right_side_of_an_unknown_left_one_cannot_fail_it)
{
    struct bench b;
    bench_init(&b);
    bool is = true;
    JV_AUTO *deal = json_incref(json_object_get(b.facts, "entity:2:123"));
    (void)json_object_del(b.facts, "entity:2:123");
    const char *text = "deal.id = 123 and deal.title is empty and deal.\"Нет\" is empty";
    ck_assert_int_eq(eval(&b, text, &is), KNOWN_NOT);
    ck_assert_str_eq(b.scope.err.text, "");
    (void)json_object_set(b.facts, "entity:2:123", deal);
    ck_assert_int_eq(eval(&b, text, &is), KNOWN);
    ck_assert(!is);
    bench_done(&b);
}
END_TEST

static void count_path(const struct path *path, void *arg)
{
    buf_printf(arg, "%s ", path->text);
}

START_TEST(all_paths_are_visited_and_changed_means_old_too)
{
    struct bench b;
    bench_init(&b);
    struct buf seen BUF_AUTO;
    buf_init(&seen, 4096);
    struct expr *expr =
        parsed(&b, "not deal.id = old.stage or (deal.\"В\" changed and 1 in (actor, "
                   "todo.id))");
    expr_paths(expr, count_path, &seen);
    ck_assert_str_eq(seen.data, "deal.id old.stage deal.\"В\" old.\"В\" actor todo.id ");
    expr_free(expr);
    bench_done(&b);
}
END_TEST

/* ---- operands of triggers -------------------------------------------------------------------- */

static enum known matches(struct bench *b, const char *literal, const char *field,
                          const char *value, bool *ret)
{
    struct path path;
    struct err err = {0};
    size_t at = 0;
    struct operand *operand = operand_parse(bench_entry(b, literal), &at, bench_names(), &b->diag);
    ck_assert_ptr_nonnull(operand);
    ck_assert_uint_eq(at, strlen(literal));
    at = 0;
    ck_assert(path_parse(field, &at, &path, &err));
    JV_AUTO *json = json_of(value);
    enum known known = operand_matches(operand, &path, json, &b->scope, ret);
    path_done(&path);
    operand_free(operand);
    return known;
}

START_TEST(operands_of_triggers_resolve_names)
{
    static const struct {
        const char *literal, *field, *value;
        bool is;
    } cases[] = {
        {"17", "deal.assigned", "17", true},
        {"17", "deal.assigned", "'17'", true},
        {"\"Иван Петров\"", "deal.assigned", "7", true},
        {"ivan@example.org", "deal.assigned", "9", false},
        {"\"\"", "deal.assigned", "0", true},
        {"\"\"", "deal.assigned", "7", false},
        {"\"Колл-центр / Отказ\"", "deal.stage", "'C5:LOSE'", true},
        {"@lost", "deal.stage", "'C5:LOSE'", true},
        {"@won", "deal.stage", "'C5:LOSE'", false},
        {"C5:LOSE", "deal.stageId", "'C5:LOSE'", true},
        {"\"Нет бюджета\"", "deal.\"Причина отказа\"", "47", true},
        {"Y", "deal.opened", "true", true},
        {"1000", "deal.opportunity", "'1000.00'", true},
        {"actor", "deal.assigned", "9", true},
        {"old.assigned", "deal.assigned", "9", true},
        {"2026-01-20", "deal.closedate", "'2026-01-20T00:00:00+03:00'", true},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is = !cases[i].is;
        ck_assert_msg(matches(&b, cases[i].literal, cases[i].field, cases[i].value, &is) == KNOWN,
                      "%s: %s", cases[i].literal, b.scope.err.text);
        ck_assert_msg(is == cases[i].is, "%s %s", cases[i].field, cases[i].literal);
    }
    bench_done(&b);
}
END_TEST

START_TEST(an_operand_stops_where_its_value_ends)
{
    static const struct {
        const char *text;
        size_t end;
        enum operand_kind kind;
    } cases[] = {
        {"17 to 18", 2, OPERAND_NUMBER},      {"-2.5 to 1", 4, OPERAND_NUMBER},
        {"\"a to b\" to c", 8, OPERAND_TEXT}, {"C5:NEW to @won", 6, OPERAND_WORD},
        {"now - 2h to x", 8, OPERAND_MOMENT}, {"next workday 09:00 to", 18, OPERAND_MOMENT},
        {"old.stage to x", 9, OPERAND_PATH},  {"2026-01-20 10:00 to", 16, OPERAND_MOMENT},
        {"@won to", 4, OPERAND_WORD},         {"today to", 5, OPERAND_MOMENT},
        {"todo.id, 5", 7, OPERAND_PATH},      {"2026-01-20 to 5", 10, OPERAND_MOMENT},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t at = 0;
        struct operand *operand =
            operand_parse(bench_entry(&b, cases[i].text), &at, bench_names(), &b.diag);
        ck_assert_msg(operand != NULL, "%s", cases[i].text);
        ck_assert_msg(at == cases[i].end, "%s ends at %zu", cases[i].text, at);
        ck_assert_int_eq(operand->kind, cases[i].kind);
        operand_free(operand);
    }
    bench_done(&b);
}
END_TEST

CHECK_MAIN("expr", numbers_compare_as_numbers, long_ids_compare_exactly, dates_compare_as_moments,
           flags_compare_in_any_writing, texts_compare_by_letter,
           a_missing_value_is_empty_and_nothing_else, lists_are_tried_by_member,
           contains_ignores_case, matches_is_a_pattern_anywhere, a_costly_pattern_ends,
           stages_are_known_by_name, users_are_known_by_name, list_fields_are_known_by_their_texts,
           changed_compares_with_the_snapshot, without_a_snapshot_nothing_has_changed,
           not_binds_before_and_before_or, a_continuation_line_joins_on,
           mistakes_are_told_with_their_column, depth_and_length_have_ceilings,
           unknown_values_are_told_at_run_time, needs_are_gathered_from_both_sides,
           needs_come_step_by_step_along_a_relation, a_deleted_entity_has_its_last_snapshot,
           every_comparison_made_is_traced, an_unfinished_evaluation_leaves_no_trace,
           the_right_side_of_an_unknown_left_one_cannot_fail_it,
           all_paths_are_visited_and_changed_means_old_too, operands_of_triggers_resolve_names,
           an_operand_stops_where_its_value_ends)
