/* Values in the form that a field's type wants, and words that mean yes and no. */

#include "daemon/rules/fieldvalue.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"

/* What is sent, or "! why". mem_free. */
static char *read_new(const char *type, const char *text)
{
    JV_AUTO *spec = json_pack("{s:s}", "type", type);
    JV_AUTO *value = NULL;
    struct field_info info = {.spec = spec};
    struct err err = {0};
    if (!field_value_read(&info, text, &value, &err))
        return mem_printf("! %s", err.text);
    return jv_dump_new(value);
}

START_TEST(each_type_takes_its_own)
{
    static const struct {
        const char *type, *text, *sent;
    } cases[] = {
        {"string", "что угодно, 5,5", "\"что угодно, 5,5\""},
        {"double", "1500.50", "\"1500.50\""},
        {"double", "-3", "\"-3\""},
        {"double", "1 500,50",
         "! \"1 500,50\" is not a number; a decimal point is wanted: 1500.50"},
        {"double", "много", "! \"много\" is not a number"},
        {"integer", "5", "\"5\""},
        {"integer", "5.5", "! \"5.5\" is not a whole number"},
        {"boolean", "Да", "\"Y\""},
        {"boolean", "no", "\"N\""},
        {"boolean", "0", "\"N\""},
        {"boolean", "maybe", "! \"maybe\" is neither yes nor no"},
        {"money", "5000|RUB", "\"5000|RUB\""},
        {"money", "5000", "! \"5000\" is not an amount with its currency: 5000|RUB"},
        {"money", "5000|РУБ", "! \"5000|РУБ\" is not an amount with its currency: 5000|RUB"},
        {"crm", "C_7", "\"C_7\""},
        {"crm", "T9a_12", "\"T9a_12\""},
        {"crm", "12", "\"12\""},
        {"crm", "ООО", "! \"ООО\" is not a link such as D_1, C_2, CO_3 or T80_6"},
        {"crm", "C_", "! \"C_\" is not a link such as D_1, C_2, CO_3 or T80_6"},
        {"file", "кп.pdf",
         "! it is a file, and a file is not a text; send [\"name.ext\",\"base64\"] with rest "
         "crm.item.update"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *is = read_new(cases[i].type, cases[i].text);
        ck_assert_str_eq(is, cases[i].sent);
        mem_free(is);
    }
}
END_TEST

/* The condition's outcome in the bench, "need X" or "! why". mem_free. */
static char *eval_new(struct bench *b, const char *condition)
{
    struct expr *expr = expr_parse(bench_entry(b, condition), bench_names(), &b->diag);
    ck_assert_msg(expr != NULL, "%s", b->diag.count > 0 ? b->diag.entries[0].text : "");
    bool is = false;
    enum known known = expr_eval(expr, &b->scope, &is);
    expr_free(expr);
    if (known == KNOWN_BAD)
        return mem_printf("! %s", b->scope.err.text);
    return known == KNOWN ? mem_strdup(is ? "yes" : "no") : bench_needs_new(b);
}

START_TEST(conditions_know_flags_and_directories)
{
    static const struct {
        const char *condition, *outcome;
    } cases[] = {
        {"deal.opened = yes", "yes"},
        {"deal.opened = \"да\"", "yes"},
        {"deal.opened = \"нет\"", "no"},
        {"deal.opened != no", "yes"},
        {"deal.source = \"Веб-сайт\"", "yes"},
        {"deal.source = WEB", "yes"},
        {"deal.source in (\"Звонок\", \"Реклама\")", "no"},
        {"deal.ufCrm_2 = \"Нет бюджета\"", "yes"},
        {"deal.\"Причина отказа\" = \"Дорого\"", "no"},
        {"deal.source = \"Звонки\"",
         "! \"sourceId\" has no value \"Звонки\"; did you mean \"Звонок\"?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        bench_init(&b);
        json_object_set_new(b.facts, "directory:SOURCE",
                            json_of("[{'id': 'WEB', 'name': 'Веб-сайт'}, {'id': 'CALL', 'name': "
                                    "'Звонок'}, {'id': 'ADV', 'name': 'Реклама'}]"));
        char *is = eval_new(&b, cases[i].condition);
        ck_assert_msg(strcmp(is, cases[i].outcome) == 0, "%s: %s", cases[i].condition, is);
        mem_free(is);
        bench_done(&b);
    }
}
END_TEST

START_TEST(a_directory_is_asked_for_only_for_a_name)
{
    struct bench b;
    bench_init(&b);
    char *is = eval_new(&b, "deal.source = \"Веб-сайт\"");
    ck_assert_str_eq(is, "directory:SOURCE");
    mem_free(is);
    is = eval_new(&b, "deal.source = \"WEB\"");
    ck_assert_str_eq(is, "yes");
    mem_free(is);
    bench_done(&b);
}
END_TEST

START_TEST(a_pinned_name_needs_no_facts)
{
    struct bench b;
    bench_init(&b);
    json_object_set_new(b.facts, SCOPE_PINS,
                        json_of("{'stage:2:Воронка / Этап': {'id': 'C5:OFFER', 'category': 5},"
                                " 'user:-5:old@example.org': 7, 'option:2:sourceId=Сайт': 'WEB',"
                                " 'department:0:Старый отдел': 3}"));
    json_object_del(b.facts, "stages:2");
    char *is = eval_new(&b, "deal.stage = \"Воронка / Этап\" and deal.assigned = "
                            "\"old@example.org\" and deal.source = \"Сайт\"");
    ck_assert_str_eq(is, "yes");
    mem_free(is);
    is = eval_new(&b, "deal.assigned = head of \"Старый отдел\"");
    ck_assert_str_eq(is, "no");
    mem_free(is);
    bench_done(&b);
}
END_TEST

CHECK_MAIN("fieldvalue", each_type_takes_its_own, conditions_know_flags_and_directories,
           a_directory_is_asked_for_only_for_a_name, a_pinned_name_needs_no_facts)
