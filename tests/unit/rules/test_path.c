/* Paths as text, and what is known of them at load. */

#include "daemon/rules/path.h"
#include "tests/support/check_main.h"
#include "tests/support/rules_scope.h"

START_TEST(words_are_joined_by_dots)
{
    struct path path;
    struct err err = {0};
    size_t at = 2;
    ck_assert(path_parse("> deal.contact.name = 1", &at, &path, &err));
    ck_assert_int_eq(path.count, 3);
    ck_assert_str_eq(path.parts[0].text, "deal");
    ck_assert_str_eq(path.parts[1].text, "contact");
    ck_assert_str_eq(path.parts[2].text, "name");
    ck_assert_uint_eq(path.parts[0].offset, 2);
    ck_assert_uint_eq(path.parts[2].offset, 15);
    ck_assert_str_eq(path.text, "deal.contact.name");
    ck_assert_uint_eq(at, 19);
    path_done(&path);
    ck_assert_int_eq(path.count, 0);
}
END_TEST

START_TEST(a_quoted_word_may_hold_anything)
{
    struct path path;
    struct err err = {0};
    size_t at = 0;
    ck_assert(path_parse("deal.\"Сумма, руб. = {{x}}\"|", &at, &path, &err));
    ck_assert_int_eq(path.count, 2);
    ck_assert(path.parts[1].quoted);
    ck_assert(!path.parts[0].quoted);
    ck_assert_str_eq(path.parts[1].text, "Сумма, руб. = {{x}}");
    ck_assert_str_eq(path.text, "deal.\"Сумма, руб. = {{x}}\"");
    path_done(&path);
}
END_TEST

START_TEST(a_label_alone_is_a_path_too)
{
    struct path path;
    struct err err = {0};
    size_t at = 0;
    ck_assert(path_parse("\"Причина отказа\"", &at, &path, &err));
    ck_assert_int_eq(path.count, 1);
    ck_assert(path.parts[0].quoted);
    path_done(&path);
}
END_TEST

START_TEST(digits_and_dashes_belong_to_words)
{
    static const char *const paths[] = {"event.data.0.ID", "call-task.id", "deal.ufCrm_1_X",
                                        "item.parentId147", "имя.поле"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct path path;
        struct err err = {0};
        size_t at = 0;
        ck_assert_msg(path_parse(paths[i], &at, &path, &err), "%s: %s", paths[i], err.text);
        ck_assert_uint_eq(at, strlen(paths[i]));
        path_done(&path);
    }
}
END_TEST

START_TEST(a_broken_path_says_where_and_why)
{
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"", 0, "a name is missing"},
        {".title", 0, "a name is missing"},
        {"-x", 0, "a name is missing"},
        {"deal.", 5, "a name is missing after \"deal.\""},
        {"deal..title", 5, "a name is missing after \"deal.\""},
        {"deal. title", 5, "a name is missing after \"deal.\""},
        {"deal.\"Дата", 5, "the quote is not closed"},
        {"deal.\"Да\nта\"", 5, "the quote is not closed"},
        {"deal.\"\"", 5, "the name in quotes is empty"},
        {"a.b.c.d.e.f.g.h.i", 16, "a path has at most 8 names"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct path path;
        struct err err = {0};
        size_t at = 0;
        ck_assert_msg(!path_parse(cases[i].text, &at, &path, &err), "%s", cases[i].text);
        ck_assert_str_eq(err.text, cases[i].error);
        ck_assert_uint_eq(at, cases[i].at);
        ck_assert_int_eq(path.count, 0);
    }
}
END_TEST

static char *check_new(struct bench *b, const char *text, const struct expr_names *names)
{
    struct path path;
    struct err err = {0};
    size_t at = 0;
    const struct ini_entry *entry = bench_entry(b, text);
    ck_assert_msg(path_parse(entry->value, &at, &path, &err), "%s", err.text);
    bool good = path_check(&path, names, entry, 0, &b->diag);
    ck_assert_int_eq(good, b->diag.count == 0);
    path_done(&path);
    return bench_complaints_new(b);
}

START_TEST(known_names_pass)
{
    static const char *const paths[] = {
        "deal",
        "deal.title",
        "deal.TITLE",
        "deal.stage",
        "deal.stageId",
        "deal.contact.phone",
        "deal.contacts.name",
        "deal.company.assigned.head.name",
        "deal.assigned.head.head",
        "deal.assigned.PERSONAL_CITY",
        "deal.\"Дата встречи\"",
        "deal.\"Куратор\".name",
        "deal.ufCrm_17",
        "deal.UF_CRM_17",
        "deal.parentId147.title",
        "old.stage",
        "old.\"Цвета\"",
        "actor",
        "actor.name",
        "actor.head",
        "event.name",
        "event.ts",
        "event.data.FIELDS.ID",
        "event.query.sum",
        "now",
        "todo.id",
        "todo",
        "get-rate.rate",
        "deal.createdBy.email",
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *said = check_new(&b, paths[i], bench_names());
        ck_assert_msg(said[0] == '\0', "%s: %s", paths[i], said);
        mem_free(said);
    }
    bench_done(&b);
}
END_TEST

START_TEST(a_mistyped_name_finds_its_neighbour)
{
    static const struct {
        const char *path, *said;
    } cases[] = {
        {"dael.title", "6: unknown name \"dael\"; did you mean \"deal\"?"},
        {"deal.opportunty",
         "11: unknown field \"opportunty\" of deal; did you mean \"opportunity\"?"},
        {"deal.contact.phon", "19: unknown field \"phon\" of contact; did you mean \"phone\"?"},
        {"deal.assigned.nme", "20: unknown field \"nme\" of user; did you mean \"name\"?"},
        {"deal.assigned.head.emial",
         "25: unknown field \"emial\" of user; did you mean \"email\"?"},
        {"old.stge", "10: unknown field \"stge\" of deal; did you mean \"stage\"?"},
        {"event.nam", "12: unknown field \"nam\" of event; did you mean \"name\"?"},
        {"todoo.id", "6: unknown name \"todoo\"; did you mean \"todo\"?"},
        {"title", "6: unknown name \"title\"; did you mean \"deal.title\"?"},
        {"deal.phone", "11: unknown field \"phone\" of deal; did you mean \"contact.phone\"?"},
        {"lead.title", "6: \"lead\" is not known here, the rule speaks of deal"},
        {"deal.Стадия", "11: unknown field \"Стадия\" of deal; a label stands in quotes: "
                        "deal.\"Стадия\""},
        {"\"Стадия\"", "6: a label stands behind its entity: deal.\"Стадия\""},
        {"deal.qqqqqq", "11: unknown field \"qqqqqq\" of deal; labels stand in quotes, names of "
                        "custom fields start with ufCrm or UF_CRM_"},
        {"qqqqqq", "6: unknown name \"qqqqqq\"; known are deal, old, actor, event, now and labels "
                   "of earlier steps"},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *said = check_new(&b, cases[i].path, bench_names());
        ck_assert_str_eq(said, cases[i].said);
        mem_free(said);
    }
    bench_done(&b);
}
END_TEST

START_TEST(what_leads_nowhere_is_told)
{
    static const struct {
        const char *path, *said;
    } cases[] = {
        {"deal.title.x", "17: \"deal.title\" leads nowhere, it has no \"x\""},
        {"deal.contact.phone.x", "25: \"deal.contact.phone\" leads nowhere, it has no \"x\""},
        {"deal.assigned.name.x", "25: \"deal.assigned.name\" leads nowhere, it has no \"x\""},
        {"now.x", "10: \"now\" leads nowhere, it has no \"x\""},
        {"event.name.x", "17: \"event.name\" leads nowhere, it has no \"x\""},
        {"old", "6: \"old\" needs a field: old.stage"},
        {"event", "6: \"event\" needs a member: event.name, event.data.…, event.ts, event.query.…"},
        {"start.stage", "6: unknown name \"start\"; known are deal, old, actor, event, now and "
                        "labels of earlier steps"},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *said = check_new(&b, cases[i].path, bench_names());
        ck_assert_str_eq(said, cases[i].said);
        mem_free(said);
    }
    bench_done(&b);
}
END_TEST

START_TEST(the_start_is_known_in_cancel_on)
{
    const struct expr_names names = {ENTITY_DEAL, NULL, true};
    struct bench b;
    bench_init(&b);
    char *said = check_new(&b, "start.stage", &names);
    ck_assert_str_eq(said, "");
    mem_free(said);
    bench_done(&b);
}
END_TEST

START_TEST(a_rule_without_an_entity_may_name_any_kind)
{
    const struct expr_names names = {ENTITY_NONE, NULL, false};
    struct bench b;
    bench_init(&b);
    char *said = check_new(&b, "lead.title", &names);
    ck_assert_str_eq(said, "");
    mem_free(said);
    said = check_new(&b, "lead.tilte", &names);
    ck_assert_str_eq(said, "11: unknown field \"tilte\" of lead; did you mean \"title\"?");
    mem_free(said);
    said = check_new(&b, "old.anything", &names);
    ck_assert_str_eq(said, "");
    mem_free(said);
    bench_done(&b);
}
END_TEST

CHECK_MAIN("path", words_are_joined_by_dots, a_quoted_word_may_hold_anything,
           a_label_alone_is_a_path_too, digits_and_dashes_belong_to_words,
           a_broken_path_says_where_and_why, known_names_pass, a_mistyped_name_finds_its_neighbour,
           what_leads_nowhere_is_told, the_start_is_known_in_cancel_on,
           a_rule_without_an_entity_may_name_any_kind)
