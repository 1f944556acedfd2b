/* A sales department's morning, played to b24bridge by the stand-in portal: what `./dev demo` runs.
 * It prints what came in, what each rule did and why, and what is in the portal now, and fails when
 * an effect is missing, doubled or not accounted for. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/portal/wire.h"
#include "tests/support/house.h"

/* Kinds and people of the stand-in portal (sandbox/seed.c). */
enum { LEAD = 1, DEAL = 2, SHIPPING = 147 };
enum { IVANOV = 5, PETROVA = 6, KUZNETSOV = 7, VOLKOV = 9, MOROZOVA = 17 };
enum { IN_CALL_CENTRE = 0, IN_SALES = 1 };

#define CALL "11018129443EB80D.1754478570.11438214"

/* Who is who this morning. */
struct morning {
    struct house *house;
    int64_t lead_site, lead_call, lead_empty;
    int64_t deal_windows, deal_doors, deal_meeting, deal_refused;
    int64_t shipping;
    int64_t began_ms;
};

__attribute__((noreturn)) static void fail(const char *text)
{
    (void)fprintf(stderr, "b24demo: %s\n", text);
    exit(EXIT_FAILURE);
}

static void say(struct morning *m, const char *what)
{
    (void)printf("  %5.1f s  %s\n", (double)(clock_mono_ms() - m->began_ms) / 1000.0, what);
    (void)fflush(stdout);
}

/* ---- the morning ----------------------------------------------------------------------------- */

static json_t *phone(const char *number)
{
    return json_pack("[{ss ss ss}]", "typeId", "PHONE", "valueType", "WORK", "value", number);
}

static void stage(struct morning *m, int user, int64_t deal, const char *stage)
{
    house_update(m->house, user, DEAL, deal, json_pack("{ss}", "stageId", stage));
    house_settle(m->house);
}

static void play_leads(struct morning *m)
{
    struct house *h = m->house;
    say(m, "The site's form brings a lead: \"Окна на дачу\".");
    m->lead_site = house_add(h, MOROZOVA, LEAD,
                             json_pack("{ss ss ss so}", "title", "Окна на дачу", "name", "Павел",
                                       "sourceId", "WEB", "fm", phone("8 (900) 555-44-33")));
    say(m, "A client calls; the operator talks to him and types a lead: \"Дверь в офис\".");
    json_decref(
        house_control(h, json_pack("{ss ss s{ss ss ss ss}}", "do", "event", "name",
                                   "ONVOXIMPLANTCALLEND", "data", "CALL_ID", CALL, "CALL_TYPE", "2",
                                   "PHONE_NUMBER", "+79007778899", "CALL_FAILED_CODE", "200")));
    m->lead_call = house_add(h, MOROZOVA, LEAD,
                             json_pack("{ss ss ss so}", "title", "Дверь в офис", "name", "Вера",
                                       "sourceId", "CALL", "fm", phone("+7 900 777-88-99")));
    say(m, "Another form arrives with neither a phone nor an e-mail.");
    m->lead_empty =
        house_add(h, MOROZOVA, LEAD, json_pack("{ss ss}", "title", "asdf", "sourceId", "WEB"));
    house_settle(h);
}

static void play_windows(struct morning *m)
{
    struct house *h = m->house;
    say(m, "The call centre makes a deal \"Окна для «Ромашки»\" with two contacts.");
    m->deal_windows = house_add(h, MOROZOVA, DEAL,
                                json_pack("{ss si si s[ii] si}", "title", "Окна для «Ромашки»",
                                          "categoryId", IN_CALL_CENTRE, "companyId", 1,
                                          "contactIds", 1, 2, "opportunity", 120000));
    house_settle(h);
    say(m, "It is given to Мария Петрова.");
    house_update(h, MOROZOVA, DEAL, m->deal_windows, json_pack("{si}", "assignedById", PETROVA));
    house_settle(h);
    say(m, "The call centre hands it over to sales; an offer is prepared and sent.");
    stage(m, MOROZOVA, m->deal_windows, "WON");
    stage(m, PETROVA, m->deal_windows, "C1:PREPARATION");
    stage(m, PETROVA, m->deal_windows, "C1:UC_OFFER");
}

static void play_doors(struct morning *m)
{
    struct house *h = m->house;
    say(m, "A big deal without a name, for a contact that the first deal has too.");
    m->deal_doors =
        house_add(h, KUZNETSOV, DEAL,
                  json_pack("{si si s[i] si si}", "categoryId", IN_SALES, "companyId", 1,
                            "contactIds", 1, "opportunity", 900000, "assignedById", PETROVA));
    house_settle(h);
    say(m, "The head gives it to Иван Иванов.");
    house_update(h, KUZNETSOV, DEAL, m->deal_doors, json_pack("{si}", "assignedById", IVANOV));
    house_settle(h);
    say(m, "A robot of the funnel asks that the client be called.");
    char document[40];
    (void)snprintf(document, sizeof document, "DEAL_%lld", (long long)m->deal_doors);
    house_robot(
        h, "call-client",
        "why=%D0%A3%D1%82%D0%BE%D1%87%D0%BD%D0%B8%D1%82%D1%8C+%D0%B0%D0%B4%D1%80%D0%B5%D1%81",
        document);
    house_settle(h);
    say(m, "The deal is won.");
    stage(m, IVANOV, m->deal_doors, "C1:WON");
}

static void play_refusal(struct morning *m)
{
    struct house *h = m->house;
    say(m, "A deal is lost, and nobody says why.");
    m->deal_refused =
        house_add(h, IVANOV, DEAL,
                  json_pack("{ss si si ss}", "title", "Ремонт ворот", "categoryId", IN_SALES,
                            "opportunity", 40000, "stageId", "C1:EXECUTING"));
    house_settle(h);
    stage(m, IVANOV, m->deal_refused, "C1:LOSE");
    say(m, "It is back where it was. Now it is lost again, with a reason.");
    house_update(h, IVANOV, DEAL, m->deal_refused,
                 json_pack("{ss ss}", "ufCrmReason", "Дорого", "stageId", "C1:LOSE"));
    house_settle(h);
}

static void play_meeting(struct morning *m)
{
    struct house *h = m->house;
    say(m, "An offer is sent for \"Балкон\", and the client answers: a meeting is fixed.");
    m->deal_meeting =
        house_add(h, PETROVA, DEAL,
                  json_pack("{ss si si ss}", "title", "Балкон", "categoryId", IN_SALES,
                            "opportunity", 65000, "stageId", "C1:UC_OFFER"));
    house_settle(h);
    house_update(h, PETROVA, DEAL, m->deal_meeting,
                 json_pack("{ss}", "ufCrmMeeting", "2030-01-21T12:00:00+03:00"));
    house_settle(h);
}

/* The smart process has an element that our rule made: somebody works on it. */
static void play_shipping(struct morning *m)
{
    struct house *h = m->house;
    JV_AUTO *answer = house_control(h, json_pack("{ss ss}", "do", "list", "what", "dynamic_147"));
    m->shipping = jv_int(answer, "rows.0.id", 0);
    if (m->shipping == 0)
        fail("the smart process \"Отгрузка\" has no element");
    say(m, "The shipping made by a rule is packed and sent.");
    house_update(h, VOLKOV, SHIPPING, m->shipping, json_pack("{ss}", "stageId", "DT147_9:SUCCESS"));
    house_settle(h);
}

static void play(struct morning *m)
{
    (void)printf(
        "\nThe morning (rules of config/rules.d; \"wait 3 days\" is \"wait 2 seconds\" here)\n\n");
    m->began_ms = clock_mono_ms();
    play_leads(m);
    play_windows(m);
    play_meeting(m);
    play_doors(m);
    play_refusal(m);
    play_shipping(m);
    say(m, "Three days pass, which are two seconds today.");
    HOUSE_UNTIL(m->house, house_count_runs(m->house, "offer-sent", "waiting") == 0);
    house_settle(m->house);
}

/* ---- what was expected ----------------------------------------------------------------------- */

/* One kind of effect: whose it is, the method, what its parameters say ("path=value; path=value",
 * and `of` = `id`), and how often it must be there. */
struct expected {
    const char *what, *method, *of;
    int64_t id;
    const char *where;
    int count;
};

static json_t *where_of(const struct expected *e)
{
    json_t *where = json_object();
    if (e->of[0] != '\0')
        (void)json_object_set_new(where, e->of, json_integer(e->id));
    for (const char *at = e->where; *at != '\0';) {
        size_t path = strcspn(at, "="), value = strcspn(at + path + 1, ";");
        char *name = mem_strndup(at, path);
        (void)json_object_set_new(where, name, json_stringn(at + path + 1, value));
        mem_free(name);
        at += path + 1 + value;
        at += strspn(at, "; ");
    }
    return where;
}

static bool check(struct morning *m, const struct expected *list, size_t count)
{
    bool good = true;
    int explained = 0;
    (void)printf("\nThe effects found in the portal\n\n  want have\n");
    for (size_t i = 0; i < count; i++) {
        int have = house_effects(m->house, list[i].method, where_of(&list[i]));
        bool right = have == list[i].count;
        (void)printf("  %4d %4d  %s%s\n", list[i].count, have, list[i].what,
                     right ? "" : "   <-- WRONG");
        good = good && right;
        explained += list[i].count;
    }
    int all = house_effects(m->house, NULL, NULL);
    (void)printf("  %4d %4d  in all\n", explained, all);
    return good && all == explained;
}

#define UPDATE "crm.item.update"
#define COMMENT "crm.timeline.comment.add"
#define TODO "crm.activity.todo.add"
#define NOTIFY "im.notify.system.add"
#define A_LEAD "entityTypeId=1; "
#define A_DEAL "entityTypeId=2; "
#define A_CONTACT "entityTypeId=3; "
#define A_COMPANY "entityTypeId=4; "
#define OWNER "fields.ENTITY_ID"

static bool check_all(struct morning *m)
{
    const struct expected list[] = {
        {"new-lead: the site's lead is given to Иванов", UPDATE, "id", m->lead_site,
         A_LEAD "fields.assignedById=5", 1},
        {"new-lead: the call's lead is given to Иванов", UPDATE, "id", m->lead_call,
         A_LEAD "fields.assignedById=5", 1},
        {"new-lead: \"Позвонить: Окна на дачу\" for Иванов", TODO, "ownerId", m->lead_site,
         "ownerTypeId=1; responsibleId=5", 1},
        {"new-lead: \"Позвонить: Дверь в офис\" for Иванов", TODO, "ownerId", m->lead_call,
         "ownerTypeId=1; responsibleId=5", 1},
        {"junk-lead: the reason is written", UPDATE, "id", m->lead_empty,
         A_LEAD "fields.ufCrmReason=Нет ни телефона, ни почты", 1},
        {"junk-lead: the lead is closed", UPDATE, "id", m->lead_empty, A_LEAD "fields.stageId=JUNK",
         1},
        {"junk-lead: a comment says so", COMMENT, OWNER, m->lead_empty, "fields.ENTITY_TYPE=lead",
         1},
        {"inherit-responsible: the company goes to Петрова, then to Иванов", UPDATE, "id", 1,
         A_COMPANY, 2},
        {"inherit-responsible: so does the contact of both deals", UPDATE, "id", 1, A_CONTACT, 2},
        {"inherit-responsible: the contact of one goes to Петрова", UPDATE, "id", 2,
         A_CONTACT "fields.assignedById=6", 1},
        {"offer-sent: after the wait, \"Перезвонить по КП\" for Петрова", TODO, "ownerId",
         m->deal_windows, "ownerTypeId=2; responsibleId=6", 1},
        {"offer-sent: nothing for \"Балкон\", a meeting was fixed", TODO, "ownerId",
         m->deal_meeting, "ownerTypeId=2", 0},
        {"refusal-reason: the deal goes back", UPDATE, "id", m->deal_refused,
         A_DEAL "fields.stageId=C1:EXECUTING", 1},
        {"refusal-reason: Иванов is told", NOTIFY, "USER_ID", IVANOV, "", 1},
        {"next-funnel: Колл-центр → Продажи", UPDATE, "id", m->deal_windows,
         A_DEAL "fields.stageId=C1:NEW", 1},
        {"next-funnel: a comment on it", COMMENT, OWNER, m->deal_windows, "fields.ENTITY_TYPE=deal",
         1},
        {"next-funnel: Продажи → Производство", UPDATE, "id", m->deal_doors,
         A_DEAL "fields.stageId=C3:NEW", 1},
        {"next-funnel and shipping: a comment each on the won deal", COMMENT, OWNER, m->deal_doors,
         "fields.ENTITY_TYPE=deal", 2},
        {"shipping: an element of the smart process", "crm.item.add", "entityTypeId", SHIPPING,
         "fields.assignedById=9", 1},
        {"big-deal: the head, Кузнецов, is told once", NOTIFY, "USER_ID", KUZNETSOV, "", 1},
        {"fill-fields: the way of delivery, in each new deal", UPDATE, "fields.ufCrmDelivery", 45,
         A_DEAL, 4},
        {"fill-fields: a title for the deal without one", UPDATE, "id", m->deal_doors,
         A_DEAL "fields.title=ООО «Ромашка», 900 000,00 ₽", 1},
        {"robot-call: a task bound to the deal", "tasks.task.add", "fields.RESPONSIBLE_ID", IVANOV,
         "", 1},
        {"robot-call: its checklist", "task.checklistitem.add", "", 0, "", 2},
    };
    return check(m, list, sizeof list / sizeof list[0]);
}

/* ---- telling --------------------------------------------------------------------------------- */

/* What was compared, where it did not hold. */
static void tell_values(const json_t *detail)
{
    size_t i;
    json_t *one;
    json_array_foreach (jv_loose(detail), i, one) {
        if (json_object_get(one, "left") == NULL || jv_flag(one, "is"))
            continue;
        char *left = jv_print_new(json_object_get(one, "left"));
        (void)printf("  [it is \"%s\"]", left);
        mem_free(left);
    }
}

/* Our own writes are told of as traces ("changed by us"), not as arrivals. */
static void tell_line(const json_t *line)
{
    const char *kind = jv_text(line, "kind", ""), *source = jv_text(line, "source", "");
    if (strcmp(kind, "event") == 0 && strcmp(source, "own") != 0)
        (void)printf("    came in  %s (%s)\n", jv_text(line, "name", ""), source);
    if (strcmp(kind, "trace") != 0)
        return;
    (void)printf("    %-8s %s", jv_text(line, "what", ""), jv_text(line, "say", ""));
    if (strcmp(jv_text(line, "what", ""), "skipped") == 0)
        tell_values(json_object_get(line, "detail"));
    (void)printf("\n");
}

static void tell_named(struct morning *m, const char *entity, const char *title)
{
    (void)printf("\n  %s  %s\n", entity, title);
    JV_AUTO *story = house_story(m->house, entity);
    size_t i;
    json_t *line;
    json_array_foreach (story, i, line)
        tell_line(line);
}

static void tell_story(struct morning *m, const char *type, int64_t id, const char *title)
{
    char entity[64];
    (void)snprintf(entity, sizeof entity, "%s %lld", type, (long long)id);
    tell_named(m, entity, title);
}

static void tell(struct morning *m)
{
    (void)printf("\nWhat came in, what each rule did, and why (or why not)\n");
    tell_story(m, "lead", m->lead_site, "a form on the site");
    tell_named(m, "call " CALL, "the call itself: no rule asks for it");
    tell_story(m, "lead", m->lead_call, "what came of it");
    tell_story(m, "lead", m->lead_empty, "nobody can be reached");
    tell_story(m, "deal", m->deal_windows, "through two funnels, an offer sent");
    tell_story(m, "deal", m->deal_meeting, "an offer sent, the client answered");
    tell_story(m, "deal", m->deal_doors, "big, asked about by a robot, won");
    tell_story(m, "deal", m->deal_refused, "lost without a reason");
    tell_story(m, "item 147", m->shipping, "the shipping");
}

static void tell_health(struct morning *m)
{
    char *url = mem_printf("%s/health", house_admin_url(m->house));
    struct wire_request request = {.method = "GET", .url = url, .timeout_ms = 5000};
    struct wire_answer answer;
    struct err err = {0};
    (void)printf("\n$ curl -s %s\n", url);
    if (!wire_request(&request, &answer, &err))
        fail(err.text);
    (void)printf("%s\n", answer.body);
    wire_answer_done(&answer);
    mem_free(url);
}

static void tell_where_next(struct morning *m, bool keep)
{
    const struct house *h = m->house;
    (void)printf("\nWhere to look next: config/rules.d (the rules, with comments), README.md, "
                 "`b24bridge --help`, `b24sandbox --help`.\n");
    if (!keep) {
        (void)printf("`./dev demo --keep` leaves both running, with curl lines to play with.\n");
        return;
    }
    (void)printf(
        "\nBoth are running. To play:\n\n"
        "  # a person moves a deal to \"refused\" without a reason; see it come back\n"
        "  curl -s %s/control -d '{\"do\":\"call\",\"user\":5,\"method\":\"crm.item.update\","
        "\"params\":{\"entityTypeId\":2,\"id\":%lld,\"fields\":{\"stageId\":\"C1:LOSE\"}}}'\n"
        "  # a new lead with a phone\n"
        "  curl -s %s/control -d '{\"do\":\"call\",\"user\":17,\"method\":\"crm.item.add\","
        "\"params\":{\"entityTypeId\":1,\"fields\":{\"title\":\"Проба\",\"fm\":[{\"typeId\":"
        "\"PHONE\",\"valueType\":\"WORK\",\"value\":\"+79001234567\"}]}}}'\n"
        "  # everything that b24bridge has written to the portal\n"
        "  curl -s %s/control -d '{\"do\":\"effects\"}'\n"
        "  # why a deal is as it is, and how the daemon feels\n"
        "  %s why deal %lld -c %s\n"
        "  %s status -c %s\n"
        "  curl -s %s/health\n"
        "  curl -s %s/metrics\n"
        "  # the rules (edit them, then reload) and the logs\n"
        "  ls %s/rules.d %s/*.log\n"
        "  kill -HUP %d\n"
        "  # the end\n"
        "  kill %d %d; sleep 1; rm -r %s\n",
        house_portal_url(h), (long long)m->deal_meeting, house_portal_url(h), house_portal_url(h),
        getenv("B24BRIDGE"), (long long)m->deal_doors, house_config(h), getenv("B24BRIDGE"),
        house_config(h), house_admin_url(h), house_admin_url(h), house_folder(h), house_folder(h),
        (int)house_daemon_pid(h), (int)house_daemon_pid(h), (int)house_sandbox_pid(h),
        house_folder(h));
}

/* The two programs lie beside this one, unless the environment says otherwise. */
static void find_programs(void)
{
    static const char *const names[][2] = {{"B24BRIDGE", "b24bridge"},
                                           {"B24SANDBOX", "b24sandbox"}};
    char folder[4096];
    ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (size < 0)
        fail("cannot read /proc/self/exe");
    folder[size] = '\0';
    *strrchr(folder, '/') = '\0';
    for (size_t i = 0; i < 2; i++) {
        char *path = mem_printf("%s/%s", folder, names[i][1]);
        (void)setenv(names[i][0], path, 0);
        mem_free(path);
    }
}

int main(int argc, char **argv)
{
    bool keep = argc > 1 && strcmp(argv[1], "--keep") == 0;
    if (argc > 2 || (argc == 2 && !keep)) {
        (void)fprintf(stderr, "usage: b24demo [--keep]\n");
        return 2;
    }
    find_programs();
    struct house_options options = {
        .fail = fail, .swap = {"[wait 3 days]", "[wait 2 seconds]"}, .outlive = keep};
    struct morning m = {.house = house_open(&options)};
    play(&m);
    tell(&m);
    tell_health(&m);
    bool good = check_all(&m);
    (void)printf("\n%s\n", good ? "Every effect is there once, and nothing else is."
                                : "SOMETHING IS MISSING, DOUBLED OR NOT EXPLAINED.");
    tell_where_next(&m, keep);
    if (keep)
        house_leave(m.house);
    else
        house_close(m.house);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
