/* The actions that make something for a client, whole: a document, a letter, a message. */

#include <stdio.h>
#include <string.h>

#include "tests/support/house_check.h"

static int64_t deal_of(struct house *h, int64_t contact)
{
    return house_seen(h, IVANOV, DEAL,
                      json_pack("{ss si ss sI s[I] si}", "title", "Окна", "categoryId", 1,
                                "stageId", "C1:NEW", "contactId", (json_int_t)contact, "contactIds",
                                (json_int_t)contact, "assignedById", IVANOV));
}

static int64_t contact_new(struct house *h, const char *address)
{
    return house_seen(h, IVANOV, CONTACT,
                      json_pack("{ss s[{ss ss ss}]}", "name", "Павел", "fm", "typeId", "EMAIL",
                                "valueType", "WORK", "value", address));
}

START_TEST(a_document_is_made_from_the_template_of_that_name)
{
    struct house *h = house_with("[rule r]\non = deal enters C1:UC_OFFER\n"
                                 "[then document as kp]\n"
                                 "template = Коммерческое предложение\n"
                                 "values.Client = {{deal.contact.name}}\n"
                                 "[then comment]\n"
                                 "text = КП № {{kp.number}}: {{kp.url}}, "
                                 "{{kp.pdf | default \"без PDF\"}}\n");
    int64_t deal = deal_of(h, contact_new(h, "pavel@example.com"));
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.documentgenerator.document.add",
                      json_pack("{si sI ss}", "templateId", 5, "entityId", (json_int_t)deal,
                                "values.Client", "Павел"));
    JV_AUTO *journal = house_journal(h);
    const char *text = jv_text(journal, "1.params.fields.COMMENT", "");
    ck_assert_ptr_nonnull(strstr(text, "КП № 1: https://"));
    ck_assert_ptr_nonnull(strstr(text, ", без PDF"));
    house_close(h);
}
END_TEST

START_TEST(a_pdf_is_waited_for_and_the_document_made_once)
{
    struct house *h = house_with("[rule r]\non = deal added\n"
                                 "[then document as kp]\n"
                                 "template = 5\n"
                                 "pdf = yes\n"
                                 "[then comment]\n"
                                 "text = {{kp.pdf}}\n");
    deal_of(h, contact_new(h, "pavel@example.com"));
    HOUSE_UNTIL(h, house_count_runs(h, "r", "done") == 1);
    HOUSE_EFFECTS_ARE(h, 1, "crm.documentgenerator.document.add", NULL);
    JV_AUTO *journal = house_journal(h);
    ck_assert_ptr_nonnull(strstr(jv_text(journal, "1.params.fields.COMMENT", ""), "ajax.php?pdf="));
    house_close(h);
}
END_TEST

START_TEST(an_address_that_opens_without_a_login_is_kept_nowhere)
{
    struct house *h = house_with("[rule r]\non = deal added\n"
                                 "[then document]\n"
                                 "template = 5\n");
    int64_t deal = deal_of(h, contact_new(h, "pavel@example.com"));
    char entity[40];
    (void)snprintf(entity, sizeof entity, "deal %lld", (long long)deal);
    JV_AUTO *story = house_story(h, entity);
    char *text = jv_dump_new(story);
    ck_assert_ptr_nonnull(strstr(text, "downloadUrl"));
    ck_assert_ptr_null(strstr(text, "downloadUrlMachine"));
    mem_free(text);
    house_close(h);
}
END_TEST

static bool first_finding_is(struct house *h, const char *say)
{
    JV_AUTO *status = house_api(h, "/api/status");
    return strcmp(jv_text(jv_at(status, "names.findings"), "0.say", ""), say) == 0;
}

START_TEST(an_unknown_template_names_the_nearest)
{
    struct house *h = house_with("[rule r]\non = deal added\n"
                                 "[then document]\n"
                                 "template = Комерческое предложение\n");
    HOUSE_UNTIL(h, first_finding_is(h, "no document template is called \"Комерческое "
                                       "предложение\"; did you mean \"Коммерческое "
                                       "предложение\"?"));
    deal_of(h, contact_new(h, "pavel@example.com"));
    ck_assert_int_eq(house_count_runs(h, "r", ""), 0);
    house_close(h);
}
END_TEST

static const char letter[] = "[rule letter]\non = deal enters C1:UC_OFFER\n"
                             "[then mail]\n"
                             "to = {{deal.contact.email}}\n"
                             "subject = Предложение: {{deal.title}}\n"
                             "text = Здравствуйте, {{deal.contact.name}}!\n"
                             "[rule answered]\non = we contact client\n"
                             "if = deal.stage = @open\n"
                             "[then mail]\n"
                             "to = {{deal.contact.email}}\n"
                             "subject = Ещё раз\n"
                             "text = Мы вам писали\n";

START_TEST(a_letter_is_sent_as_the_documents_say_and_heard_as_our_contact)
{
    struct house *h = house_with(letter);
    int64_t contact = contact_new(h, "pavel@example.com"), deal = deal_of(h, contact);
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.add",
                      json_pack("{si si ss ss ss sI}", "fields.TYPE_ID", 4, "fields.DIRECTION", 2,
                                "fields.COMPLETED", "Y", "fields.SUBJECT", "Предложение: Окна",
                                "fields.COMMUNICATIONS.0.VALUE", "pavel@example.com",
                                "fields.COMMUNICATIONS.0.ENTITY_ID", (json_int_t)contact));
    /* The second rule hears the first one's letter, and not its own. */
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.add", json_pack("{ss}", "fields.SUBJECT", "Ещё раз"));
    HOUSE_EFFECTS_ARE(h, 2, NULL, NULL);
    house_close(h);
}
END_TEST

START_TEST(a_field_cannot_add_a_receiver)
{
    struct house *h = house_with(letter);
    int64_t deal = deal_of(h, contact_new(h, "a@example.com,b@example.com"));
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    ck_assert_int_eq(house_count_runs(h, "letter", "dead"), 1);
    house_close(h);
}
END_TEST

static const char message[] = "[rule r]\non = deal enters C1:UC_OFFER\n"
                              "[then client-message]\n"
                              "text = Заказ «{{deal.title}}» принят\n";

START_TEST(a_message_goes_to_the_chat_of_the_deal_or_of_its_contact)
{
    struct house *h = house_with(message);
    int64_t contact = contact_new(h, "pavel@example.com");
    int64_t first = deal_of(h, contact), second = deal_of(h, contact);
    JV_AUTO *own = house_control(h, json_pack("{ss ss sI si}", "do", "seed", "openline", "deal",
                                              "id", (json_int_t)first, "user", IVANOV));
    JV_AUTO *theirs =
        house_control(h, json_pack("{ss ss sI si}", "do", "seed", "openline", "contact", "id",
                                   (json_int_t)contact, "user", IVANOV));
    house_update(h, IVANOV, DEAL, first, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_update(h, IVANOV, DEAL, second, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "imopenlines.crm.message.add",
                      json_pack("{ss sI sI si ss}", "CRM_ENTITY_TYPE", "deal", "CRM_ENTITY",
                                (json_int_t)first, "CHAT_ID", jv_int(own, "chat", 0), "USER_ID",
                                IVANOV, "MESSAGE", "Заказ «Окна» принят"));
    HOUSE_EFFECTS_ARE(h, 1, "imopenlines.crm.message.add",
                      json_pack("{ss sI sI}", "CRM_ENTITY_TYPE", "contact", "CRM_ENTITY",
                                (json_int_t)contact, "CHAT_ID", jv_int(theirs, "chat", 0)));
    house_close(h);
}
END_TEST

START_TEST(without_a_chat_nothing_is_sent_and_the_run_says_so)
{
    struct house *h = house_with(message);
    int64_t deal = deal_of(h, contact_new(h, "pavel@example.com"));
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "stageId", "C1:UC_OFFER"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 0, NULL, NULL);
    JV_AUTO *runs = house_runs(h, "r", "dead", "");
    ck_assert_ptr_nonnull(strstr(jv_text(runs, "0.reason", ""), "has no open-line chat"));
    house_close(h);
}
END_TEST

CHECK_MAIN("actions", a_document_is_made_from_the_template_of_that_name,
           a_pdf_is_waited_for_and_the_document_made_once,
           an_address_that_opens_without_a_login_is_kept_nowhere,
           an_unknown_template_names_the_nearest,
           a_letter_is_sent_as_the_documents_say_and_heard_as_our_contact,
           a_field_cannot_add_a_receiver, a_message_goes_to_the_chat_of_the_deal_or_of_its_contact,
           without_a_chat_nothing_is_sent_and_the_run_says_so)
