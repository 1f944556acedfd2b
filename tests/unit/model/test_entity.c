#include "daemon/model/entity.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"

START_TEST(a_kind_is_found_by_type_and_by_word)
{
    ck_assert_str_eq(entity_kind_of(ENTITY_DEAL)->word, "deal");
    ck_assert_ptr_eq(entity_kind_by_word("deal"), entity_kind_of(2));
    ck_assert_ptr_null(entity_kind_of(0));
    ck_assert_ptr_null(entity_kind_of(5)); /* old invoices: §8.1, outdated */
    ck_assert_ptr_null(entity_kind_by_word("nothing"));
}
END_TEST

START_TEST(every_type_from_128_is_a_smart_process)
{
    ck_assert_int_eq(entity_kind_of(128)->type, ENTITY_ITEM);
    ck_assert_int_eq(entity_kind_of(1268)->type, ENTITY_ITEM);
    ck_assert_int_eq(entity_kind_of(ENTITY_ITEM)->type, ENTITY_ITEM); /* whichever */
    ck_assert_ptr_null(entity_kind_of(126));
}
END_TEST

START_TEST(every_kind_has_a_word_of_its_own_and_a_card_or_an_empty_one)
{
    size_t count;
    const struct entity_kind *kinds = entity_kinds(&count);
    ck_assert_uint_eq(count, 12);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(entity_kind_by_word(kinds[i].word), &kinds[i]);
        ck_assert_ptr_nonnull(kinds[i].card);
    }
}
END_TEST

static const struct {
    const char *name;
    int type;
    enum entity_happening happening;
} known_events[] = {
    {"ONCRMLEADADD", ENTITY_LEAD, HAPPENING_ADDED},
    {"ONCRMDEALUPDATE", ENTITY_DEAL, HAPPENING_UPDATED},
    {"onCrmDealDelete", ENTITY_DEAL, HAPPENING_DELETED},
    {"ONCRMDEALMOVETOCATEGORY", ENTITY_DEAL, HAPPENING_UPDATED},
    {"ONCRMCONTACTADD", ENTITY_CONTACT, HAPPENING_ADDED},
    {"ONCRMCOMPANYADD", ENTITY_COMPANY, HAPPENING_ADDED},
    {"ONCRMQUOTEUPDATE", ENTITY_QUOTE, HAPPENING_UPDATED},
    {"ONCRMDYNAMICITEMADD", ENTITY_ITEM, HAPPENING_ADDED},
    {"ONCRMDYNAMICITEMADD_147", 147, HAPPENING_ADDED},
    {"ONCRMDYNAMICITEMUPDATE_31", ENTITY_INVOICE, HAPPENING_UPDATED},
    {"ONCRMACTIVITYADD", ENTITY_ACTIVITY, HAPPENING_ADDED},
    {"onCrmTimelineCommentAdd", ENTITY_COMMENT, HAPPENING_ADDED},
    {"ONTASKDELETE", ENTITY_TASK, HAPPENING_DELETED},
    {"ONTASKCOMMENTADD", ENTITY_TASK, HAPPENING_OTHER},
    {"ONVOXIMPLANTCALLINIT", ENTITY_CALL, HAPPENING_ADDED},
    {"ONVOXIMPLANTCALLEND", ENTITY_CALL, HAPPENING_UPDATED},
    {"ONUSERADD", ENTITY_USER, HAPPENING_ADDED},
};

START_TEST(an_event_name_says_what_happened_to_what)
{
    for (size_t i = 0; i < sizeof known_events / sizeof known_events[0]; i++) {
        int type = 0;
        enum entity_happening happening = HAPPENING_OTHER;
        ck_assert_msg(entity_of_event(known_events[i].name, &type, &happening), "%s",
                      known_events[i].name);
        ck_assert_msg(type == known_events[i].type, "%s: %d", known_events[i].name, type);
        ck_assert_msg(happening == known_events[i].happening, "%s", known_events[i].name);
    }
}
END_TEST

START_TEST(an_event_that_only_begins_like_one_of_ours_is_not_ours)
{
    static const char *const names[] = {
        "ONCRMDEALUSERFIELDADD", "ONCRMDEALRECURRINGADD",  "ONCRMDEAL",       "ONCRMDEALADD_147",
        "ONCRMTYPEADD",          "ONCRMDYNAMICITEMADD_",   "ONAPPINSTALL",    "",
        "ONCRMINVOICEADD",       "ONCRMDYNAMICITEMADD_x1", "ONSALEORDERSAVED"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int type;
        enum entity_happening happening;
        ck_assert_msg(!entity_of_event(names[i], &type, &happening), "%s", names[i]);
    }
}
END_TEST

START_TEST(a_document_is_split_at_its_last_underscore)
{
    static const struct {
        const char *text;
        int type;
        const char *id;
    } samples[] = {{"LEAD_1195", ENTITY_LEAD, "1195"},
                   {"DEAL_123", ENTITY_DEAL, "123"},
                   {"QUOTE_7", ENTITY_QUOTE, "7"},
                   {"SMART_INVOICE_5", ENTITY_INVOICE, "5"},
                   {"DYNAMIC_147_1", 147, "1"}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct entity entity;
        char again[ENTITY_ID_SIZE + 32];
        ck_assert_msg(entity_of_document(samples[i].text, &entity), "%s", samples[i].text);
        ck_assert_int_eq(entity.type, samples[i].type);
        ck_assert_str_eq(entity.id, samples[i].id);
        ck_assert(entity_print_document(&entity, again));
        ck_assert_str_eq(again, samples[i].text);
    }
}
END_TEST

START_TEST(a_document_of_another_form_is_refused)
{
    static const char *const texts[] = {"",         "DEAL",       "DEAL_",          "DEAL_x",
                                        "DEAL_0",   "DEALS_5",    "deal_5",         "DYNAMIC_1",
                                        "DEAL_1_2", "DYNAMIC__1", "DYNAMIC_147_1x", "15"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct entity entity;
        ck_assert_msg(!entity_of_document(texts[i], &entity), "%s", texts[i]);
    }
}
END_TEST

START_TEST(a_binding_is_read_back)
{
    static const struct {
        const char *text;
        struct entity entity;
    } rows[] = {
        {"D_351", {ENTITY_DEAL, "351"}},
        {"L_4", {ENTITY_LEAD, "4"}},
        {"C_7", {ENTITY_CONTACT, "7"}},
        {"CO_3", {ENTITY_COMPANY, "3"}},
        {"SI_5", {31, "5"}},
        {"T80_6", {128, "6"}},
        {"T93_22", {147, "22"}},
    };
    static const char *const wrong[] = {"",     "D",   "D_",    "D_0",   "D_x",  "X_1",
                                        "DX_1", "T_6", "T7f_6", "Tzz_6", "D351", "d_351"};
    struct entity found;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(entity_read_binding(rows[i].text, &found), "%s", rows[i].text);
        ck_assert_msg(entity_same(&found, &rows[i].entity), "%s", rows[i].text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!entity_read_binding(wrong[i], &found), "%s", wrong[i]);
}
END_TEST

START_TEST(bindings_timelines_and_cards_are_written_as_bitrix24_reads_them)
{
    char out[ENTITY_ID_SIZE + 64];
    const struct entity deal = {ENTITY_DEAL, "351"}, item = {128, "6"}, invoice = {31, "5"},
                        task = {ENTITY_TASK, "7"}, activity = {ENTITY_ACTIVITY, "9"};
    ck_assert(entity_print_binding(&deal, out));
    ck_assert_str_eq(out, "D_351");
    ck_assert(entity_print_binding(&item, out)); /* the type in hexadecimal: §3.5 */
    ck_assert_str_eq(out, "T80_6");
    ck_assert(entity_print_binding(&invoice, out));
    ck_assert_str_eq(out, "SI_5");
    ck_assert(!entity_print_binding(&task, out));
    ck_assert(!entity_print_document(&task, out));
    ck_assert(entity_print_timeline(&deal, out));
    ck_assert_str_eq(out, "deal");
    ck_assert(entity_print_timeline(&item, out));
    ck_assert_str_eq(out, "dynamic_128");
    ck_assert(entity_print_card(&deal, out));
    ck_assert_str_eq(out, "/crm/deal/details/351/");
    ck_assert(entity_print_card(&item, out));
    ck_assert_str_eq(out, "/crm/type/128/details/6/");
    ck_assert(!entity_print_card(&activity, out));
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_stage_directory_names_its_funnel)
{
    char out[64];
    ck_assert(entity_print_directory(ENTITY_DEAL, 0, out));
    ck_assert_str_eq(out, "DEAL_STAGE");
    ck_assert(entity_print_directory(ENTITY_DEAL, 5, out));
    ck_assert_str_eq(out, "DEAL_STAGE_5");
    ck_assert(entity_print_directory(ENTITY_LEAD, 0, out));
    ck_assert_str_eq(out, "STATUS");
    ck_assert(entity_print_directory(147, 9, out));
    ck_assert_str_eq(out, "DYNAMIC_147_STAGE_9");
    ck_assert(entity_print_directory(ENTITY_INVOICE, 3, out));
    ck_assert_str_eq(out, "SMART_INVOICE_STAGE_3");
    ck_assert(!entity_print_directory(ENTITY_CONTACT, 0, out));
}
END_TEST

START_TEST(what_is_printed_is_read_back)
{
    const struct entity samples[] = {
        {ENTITY_DEAL, "123"}, {147, "22"}, {ENTITY_CALL, "11018129443EB80D.1754478570.11438214"}};
    for (size_t i = 0; i < 3; i++) {
        char text[ENTITY_ID_SIZE + 32];
        const char *words[3];
        size_t count = 0;
        struct entity again;
        struct err err = {0};
        entity_print(&samples[i], text);
        char *rest = NULL;
        for (char *w = strtok_r(text, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
            words[count++] = w;
        ck_assert_msg(entity_parse(words, count, &again, &err), "%s", err.text);
        ck_assert(entity_same(&again, &samples[i]));
    }
    char text[ENTITY_ID_SIZE + 32];
    entity_print(&(struct entity){0}, text);
    ck_assert_str_eq(text, "nothing");
}
END_TEST

START_TEST(a_mistake_in_an_entity_is_told_exactly)
{
    static const struct {
        const char *words[3];
        size_t count;
        const char *text;
    } samples[] = {
        {{NULL}, 0, "an entity is missing: \"deal 123\", for example"},
        {{"dael", "1"}, 2, "unknown entity \"dael\"; did you mean \"deal\"?"},
        {{"thunderstorm", "1"},
         2,
         "unknown entity \"thunderstorm\"; known are lead, deal, contact, company, quote, invoice, "
         "item, task, activity, call, comment, user"},
        {{"deal"}, 1, "an entity is written as \"deal ID\", for example \"deal 123\""},
        {{"item", "22"}, 2, "an item is written as \"item TYPE ID\", for example \"item 147 22\""},
        {{"item", "2", "22"}, 3, "\"2\" is no smart process: a number from 128 is"},
        {{"deal", "0123"}, 2, "\"0123\" is no id of a deal: a number from 1 is"},
        {{"call", ""}, 2, "\"\" is no call id: 1 to 95 bytes are"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct entity entity = {0};
        struct err err = {0};
        ck_assert(!entity_parse(samples[i].words, samples[i].count, &entity, &err));
        ck_assert_str_eq(err.text, samples[i].text);
        ck_assert_int_eq(entity.type, ENTITY_NONE);
    }
}
END_TEST

START_TEST(an_id_is_a_positive_decimal_number_of_64_bits)
{
    ck_assert(entity_id_is_number("1"));
    ck_assert(entity_id_is_number("9223372036854775807"));
    ck_assert(!entity_id_is_number("9223372036854775808"));
    ck_assert(!entity_id_is_number("99999999999999999999"));
    ck_assert(!entity_id_is_number("0"));
    ck_assert(!entity_id_is_number("-1"));
    ck_assert(!entity_id_is_number("007"));
    ck_assert(!entity_id_is_number(""));
    ck_assert(!entity_id_is_number("12 "));
}
END_TEST

CHECK_MAIN("entity", a_kind_is_found_by_type_and_by_word, every_type_from_128_is_a_smart_process,
           every_kind_has_a_word_of_its_own_and_a_card_or_an_empty_one,
           an_event_name_says_what_happened_to_what,
           an_event_that_only_begins_like_one_of_ours_is_not_ours,
           a_document_is_split_at_its_last_underscore, a_document_of_another_form_is_refused,
           a_binding_is_read_back, bindings_timelines_and_cards_are_written_as_bitrix24_reads_them,
           a_stage_directory_names_its_funnel, what_is_printed_is_read_back,
           a_mistake_in_an_entity_is_told_exactly, an_id_is_a_positive_decimal_number_of_64_bits)
