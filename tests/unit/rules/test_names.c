/* Every name and value of a rule against what a portal says: what is wrong, what was renamed, what
 * is still to be asked. */

#include "daemon/rules/names.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"
#include "tests/support/rules_text.h"

struct trial_bench {
    struct bench b;
    struct rules_text rules;
    struct names names;
};

static void open_rules(struct trial_bench *t, const char *text)
{
    bench_init(&t->b);
    json_object_set_new(t->b.facts, "directory:SOURCE",
                        json_of("[{'id': 'WEB', 'name': 'Веб-сайт'}, {'id': 'CALL', 'name': "
                                "'Звонок'}]"));
    json_object_set_new(t->b.facts, "user:999", json_null());
    JV_AUTO *more = json_of(
        "{'department-name:Пустой': [{'ID': '20'}], 'department:20': {'ID': '20'},"
        " 'department-name:пустОЙ': [], 'user-name:пустОЙ': [], 'department-name:Пустый': [],"
        " 'user-name:Пустый': [], 'departments:': [{'id': 20, 'name': 'Пустой'}],"
        " 'department-name:Два': [{'ID': '21'}, {'ID': '22'}]}");
    json_object_update(t->b.facts, more);
    JV_AUTO *twins = json_of("[{'id': 8, 'name': 'Сервис'}, {'id': 9, 'name': 'сервис'}]");
    (void)json_array_extend(json_object_get(json_object_get(t->b.facts, "stages:2"), "funnels"),
                            twins);
    json_t *fields = json_object_get(t->b.facts, "fields:2");
    json_object_set_new(fields, "ufCrm_link", json_of("{'type': 'crm', 'title': 'Связь'}"));
    json_object_set_new(fields, "ufCrm_pair",
                        json_of("{'type': 'enumeration', 'title': 'Пара', 'items': "
                                "[{'ID': '61', 'VALUE': 'да'}, {'ID': '62', 'VALUE': 'Да'}]}"));
    json_object_set_new(fields, "ufCrm_file", json_of("{'type': 'file', 'title': 'Договор'}"));
    json_object_set_new(fields, "createdTime",
                        json_of("{'type': 'datetime', 'title': 'Создан', 'isReadOnly': true}"));
    json_object_set_new(t->b.facts, "users:",
                        json_of("[{'id': 7, 'name': 'Иван Петров', 'email': 'ivan@example.org'}]"));
    json_object_set_new(t->b.facts, "types:",
                        json_of("[{'id': 147, 'title': 'Отгрузка'}, {'id': 163, 'title': "
                                "'Возврат'}]"));
    rules_text_init(&t->rules);
    rules_text_add(&t->rules, "r.ini", text);
    ck_assert_msg(t->rules.diag.count == 0, "%s",
                  t->rules.diag.count > 0 ? t->rules.diag.entries[0].text : "");
    ruleset_finish(t->rules.set);
    t->names = (struct names){.env = &t->b.env,
                              .set = t->rules.set,
                              .facts = t->b.facts,
                              .needs = json_array(),
                              .resolved = json_object(),
                              .findings = json_array()};
}

static void look(struct trial_bench *t)
{
    for (size_t i = 0; i < t->rules.set->count; i++)
        names_of_rule(&t->names, &t->rules.set->rules[i]);
}

static void close_rules(struct trial_bench *t)
{
    json_decref(t->names.needs);
    json_decref(t->names.resolved);
    json_decref(t->names.findings);
    rules_text_done(&t->rules);
    bench_done(&t->b);
}

/* "level line:column say", a line each. */
static void finds(struct trial_bench *t, const char *expected)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 16);
    size_t i;
    json_t *f;
    json_array_foreach (t->names.findings, i, f)
        buf_printf(&out, "%s %lld:%lld %s\n", jv_text(f, "level", ""),
                   (long long)jv_int(f, "line", 0), (long long)jv_int(f, "column", 0),
                   jv_text(f, "say", ""));
    ck_assert_str_eq(out.data, expected);
}

static void needs(struct trial_bench *t, const char *expected)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1 << 16);
    size_t i;
    json_t *need;
    json_array_foreach (t->names.needs, i, need)
        buf_printf(&out, "%s%s", i > 0 ? " " : "", json_string_value(need));
    ck_assert_str_eq(out.data, expected);
}

/* The one condition of a rule. */
static void condition_finds(const char *condition, const char *expected)
{
    struct trial_bench t;
    char *text =
        mem_printf("[rule r]\non = deal added\nif = %s\n[then comment]\ntext = x\n", condition);
    open_rules(&t, text);
    json_object_set_new(t.b.facts, "user-name:Иван Петрв", json_array());
    look(&t);
    char *wanted = expected[0] != '\0' ? mem_printf("error 3:6 %s\n", expected) : mem_strdup("");
    finds(&t, wanted);
    mem_free(wanted);
    mem_free(text);
    close_rules(&t);
}

START_TEST(values_beside_fields_are_of_their_type)
{
    static const struct {
        const char *condition, *say;
    } cases[] = {
        {"deal.opportunity > 1000", ""},
        {"deal.opportunity > \"1000\"", ""},
        {"deal.opportunity > \"abc\"", "\"deal.opportunity\" is a number, and \"abc\" is not"},
        {"deal.opportunity in (1, \"два\")",
         "\"deal.opportunity\" is a number, and \"два\" is not"},
        {"deal.\"Аванс\" >= \"2500|RUB\"", ""},
        {"deal.\"Аванс\" >= \"много\"", "deal.\"Аванс\" is a number, and \"много\" is not"},
        {"deal.\"Дата встречи\" > now - 2h", ""},
        {"deal.\"Дата встречи\" > \"2026-01-20 10:00\"", ""},
        {"deal.\"Дата встречи\" = \"\"", ""},
        {"deal.\"Дата встречи\" > 5", "deal.\"Дата встречи\" is a date, and \"5\" is not"},
        {"deal.\"Дата встречи\" > \"завтра\"",
         "deal.\"Дата встречи\" is a date, and \"завтра\" is not"},
        {"deal.opened = yes", ""},
        {"deal.opened = \"нет\"", ""},
        {"deal.opened = 2", "\"deal.opened\" is yes or no, and \"2\" is not"},
        {"deal.opened = maybe", "\"deal.opened\" is yes or no, and \"maybe\" is not"},
        {"deal.title contains \"5\" or deal.opportunity is empty", ""},
        {"1000 < deal.opportunity", ""},
        {"\"abc\" < deal.opportunity", "\"deal.opportunity\" is a number, and \"abc\" is not"},
        {"deal.opportunity > deal.created",
         "\"deal.opportunity\" is a number, and deal.created is a date"},
        {"deal.closedate < deal.created", ""},
        {"deal.stage > C5:OFFER", "\"deal.stage\" has no order; compare it by =, != or in"},
        {"deal.assigned < 5", "\"deal.assigned\" has no order; compare it by =, != or in"},
        {"deal.\"Связь\" = C_3", ""},
        {"deal.\"Связь\" = \"ООО\"",
         "deal.\"Связь\" is a link such as D_1 or C_2, and \"ООО\" is not"},
        {"deal.\"Договор\" is not empty", ""},
        {"deal.\"Договор\" = \"x.pdf\"",
         "deal.\"Договор\" is a file; it can be empty or not, and nothing else"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        condition_finds(cases[i].condition, cases[i].say);
}
END_TEST

START_TEST(names_beside_fields_are_those_of_the_portal)
{
    static const struct {
        const char *condition, *say;
    } cases[] = {
        {"deal.stage = \"Колл-центр / Отказ\"", ""},
        {"deal.stage = @won", ""},
        {"deal.stage = C5:OFFER", ""},
        {"deal.stage = C9:NEW", "unknown stage \"C9:NEW\"; did you mean \"C5:NEW\"?"},
        {"deal.stage = \"Продажи / Отказ\"",
         "unknown stage \"Отказ\" in funnel \"Продажи\", it is one of \"Колл-центр\"; there are "
         "\"Продажи / Новая\", \"Продажи / Успех\""},
        {"deal.stage = \"Новая\"", "\"Новая\" is a stage's name alone, and there are several "
                                   "funnels; write \"Funnel / Новая\""},
        {"deal.funnel = \"Продажа\"", "unknown funnel \"Продажа\"; did you mean \"Продажи\"?"},
        {"deal.source = \"Звонок\"", ""},
        {"deal.source in (WEB, CALL)", ""},
        {"deal.source = \"Звонки\"",
         "\"sourceId\" has no value \"Звонки\"; did you mean \"Звонок\"?"},
        {"deal.source = WEEB", "\"sourceId\" has no value \"WEEB\"; did you mean \"WEB\"?"},
        {"deal.\"Причина отказа\" = \"Дорого\"", ""},
        {"deal.ufCrm_2 = \"Дорога\"",
         "\"Причина отказа\" has no value \"Дорога\"; did you mean \"Дорого\"?"},
        {"deal.\"Цвета\" contains \"Белый\"", ""},
        {"deal.\"Цвета\" contains \"Бел\"",
         "\"Цвета\" has no value \"Бел\"; there are \"Белый\", \"Красный\", \"Синий\""},
        {"deal.\"Причина отказа\" = 999",
         "\"Причина отказа\" has no value \"999\"; there are \"Дорого\", \"Нет бюджета\""},
        {"deal.funnel = 5", ""},
        {"deal.funnel = 77", "there is no funnel 77"},
        {"actor = \"Иван Петрв\"", "unknown user \"Иван Петрв\"; did you mean \"Иван Петров\"?"},
        {"deal.assigned = \"иван ПЕТРОВ\"", ""},
        {"deal.\"Пара\" = \"да\"", "\"Пара\" has two values \"да\": 61 and 62; write the id"},
        {"deal.funnel = \"Сервис\"",
         "two funnels are called \"Сервис\": 8 and 9; write the number"},
        {"deal.assigned = head of \"Пустой\"", "department \"Пустой\" has no head"},
        {"deal.assigned = head of \"пустОЙ\"", "department \"пустОЙ\" has no head"},
        {"deal.assigned = head of \"Пустый\"",
         "no department and no user is called \"Пустый\"; did you mean \"Пустой\"?"},
        {"deal.assigned = head of \"Два\"",
         "2 departments are called \"Два\" (21, 22); write the head himself"},
        {"deal.ufCrm_99 = 1", "deal has no field \"ufCrm_99\"; did you mean \"ufCrm_1\"?"},
        {"deal.\"Трек-номер\" = \"1\"", "no field of deal is called \"Трек-номер\""},
        {"deal.\"Двойник\" = \"1\"",
         "two fields of deal are called \"Двойник\": ufCrm_7 and ufCrm_8; write one of these "
         "names"},
        {"deal.assigned = \"Иван Петров\"", ""},
        {"deal.assigned = \"Иван Петрв\"",
         "unknown user \"Иван Петрв\"; did you mean \"Иван Петров\"?"},
        {"deal.assigned = nobody@example.org", "unknown user \"nobody@example.org\""},
        {"deal.assigned = \"Два Ивана\"",
         "2 users are called \"Два Ивана\" (5, 6); write an id or an e-mail"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        condition_finds(cases[i].condition, cases[i].say);
}
END_TEST

/* Which smart process a robot will call it for, nobody can know. */
START_TEST(a_rule_of_any_smart_process_asks_for_no_fields)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = robot ship\nif = item.title is not empty\n"
                   "[then update]\ntitle = {{item.title | upper}}\n");
    look(&t);
    needs(&t, "");
    finds(&t, "");
    close_rules(&t);
}
END_TEST

START_TEST(a_name_that_two_bear_lists_them)
{
    static const struct {
        const char *stage, *say;
    } cases[] = {
        {"Долгая / Новая", "two funnels are called \"Долгая\": 6 and 7; write the stage's id"},
        {"Продажи / Ждёт", "two stages are called \"Ждёт\": W1 and W2; write one of these ids"},
        {"W2", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial_bench t;
        char *text =
            mem_printf("[rule r]\non = deal added\n[then move]\nto = %s\n", cases[i].stage);
        open_rules(&t, text);
        JV_AUTO *stages = json_of("[{'id': 'W1', 'name': 'Ждёт', 'category': 0},"
                                  " {'id': 'W2', 'name': 'ждёт', 'category': 0},"
                                  " {'id': 'C6:NEW', 'name': 'Новая', 'category': 6}]");
        JV_AUTO *funnels = json_of("[{'id': 6, 'name': 'Долгая'}, {'id': 7, 'name': 'Долгая'}]");
        json_t *fact = json_object_get(t.b.facts, "stages:2");
        json_array_extend(json_object_get(fact, "stages"), stages);
        json_array_extend(json_object_get(fact, "funnels"), funnels);
        look(&t);
        char *wanted =
            cases[i].say[0] != '\0' ? mem_printf("error 4:6 %s\n", cases[i].say) : mem_strdup("");
        finds(&t, wanted);
        mem_free(wanted);
        mem_free(text);
        close_rules(&t);
    }
}
END_TEST

START_TEST(every_place_of_a_rule_is_looked_at)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\n"
                   "on = deal enters \"Продажи / Нет\"\n"
                   "on = deal enters funnel \"Нет\"\n"
                   "on = deal.ufCrm_98 changes\n"
                   "on = deal.source changes from \"Сорока\"\n"
                   "cancel-on = deal leaves C7:NEW\n"
                   "cancel-on = deal.opportunity = \"x\"\n"
                   "[then move]\n"
                   "if = deal.ufCrm_97 = 1\n"
                   "to = Продажи / Нет\n"
                   "[then update]\n"
                   "opportunity = 5,5\n"
                   "source = Сорока\n"
                   "\"Цвета\" = Чёрный\n"
                   "\"Куратор\" = nobody@example.org\n"
                   "\"Аванс\" = 5000\n"
                   "\"Нет такого\" = 1\n"
                   "comments = {{deal.\"Нет такого\"}}\n"
                   "[then notify]\n"
                   "to = nobody@example.org, 7\n"
                   "text = {{deal.ufCrm_96}}\n");
    look(&t);
    finds(&t,
          "error 2:6 unknown stage \"Нет\" in funnel \"Продажи\"; there are \"Продажи / Новая\", "
          "\"Продажи / Успех\"\n"
          "error 3:6 unknown funnel \"Нет\"; there are \"Продажи\", \"Колл-центр\", \"Сервис\", "
          "\"сервис\"\n"
          "error 4:6 deal has no field \"ufCrm_98\"; did you mean \"ufCrm_8\"?\n"
          "error 5:6 \"sourceId\" has no value \"Сорока\"; there are \"Веб-сайт\", \"Звонок\"\n"
          "error 6:13 unknown stage \"C7:NEW\"; did you mean \"C5:NEW\"?\n"
          "error 7:13 \"deal.opportunity\" is a number, and \"x\" is not\n"
          "error 9:6 deal has no field \"ufCrm_97\"; did you mean \"ufCrm_7\"?\n"
          "error 10:6 unknown stage \"Нет\" in funnel \"Продажи\"; there are \"Продажи / Новая\", "
          "\"Продажи / Успех\"\n"
          "error 12:15 opportunity: \"5,5\" is not a number; a decimal point is wanted: "
          "1500.50\n"
          "error 13:10 \"sourceId\" has no value \"Сорока\"; there are \"Веб-сайт\", \"Звонок\"\n"
          "error 14:11 \"Цвета\" has no value \"Чёрный\"; there are \"Белый\", \"Красный\", "
          "\"Синий\"\n"
          "error 15:13 unknown user \"nobody@example.org\"\n"
          "error 16:11 \"Аванс\": \"5000\" is not an amount with its currency: 5000|RUB\n"
          "error 17:16 no field of deal is called \"Нет такого\"\n"
          "error 18:12 no field of deal is called \"Нет такого\"\n"
          "error 20:6 unknown user \"nobody@example.org\"\n"
          "error 21:8 deal has no field \"ufCrm_96\"; did you mean \"ufCrm_6\"?\n");
    close_rules(&t);
}
END_TEST

START_TEST(what_is_not_known_yet_is_needed_and_no_mistake)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\n"
                   "on = deal enters \"Продажи / Новая\"\n"
                   "if = deal.\"Куратор\" = \"Иван Петров\"\n"
                   "[then update]\n"
                   "source = Звонок\n"
                   "[then notify]\n"
                   "to = head of \"Отдел продаж\"\n"
                   "text = x\n"
                   "[rule s]\n"
                   "on = item \"Отгрузка\" added\n"
                   "[then comment]\n"
                   "text = x\n");
    json_object_clear(t.b.facts);
    look(&t);
    finds(&t,
          "waiting 9:2 smart process \"Отгрузка\" is not known yet, the portal has to be asked\n");
    needs(&t, "stages:2 fields:2 department-name:Отдел продаж "
              "user-name:Отдел продаж types:");
    close_rules(&t);
}
END_TEST

START_TEST(what_the_portal_refuses_to_show_holds_what_hangs_on_it_and_nothing_else)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\n"
                   "on = deal enters \"Продажи / Нет\"\n"
                   "[then notify]\n"
                   "to = gone@example.org\n"
                   "text = x\n");
    JV_AUTO *refused = json_of("{'user-email:gone@example.org': 'INSUFFICIENT_SCOPE'}");
    t.names.refused = refused;
    look(&t);
    finds(&t, "error 2:6 unknown stage \"Нет\" in funnel \"Продажи\"; there are "
              "\"Продажи / Новая\", \"Продажи / Успех\"\n"
              "error 4:6 the portal does not show \"user-email:gone@example.org\" to the webhook: "
              "INSUFFICIENT_SCOPE\n");
    needs(&t, "");
    JV_AUTO *pins = json_of("{'user:-5:gone@example.org': 7}");
    t.names.pins = pins;
    json_array_clear(t.names.findings);
    look(&t);
    finds(&t, "error 2:6 unknown stage \"Нет\" in funnel \"Продажи\"; there are "
              "\"Продажи / Новая\", \"Продажи / Успех\"\n");
    ck_assert_int_eq(jv_int(json_object_get(t.names.resolved, "user:-5:gone@example.org"), "", 0),
                     7);
    close_rules(&t);
}
END_TEST

START_TEST(who_waits_for_the_portal_is_told_once_a_rule)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = deal enters \"Продажи / Новая\"\nif = deal.\"Отказ\" = 1\n"
                   "[then comment]\ntext = x\n"
                   "[rule s]\non = deal added\n[then comment]\ntext = x\n");
    json_object_clear(t.b.facts);
    t.names.unasked = true;
    look(&t);
    finds(&t, "unasked 2:6 its names are not known yet, the portal has to be asked\n");
    JV_AUTO *pins = json_of("{'stage:2:Продажи / Новая': {'id': 'NEW', 'category': 0}}");
    t.names.pins = pins;
    json_array_clear(t.names.findings);
    look(&t);
    finds(&t, "unasked 3:6 its names are not known yet, the portal has to be asked\n");
    close_rules(&t);
}
END_TEST

START_TEST(templates_are_tried_and_pinned)
{
    static const char list[] = "[{'id': 5, 'name': 'Договор'}, {'id': 6, 'name': 'Счёт'},"
                               " {'id': 7, 'name': 'счёт'}]";
    static const struct {
        const char *template, *say;
    } cases[] = {
        {"договор", ""},
        {"\"Договор\"", ""},
        {"5", ""},
        {"99", "there is no document template 99 for this kind of record"},
        {"Догвор", "no document template is called \"Догвор\"; did you mean \"Договор\"?"},
        {"Счёт", "two document templates are called \"Счёт\": 6 and 7; write the number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial_bench t;
        char *text = mem_printf("[rule r]\non = deal added\n[then document]\ntemplate = %s\n",
                                cases[i].template);
        open_rules(&t, text);
        json_object_set_new(t.b.facts, "templates:2", json_of(list));
        look(&t);
        char *wanted =
            cases[i].say[0] != '\0' ? mem_printf("error 4:12 %s\n", cases[i].say) : mem_strdup("");
        finds(&t, wanted);
        mem_free(wanted);
        mem_free(text);
        close_rules(&t);
    }
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = deal added\n[then document]\ntemplate = Старый\n");
    JV_AUTO *pins = json_of("{'template:2:Старый': 5}");
    json_object_set_new(t.b.facts, "templates:2", json_of(list));
    t.names.pins = pins;
    look(&t);
    finds(&t, "warning 4:12 document template \"Старый\" is now called \"Договор\"; the rule goes "
              "on by its id 5\n");
    close_rules(&t);
}
END_TEST

/* What one step of a rule for deals writes. */
static void writing_finds(const char *keys, const char *expected)
{
    struct trial_bench t;
    char *text = mem_printf("[rule r]\non = deal added\n[then update]\n%s\n", keys);
    open_rules(&t, text);
    look(&t);
    finds(&t, expected);
    mem_free(text);
    close_rules(&t);
}

START_TEST(what_is_written_fits_its_field)
{
    writing_finds("\"Цвета\" = Белый, \"Синий\"", "");
    writing_finds("\"Цвета\" = Белый\n\"Цвета\" = Синий", "");
    writing_finds("\"Цвета\" = Белый, Чёрный",
                  "error 4:11 \"Цвета\" has no value \"Чёрный\"; there are \"Белый\", "
                  "\"Красный\", \"Синий\"\n");
    writing_finds("\"Причина отказа\" = \"Дорого\"", "");
    writing_finds("\"Причина отказа\" = Дорого\n\"Причина отказа\" = Нет бюджета",
                  "error 3:2 \"Причина отказа\" is written twice, and holds one value\n");
    writing_finds("funnel = \"Продажи\"\nstage = Продажи / Новая", "");
    writing_finds("funnel = Продажи\nstage = C5:OFFER",
                  "error 3:2 stage: the stage is of another funnel than the one written (0 and "
                  "5)\n");
    writing_finds("funnel = 77", "error 4:10 there is no funnel 77\n");
    writing_finds("ufCrm_99 = 5",
                  "error 4:12 deal has no field \"ufCrm_99\"; did you mean \"ufCrm_1\"?\n");
    writing_finds("\"Создан\" = 2026-01-20",
                  "error 4:12 \"Создан\" is written by the portal itself, and by nobody else\n");
    writing_finds("company = 3, 4", "error 4:11 company: one id is wanted, not 2\n");
    writing_finds("\"Дата встречи\" = завтра",
                  "error 4:18 \"Дата встречи\": \"завтра\" is not a date: \"завтра\" is not a "
                  "moment; write for example \"now + 2h\", \"today 18:00\", \"next workday "
                  "09:00\" or \"2026-01-20 10:00\"\n");
    writing_finds("assigned = 999", "error 4:12 there is no user 999\n");
}
END_TEST

START_TEST(a_title_tells_what_became_of_it)
{
    static const char text[] = "[rule r]\non = item \"Склад\" added\n[then comment]\ntext = x\n";
    struct trial_bench t;
    open_rules(&t, text);
    json_object_set_new(t.b.facts, "types:", json_of("[{'id': 170, 'title': 'СКЛАД'}]"));
    look(&t);
    finds(&t, "error 1:2 smart process \"Склад\" has just been learnt; the rule begins when the "
              "configuration is loaded again\n");
    json_object_del(t.b.facts, "types:");
    JV_AUTO *refused = json_of("{'types:': 'ACCESS_DENIED'}");
    t.names.refused = refused;
    json_array_clear(t.names.findings);
    look(&t);
    finds(&t, "error 1:2 the portal does not show its smart processes to the webhook, write the "
              "number of \"Склад\" instead: ACCESS_DENIED\n");
    close_rules(&t);
}
END_TEST

START_TEST(working_time_beside_a_field_needs_its_calendar)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = deal added\nif = deal.created > now - 2 workdays\n"
                   "[then comment]\ntext = x\n");
    t.b.env.default_calendar = NULL;
    look(&t);
    finds(&t, "error 3:6 \"now - 2 workdays\" needs a calendar, and there are several\n");
    close_rules(&t);
}
END_TEST

static const char pinned[] = "[rule r]\n"
                             "on = deal enters \"Колл-центр / Оффер\"\n"
                             "if = deal.\"Отказ\" = \"Дорого\"\n"
                             "[then notify]\n"
                             "to = gone@example.org\n"
                             "text = x\n";

START_TEST(a_pin_makes_a_warning_of_a_mistake)
{
    struct trial_bench t;
    open_rules(&t, pinned);
    JV_AUTO *pins = json_of("{'stage:2:Колл-центр / Оффер': {'id': 'C5:OFFER', 'category': 5},"
                            " 'field:2:Отказ': 'ufCrm_2', 'user:-5:gone@example.org': 7}");
    json_object_set_new(t.b.facts, "user-email:gone@example.org", json_null());
    t.names.pins = pins;
    look(&t);
    finds(
        &t,
        "warning 2:6 stage \"Колл-центр / Оффер\" is now called \"Колл-центр / КП / счёт\"; the "
        "rule goes on by its id C5:OFFER\n"
        "warning 3:6 field \"Отказ\" is now called \"Причина отказа\"; the rule goes on by its id "
        "ufCrm_2\n"
        "warning 5:6 user \"gone@example.org\" is now called \"Иван Петров <ivan@example.org>\"; "
        "the rule goes on by its id 7\n");
    ck_assert_int_eq(jv_int(json_object_get(t.names.resolved, "user:-5:gone@example.org"), "", 0),
                     7);
    close_rules(&t);
}
END_TEST

START_TEST(a_renamed_value_and_its_renamed_field_are_told_each)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = deal added\nif = deal.\"Отказ\" = \"Дороговато\"\n"
                   "if = deal.source = \"Сайт\"\n[then comment]\ntext = x\n");
    JV_AUTO *pins = json_of("{'field:2:Отказ': 'ufCrm_2', 'option:2:ufCrm_2=Дороговато': 46,"
                            " 'option:2:sourceId=Сайт': 'WEB'}");
    t.names.pins = pins;
    look(&t);
    finds(&t, "warning 3:6 field \"Отказ\" is now called \"Причина отказа\"; the rule goes on by "
              "its id ufCrm_2\n"
              "warning 3:6 value \"Дороговато\" is now called \"Дорого\"; the rule goes on by its "
              "id 46\n"
              "warning 4:6 value \"Сайт\" is now called \"Веб-сайт\"; the rule goes on by its id "
              "WEB\n");
    close_rules(&t);
}
END_TEST

START_TEST(a_pin_of_what_is_gone_is_a_mistake_again)
{
    struct trial_bench t;
    open_rules(&t, pinned);
    JV_AUTO *pins = json_of("{'stage:2:Колл-центр / Оффер': {'id': 'C5:GONE', 'category': 5},"
                            " 'field:2:Отказ': 'ufCrm_2', 'user:-5:gone@example.org': 7}");
    json_object_set_new(t.b.facts, "user-email:gone@example.org", json_null());
    t.names.pins = pins;
    look(&t);
    ck_assert_str_eq(jv_text(t.names.findings, "0.say", ""),
                     "unknown stage \"Оффер\" in funnel \"Колл-центр\"; there are \"Колл-центр / "
                     "Новая\", \"Колл-центр / КП / счёт\", \"Колл-центр / Отказ\"");
    ck_assert_str_eq(jv_text(t.names.findings, "0.level", ""), "error");
    close_rules(&t);
}
END_TEST

START_TEST(a_name_that_moved_to_another_thing_is_not_followed)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = deal enters \"Колл-центр / Новая\"\n[then comment]\ntext = x\n");
    JV_AUTO *pins = json_of("{'stage:2:Колл-центр / Новая': {'id': 'C5:OFFER', 'category': 5}}");
    t.names.pins = pins;
    look(&t);
    finds(&t, "warning 2:6 stage \"Колл-центр / Новая\" is now called \"Колл-центр / КП / счёт\"; "
              "the rule goes on by its id C5:OFFER\n");
    const json_t *kept = json_object_get(t.names.resolved, "stage:2:Колл-центр / Новая");
    ck_assert_str_eq(jv_text(kept, "id", ""), "C5:OFFER");
    close_rules(&t);
}
END_TEST

START_TEST(a_dismissed_user_is_told_by_any_name)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = deal added\n[then notify]\nto = 7, ivan@example.org\ntext = "
                   "x\n[then comment]\ntext = x\n");
    json_object_set_new(json_object_get(t.b.facts, "user:7"), "ACTIVE", json_false());
    look(&t);
    finds(&t, "warning 4:6 user \"7\" is dismissed (Иван Петров, id 7)\n"
              "warning 4:6 user \"ivan@example.org\" is dismissed (Иван Петров, id 7)\n");
    close_rules(&t);
}
END_TEST

START_TEST(a_title_that_changed_is_told)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = lead added\n[then comment]\ntext = x\n");
    struct rules_text again;
    JV_AUTO *types = json_of("[{'portal': 'main', 'title': 'Склад', 'id': 147}]");
    static const char *const none[] = {NULL};
    const struct ruleset_names known = {none, none, none, types};
    rules_text_init(&again);
    static const char text[] = "[rule s]\non = deal added\n[then add item \"Склад\"]\ntitle = x\n";
    again.files[again.file_count++] = ini_parse("s.ini", text, strlen(text), &again.diag);
    ruleset_load(again.set, again.files[0], &known, &again.diag);
    ck_assert_uint_eq(again.diag.count, 0);
    ruleset_finish(again.set);
    t.names.set = again.set;
    names_of_rule(&t.names, &again.set->rules[0]);
    json_object_set_new(t.b.facts, "fields:147", json_object());
    finds(&t, "warning 3:2 smart process \"Склад\" is now called \"Отгрузка\"; the rule goes on by "
              "its number 147\n");
    rules_text_done(&again);
    close_rules(&t);
}
END_TEST

START_TEST(a_title_that_is_not_there_names_its_neighbour)
{
    struct trial_bench t;
    open_rules(&t, "[rule r]\non = item \"Отгрузки\" added\n[then comment]\ntext = x\n"
                   "[rule s]\non = deal added\n[then add item \"Склад\"]\ntitle = x\n");
    look(&t);
    finds(&t, "error 1:2 unknown smart process \"Отгрузки\"; did you mean \"Отгрузка\"?\n"
              "error 5:2 unknown smart process \"Склад\"; there are \"Отгрузка\", \"Возврат\"\n");
    close_rules(&t);
}
END_TEST

CHECK_MAIN("names", a_renamed_value_and_its_renamed_field_are_told_each,
           a_title_tells_what_became_of_it, working_time_beside_a_field_needs_its_calendar,
           what_the_portal_refuses_to_show_holds_what_hangs_on_it_and_nothing_else,
           who_waits_for_the_portal_is_told_once_a_rule, templates_are_tried_and_pinned,
           what_is_written_fits_its_field, values_beside_fields_are_of_their_type,
           names_beside_fields_are_those_of_the_portal,
           a_rule_of_any_smart_process_asks_for_no_fields, a_name_that_two_bear_lists_them,
           every_place_of_a_rule_is_looked_at, what_is_not_known_yet_is_needed_and_no_mistake,
           a_pin_makes_a_warning_of_a_mistake, a_pin_of_what_is_gone_is_a_mistake_again,
           a_name_that_moved_to_another_thing_is_not_followed, a_dismissed_user_is_told_by_any_name,
           a_title_that_changed_is_told, a_title_that_is_not_there_names_its_neighbour)
