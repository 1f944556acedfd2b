#include "daemon/model/field.h"

#include <string.h>

#include "daemon/model/entity.h"
#include "tests/support/check_main.h"

static void leads_to(int type, const char *word, const char *name, enum field_leads leads)
{
    const struct field *field = field_find(type, word);
    ck_assert_msg(field != NULL, "%d %s is unknown", type, word);
    ck_assert_str_eq(field->name, name);
    ck_assert_msg(field->leads == leads, "%d %s leads elsewhere", type, word);
}

START_TEST(a_short_name_is_a_field_of_the_api)
{
    leads_to(ENTITY_DEAL, "assigned", "assignedById", FIELD_TO_USER);
    leads_to(ENTITY_DEAL, "stage", "stageId", FIELD_STAGE);
    leads_to(ENTITY_DEAL, "funnel", "categoryId", FIELD_FUNNEL);
    leads_to(ENTITY_DEAL, "created", "createdTime", FIELD_PLAIN);
    leads_to(ENTITY_DEAL, "updated", "updatedTime", FIELD_PLAIN);
    leads_to(ENTITY_DEAL, "contact", "contactId", FIELD_TO_CONTACT);
    leads_to(ENTITY_DEAL, "contacts", "contactIds", FIELD_TO_CONTACTS);
    leads_to(ENTITY_DEAL, "company", "companyId", FIELD_TO_COMPANY);
    leads_to(ENTITY_DEAL, "source", "sourceId", FIELD_PLAIN);
    leads_to(ENTITY_CONTACT, "phone", "fm", FIELD_PHONE);
    leads_to(ENTITY_LEAD, "email", "fm", FIELD_EMAIL);
    leads_to(ENTITY_COMPANY, "phones", "fm", FIELD_PHONES);
    leads_to(ENTITY_TASK, "deal", "ufCrmTask", FIELD_TO_DEAL);
    leads_to(147, "assigned", "assignedById", FIELD_TO_USER);
    leads_to(ENTITY_TASK, "assigned", "responsibleId", FIELD_TO_USER);
    leads_to(ENTITY_ACTIVITY, "assigned", "RESPONSIBLE_ID", FIELD_TO_USER);
    leads_to(ENTITY_CALL, "assigned", "PORTAL_USER_ID", FIELD_TO_USER);
}
END_TEST

START_TEST(a_rest_name_and_a_classic_name_are_the_same_field)
{
    leads_to(ENTITY_DEAL, "assignedById", "assignedById", FIELD_TO_USER);
    leads_to(ENTITY_DEAL, "ASSIGNED_BY_ID", "assignedById", FIELD_TO_USER);
    leads_to(ENTITY_DEAL, "TITLE", "title", FIELD_PLAIN);
    leads_to(ENTITY_DEAL, "STAGE_ID", "stageId", FIELD_STAGE);
    leads_to(ENTITY_LEAD, "STATUS_ID", "stageId", FIELD_STAGE);
    leads_to(ENTITY_DEAL, "DATE_CREATE", "createdTime", FIELD_PLAIN);
    leads_to(ENTITY_DEAL, "DATE_MODIFY", "updatedTime", FIELD_PLAIN);
    leads_to(ENTITY_DEAL, "MODIFY_BY_ID", "updatedBy", FIELD_TO_USER);
    leads_to(ENTITY_DEAL, "CREATED_BY_ID", "createdBy", FIELD_TO_USER);
    leads_to(ENTITY_DEAL, "movedBy", "movedBy", FIELD_TO_USER);
    leads_to(ENTITY_CONTACT, "PHONE", "fm", FIELD_PHONE);
    leads_to(ENTITY_CONTACT, "fm", "fm", FIELD_PLAIN);
    leads_to(ENTITY_CONTACT, "FM", "fm", FIELD_PLAIN);
    leads_to(ENTITY_TASK, "UF_CRM_TASK", "ufCrmTask", FIELD_PLAIN);
    leads_to(ENTITY_ACTIVITY, "subject", "SUBJECT", FIELD_PLAIN);
    leads_to(ENTITY_TASK, "RESPONSIBLE_ID", "responsibleId", FIELD_TO_USER);
}
END_TEST

START_TEST(a_field_belongs_to_its_kinds_only)
{
    ck_assert_ptr_null(field_find(ENTITY_CONTACT, "stage"));
    ck_assert_ptr_null(field_find(ENTITY_LEAD, "funnel"));
    ck_assert_ptr_null(field_find(ENTITY_DEAL, "phone"));
    ck_assert_ptr_null(field_find(ENTITY_CONTACT, "contact"));
    ck_assert_ptr_null(field_find(ENTITY_COMPANY, "company"));
    ck_assert_ptr_null(field_find(ENTITY_DEAL, "STATUS_ID"));
    ck_assert_ptr_null(field_find(ENTITY_NONE, "title"));
}
END_TEST

START_TEST(another_spelling_is_unknown)
{
    static const char *const words[] = {"Title", "assigned_by_id", "AssignedById", "ASSIGNED",
                                        "",      "titel",          "ufCrm_1",      "UF_CRM_1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(field_find(ENTITY_DEAL, words[i]) == NULL, "%s", words[i]);
}
END_TEST

START_TEST(a_custom_field_is_known_by_its_form)
{
    ck_assert(field_is_custom("ufCrm_1721244707107"));
    ck_assert(field_is_custom("ufCrm3Digit"));
    ck_assert(field_is_custom("UF_CRM_1747309879"));
    ck_assert(field_is_custom("parentId147"));
    ck_assert(field_is_custom("PARENT_ID_147"));
    ck_assert(!field_is_custom("parentId"));
    ck_assert(!field_is_custom("parentIdX"));
    ck_assert(!field_is_custom("PARENT_ID_"));
    ck_assert(!field_is_custom("UF_"));
    ck_assert(!field_is_custom("uf"));
    ck_assert(!field_is_custom("title"));
}
END_TEST

START_TEST(the_words_of_a_kind_are_those_that_are_found)
{
    static const int types[] = {1, 2, 3, 4, 7, 31, 147, -1, -2, -3, -4, -5};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        const char *words[400];
        size_t count = field_words(types[t], words, 400);
        ck_assert_uint_gt(count, 4);
        ck_assert_uint_lt(count, 400);
        for (size_t i = 0; i < count; i++) {
            const struct field *field = field_find(types[t], words[i]);
            ck_assert_msg(field != NULL, "%d %s", types[t], words[i]);
            ck_assert_msg(strcmp(field->word, words[i]) == 0 || strcmp(field->name, words[i]) == 0,
                          "%d %s finds %s", types[t], words[i], field->name);
        }
    }
}
END_TEST

START_TEST(no_more_words_are_given_than_asked_for)
{
    const char *words[4] = {NULL, NULL, NULL, "untouched"};
    ck_assert_uint_eq(field_words(ENTITY_DEAL, words, 3), 3);
    ck_assert_str_eq(words[3], "untouched");
}
END_TEST

START_TEST(times_of_change_are_volatile)
{
    bool updated = false;
    for (const char *const *name = field_volatile(); *name != NULL; name++)
        updated = updated || strcmp(*name, "updatedTime") == 0;
    ck_assert(updated);
}
END_TEST

CHECK_MAIN("field", a_short_name_is_a_field_of_the_api,
           a_rest_name_and_a_classic_name_are_the_same_field, a_field_belongs_to_its_kinds_only,
           another_spelling_is_unknown, a_custom_field_is_known_by_its_form,
           the_words_of_a_kind_are_those_that_are_found, no_more_words_are_given_than_asked_for,
           times_of_change_are_volatile)
