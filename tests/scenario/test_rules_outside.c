/* Rules of config/rules.d that reach beyond the deal: clients, other systems, the smart process of
 * debts. Each is tried in what it does and in what it must leave alone. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/zone.h"
#include "tests/support/house_rules.h"
#include "tests/support/stub_http.h"
#include "tests/support/temp.h"

enum { INVOICE = 31, DEBT = 151 };

/* ---- 82 welcome ------------------------------------------------------------------------------ */

static int64_t deal_of(struct house *h, int64_t contact)
{
    return house_seen(
        h, IVANOV, DEAL,
        with(deal_fields(1, "C1:NEW", 1000), "contactIds", json_pack("[I]", (json_int_t)contact)));
}

START_TEST(a_client_is_welcomed_by_a_letter_or_in_his_chat)
{
    struct house *h = open_with(EXAMPLES("82-welcome"));
    int64_t deal = deal_of(h, 1);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.add",
                      json_pack("{sI ss}", "fields.OWNER_ID", (json_int_t)deal,
                                "fields.COMMUNICATIONS.0.VALUE", "sidorov@romashka.ru"));
    JV_AUTO *journal = house_journal(h);
    ck_assert_str_eq(jv_text(journal, "0.params.fields.DESCRIPTION", ""),
                     "Здравствуйте, Пётр!\n\nСпасибо за обращение. Вашим вопросом занимается Иван "
                     "Иванов, мы свяжемся с вами в течение рабочего дня.");
    int64_t vera = house_seen(h, IVANOV, CONTACT, json_pack("{ss}", "name", "Вера"));
    JV_AUTO *chat = house_control(h, json_pack("{ss ss sI si}", "do", "seed", "openline", "contact",
                                               "id", (json_int_t)vera, "user", IVANOV));
    deal_of(h, vera);
    HOUSE_EFFECTS_ARE(h, 1, "imopenlines.crm.message.add",
                      json_pack("{sI si}", "CHAT_ID", jv_int(chat, "chat", 0), "USER_ID", IVANOV));
    ALL_EFFECTS_ARE(h, 2);
    house_close(h);
}
END_TEST

START_TEST(nobody_is_welcomed_twice_or_where_he_cannot_be_reached)
{
    struct house *h = open_with(EXAMPLES("82-welcome"));
    int64_t deal = deal_of(h, 1);
    house_update(h, IVANOV, DEAL, deal, json_pack("{ss}", "comments", "ещё раз"));
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.add", NULL);
    deal_of(h, house_seen(h, IVANOV, CONTACT, json_pack("{ss}", "name", "Вера")));
    house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:NEW", 1000));
    ALL_EFFECTS_ARE(h, 1);
    ck_assert_int_eq(house_count_runs(h, "welcome", "done"), 2);
    ck_assert_int_eq(house_count_runs(h, "welcome", "dead"), 0);
    house_close(h);
}
END_TEST

/* ---- 91 delivery, 92 messenger --------------------------------------------------------------- */

/* Another system: how it answers each request, and what it was sent. */
struct other {
    int statuses[4];
    char bodies[4][1024], heads[4][2048], paths[4][512];
};

static void other_handle(struct stub_exchange *x, void *arg)
{
    struct other *o = arg;
    x->status = 500;
    if (x->number >= 4)
        return;
    (void)snprintf(o->bodies[x->number], sizeof o->bodies[0], "%s", x->body);
    (void)snprintf(o->paths[x->number], sizeof o->paths[0], "%s", x->path);
    (void)snprintf(o->heads[x->number], sizeof o->heads[0], "%.*s", (int)(x->body - x->head),
                   x->head);
    x->status = o->statuses[x->number];
    (void)snprintf(x->text, sizeof x->text,
                   x->status == 200 ? "{\"number\":\"D-17\"}" : "{\"error\":\"no\"}");
}

/* The value of a header. mem_free. */
static char *header_new(const char *head, const char *name)
{
    char *line = mem_printf("\r\n%s: ", name);
    const char *at = strcasestr(head, line);
    ck_assert_msg(at != NULL, "%s is missing in\n%s", name, head);
    at += strlen(line);
    mem_free(line);
    return mem_strndup(at, strcspn(at, "\r"));
}

/* The rule with the stub's address in place of `host`, and its secret as the comment says. */
static struct house *open_calling(const char *name, const char *host, const struct stub *stub,
                                  struct temp *temp)
{
    static const char secret[] = "token-of-the-test\n";
    char *address = mem_printf("http://127.0.0.1:%d", stub->port);
    char *key = mem_printf("header-file.Authorization = %s\n#",
                           temp_write(temp, "key", 0600, secret, strlen(secret)));
    char *rules = replaced_new(examples_new(EXAMPLES(name)), host, address);
    rules = replaced_new(rules, "#header-file.Authorization = ", key);
    const struct house_options options = {
        .fail = house_check_fail, .rules = rules, .server = "http-allow = 127.0.0.0/8"};
    struct house *h = house_open(&options);
    mem_free(address);
    mem_free(key);
    mem_free(rules);
    return h;
}

static json_t *order(int delivery, const char *stage)
{
    json_t *fields = deal_fields(3, stage, 1000);
    (void)json_object_set_new(fields, "ufCrmDelivery", json_integer(delivery));
    (void)json_object_set_new(fields, "contactIds", json_pack("[i]", 1));
    return fields;
}

enum { BY_HIMSELF = 45, BY_COURIER = 46 };

START_TEST(delivery_is_asked_for_once_and_its_number_kept)
{
    struct other other = {.statuses = {502, 200}};
    struct stub stub;
    struct temp temp = temp_make();
    stub_start(&stub, other_handle, &other);
    struct house *h = open_calling("91-delivery", "https://delivery.example.com", &stub, &temp);
    int64_t id = house_seen(h, IVANOV, DEAL, order(BY_COURIER, "C3:EXECUTING"));
    enter(h, VOLKOV, id, "C3:WON");
    HOUSE_UNTIL(h, house_count_runs(h, "delivery", "done") == 1);
    ck_assert_int_eq(stub_requests(&stub), 2); /* the 502 may have been an order: the key is one */
    char *keys[] = {header_new(other.heads[0], "Idempotency-Key"),
                    header_new(other.heads[1], "Idempotency-Key")};
    char *token = header_new(other.heads[0], "Authorization");
    ck_assert_str_eq(keys[0], keys[1]);
    ck_assert_str_eq(token, "token-of-the-test");
    struct err err = {0};
    JV_AUTO *body = jv_parse_new(other.bodies[1], strlen(other.bodies[1]), &err);
    ck_assert_int_eq(jv_int(body, "order", 0), id);
    ck_assert_str_eq(jv_text(body, "name", ""), "Пётр Сидоров");
    ck_assert_str_eq(jv_text(body, "phone", ""), "+79001112233");
    HOUSE_EFFECTS_ARE(h, 1, "crm.timeline.comment.add",
                      json_pack("{ss}", "fields.COMMENT", "Заявка на доставку № D-17 принята."));
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
    stub_stop(&stub);
    temp_remove(&temp);
    mem_free(keys[0]);
    mem_free(keys[1]);
    mem_free(token);
}
END_TEST

START_TEST(delivery_is_asked_for_by_a_person_when_it_was_refused)
{
    struct other other = {.statuses = {422}};
    struct stub stub;
    struct temp temp = temp_make();
    stub_start(&stub, other_handle, &other);
    struct house *h = open_calling("91-delivery", "https://delivery.example.com", &stub, &temp);
    int64_t id = house_seen(h, IVANOV, DEAL, order(BY_COURIER, "C3:EXECUTING"));
    enter(h, VOLKOV, id, "C3:WON");
    HOUSE_UNTIL(h, house_count_runs(h, "delivery", "done") == 1);
    ck_assert_int_eq(stub_requests(&stub), 1);
    HOUSE_EFFECTS_ARE(h, 1, "crm.activity.todo.add",
                      json_pack("{ss}", "title", "Заказать доставку вручную: Окна"));
    ALL_EFFECTS_ARE(h, 1);
    house_close(h);
    stub_stop(&stub);
    temp_remove(&temp);
}
END_TEST

START_TEST(who_comes_himself_needs_no_courier)
{
    struct other other = {.statuses = {200}};
    struct stub stub;
    struct temp temp = temp_make();
    stub_start(&stub, other_handle, &other);
    struct house *h = open_calling("91-delivery", "https://delivery.example.com", &stub, &temp);
    int64_t id = house_seen(h, IVANOV, DEAL, order(BY_HIMSELF, "C3:EXECUTING"));
    enter(h, VOLKOV, id, "C3:WON");
    house_seen(h, IVANOV, DEAL, order(BY_COURIER, "C3:EXECUTING"));
    ck_assert_int_eq(stub_requests(&stub), 0);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
    stub_stop(&stub);
    temp_remove(&temp);
}
END_TEST

START_TEST(the_messengers_chat_hears_of_a_big_victory_only)
{
    struct other other = {.statuses = {200, 200}};
    struct stub stub;
    struct temp temp = temp_make();
    stub_start(&stub, other_handle, &other);
    struct house *h = open_calling("92-messenger", "https://platform-api2.max.ru", &stub, &temp);
    int64_t small = house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:EXECUTING", 499999));
    int64_t big = house_seen(h, IVANOV, DEAL, deal_fields(1, "C1:EXECUTING", 500000));
    enter(h, IVANOV, small, "C1:WON");
    enter(h, IVANOV, big, "C1:LOSE");
    ck_assert_int_eq(stub_requests(&stub), 0);
    enter(h, IVANOV, big, "C1:WON");
    HOUSE_UNTIL(h, house_count_runs(h, "messenger", "done") == 1);
    ck_assert_int_eq(stub_requests(&stub), 1);
    ck_assert_str_eq(other.paths[0], "/messages?chat_id=123456789");
    char *token = header_new(other.heads[0], "Authorization");
    ck_assert_str_eq(token, "token-of-the-test");
    struct err err = {0};
    JV_AUTO *body = jv_parse_new(other.bodies[0], strlen(other.bodies[0]), &err);
    const char *text = jv_text(body, "text", "");
    ck_assert_msg(
        strstr(
            text,
            "Сделка выиграна: Окна, 500 000,00 ₽. Иван Иванов, ") !=
            NULL,
        "%s", text);
    ALL_EFFECTS_ARE(h, 0);
    house_close(h);
    stub_stop(&stub);
    temp_remove(&temp);
    mem_free(token);
}
END_TEST

/* ---- 96 debts -------------------------------------------------------------------------------- */

static void put(struct house *h, const char *what, int64_t id, json_t *row)
{
    json_decref(house_control(h, json_pack("{ss ss sI so}", "do", "put", "what", what, "id",
                                           (json_int_t)id, "row", row)));
}

static void put_stage(struct house *h, int64_t id, const char *stage, const char *name,
                      const char *semantics)
{
    put(h, "status", id,
        json_pack("{so ss ss ss si ss? ss}", "ID", json_sprintf("%lld", (long long)id), "ENTITY_ID",
                  "DYNAMIC_151_STAGE_10", "STATUS_ID", stage, "NAME", name, "SORT", (int)id,
                  "SEMANTICS", semantics, "CATEGORY_ID", "10"));
}

/* Today of the portal's zone, and how long it has lasted, s. */
static int64_t today(char out[11])
{
    struct err err = {0};
    char iso[26];
    int64_t now_ms = clock_wall_ms(), midnight_ms = 0;
    struct zone *zone = zone_load("Europe/Moscow", &err);
    ck_assert_msg(zone != NULL, "%s", err.text);
    zone_iso(zone, now_ms, iso);
    (void)snprintf(out, 11, "%.10s", iso);
    ck_assert(zone_parse_iso(zone, out, &midnight_ms));
    zone_free(zone);
    return (now_ms - midnight_ms) / 1000;
}

/* The smart process of the rule, which the stand-in portal does not have by itself; the three
 * workdays end in so many seconds after an invoice's day began, 0: in three workdays. */
static struct house *open_with_debts(int64_t seconds)
{
    char *rules = examples_new(EXAMPLES("96-debts"));
    char *span = mem_printf("%llds after", (long long)seconds);
    if (seconds > 0)
        rules = replaced_new(rules, "3 workdays after", span);
    struct house *h = house_with(rules);
    mem_free(span);
    mem_free(rules);
    ck_assert_int_eq(house_stop(h), 0);
    put(h, "type", DEBT,
        json_pack("{si ss si ss ss}", "id", 4, "title", "Долг", "entityTypeId", DEBT,
                  "isCategoriesEnabled", "Y", "isStagesEnabled", "Y"));
    put(h, "category", 100,
        json_pack("{si ss si si ss}", "id", 10, "name", "Долги", "sort", 100, "entityTypeId", DEBT,
                  "isDefault", "Y"));
    put_stage(h, 901, "DT151_10:NEW", "Новый", NULL);
    put_stage(h, 902, "DT151_10:SUCCESS", "Погашен", "S");
    put_stage(h, 903, "DT151_10:FAIL", "Списан", "F");
    house_start(h);
    return h;
}

static int64_t invoice_due(struct house *h, const char *stage, const char *date)
{
    return house_seen(h, IVANOV, INVOICE,
                      json_pack("{ss ss sf ss si s[i] si}", "title", "Счёт 7", "stageId", stage,
                                "opportunity", 1500.5, "closedate", date, "companyId", 1,
                                "contactIds", 1, "assignedById", IVANOV));
}

START_TEST(an_unpaid_invoice_becomes_a_debt_that_ends_when_it_is_paid)
{
    enum { SOON_S = 4 };
    char day[11];
    struct house *h = open_with_debts(today(day) + SOON_S);
    int64_t id = invoice_due(h, "DT31_2:S", day);
    char *due = mem_printf("срок был %.2s.%.2s.%.4s", day + 8, day + 5, day);
    HOUSE_UNTIL(h, house_count_runs(h, "debt-begins", "done") == 1);
    HOUSE_VALUE_IS(h, INVOICE, id, "parentId151", "1");
    HOUSE_VALUE_IS(h, DEBT, 1, "title", "Долг: Счёт 7");
    HOUSE_VALUE_IS(h, DEBT, 1, "opportunity", "1500.5");
    HOUSE_VALUE_IS(h, DEBT, 1, "companyId", "1");
    HOUSE_VALUE_IS(h, DEBT, 1, "stageId", "DT151_10:NEW");
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", IVANOV));
    HOUSE_EFFECTS_ARE(h, 1, "im.notify.system.add", json_pack("{si}", "USER_ID", KUZNETSOV));
    JV_AUTO *journal = house_journal(h);
    const char *text = jv_text(journal, "2.params.MESSAGE", "");
    ck_assert_msg(strstr(text, "«Счёт 7», 1 500,50 ₽, ") != NULL, "%s", text);
    ck_assert_msg(strstr(text, due) != NULL, "%s", text);
    mem_free(due);
    house_update(h, IVANOV, INVOICE, id, json_pack("{ss}", "stageId", "DT31_2:P"));
    house_settle(h);
    HOUSE_VALUE_IS(h, DEBT, 1, "stageId", "DT151_10:SUCCESS");
    ALL_EFFECTS_ARE(h, 5);
    house_close(h);
}
END_TEST

START_TEST(an_invoice_that_is_paid_or_not_due_is_no_debt)
{
    enum { SOON_S = 5 };
    char day[11];
    struct house *h = open_with_debts(today(day) + SOON_S);
    int64_t paid = invoice_due(h, "DT31_2:S", day);
    invoice_due(h, "DT31_2:S", "2030-02-05");
    house_update(h, IVANOV, INVOICE, paid, json_pack("{ss}", "stageId", "DT31_2:P"));
    house_settle(h);
    ALL_EFFECTS_ARE(h, 0);
    invoice_due(h, "DT31_2:S", day); /* tells when the moment has come */
    HOUSE_UNTIL(h, house_count_runs(h, "debt-begins", "done") == 1);
    house_settle(h);
    HOUSE_EFFECTS_ARE(h, 1, "crm.item.add", NULL);
    HOUSE_VALUE_IS(h, INVOICE, paid, "parentId151", "");
    ALL_EFFECTS_ARE(h, 4);
    house_close(h);
}
END_TEST

CHECK_MAIN("rules_outside", a_client_is_welcomed_by_a_letter_or_in_his_chat,
           nobody_is_welcomed_twice_or_where_he_cannot_be_reached,
           delivery_is_asked_for_once_and_its_number_kept,
           delivery_is_asked_for_by_a_person_when_it_was_refused,
           who_comes_himself_needs_no_courier, the_messengers_chat_hears_of_a_big_victory_only,
           an_unpaid_invoice_becomes_a_debt_that_ends_when_it_is_paid,
           an_invoice_that_is_paid_or_not_due_is_no_debt)
