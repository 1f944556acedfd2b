#include "daemon/portal/pack.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "tests/support/check_main.h"

static json_t *json(const char *text)
{
    struct err err = {0};
    json_t *value = jv_parse_new(text, strlen(text), &err);
    ck_assert_msg(value != NULL, "%s: %s", text, err.text);
    return value;
}

/* The command's text, or NULL. mem_free. */
static char *packed(const char *method, const char *params)
{
    struct command command = {.method = mem_strdup(method), .params = json(params)};
    char *text = pack_command_new(&command);
    command_done(&command);
    return text;
}

#define TRAVELS(method, params, expected)                                                          \
    do {                                                                                           \
        char *text = packed(method, params);                                                       \
        ck_assert_msg(text != NULL, "%s goes alone", params);                                      \
        ck_assert_str_eq(text, expected);                                                          \
        mem_free(text);                                                                            \
    } while (0)
#define ALONE(method, params) ck_assert_msg(packed(method, params) == NULL, "%s travels", params)

START_TEST(a_command_becomes_a_query_string)
{
    TRAVELS("profile", "{}", "profile");
    TRAVELS("crm.item.get", "{\"entityTypeId\":1,\"id\":250}",
            "crm.item.get?entityTypeId=1&id=250");
    TRAVELS("crm.item.update", "{\"id\":351,\"fields\":{\"title\":\"Fish & chips\"}}",
            "crm.item.update?id=351&fields[title]=Fish%20%26%20chips");
    TRAVELS("crm.item.update", "{\"fields\":{\"contactIds\":[4,5]}}",
            "crm.item.update?fields[contactIds][0]=4&fields[contactIds][1]=5");
    TRAVELS("user.get", "{\"FILTER\":{\">ID\":\"7\"}}", "user.get?FILTER[%3EID]=7");
}
END_TEST

START_TEST(what_would_end_or_split_a_value_is_encoded)
{
    TRAVELS("m", "{\"a\":\"+49 # & = % 50\"}", "m?a=%2B49%20%23%20%26%20%3D%20%25%2050");
    TRAVELS("m", "{\"a\":\"Ё\"}", "m?a=%D0%81");
    TRAVELS("m", "{\"a\":\"$100\"}", "m?a=%24100");
    TRAVELS("m", "{\"a\":\"\"}", "m?a=");
}
END_TEST

START_TEST(what_a_query_string_cannot_say_goes_alone)
{
    ALONE("m", "{\"a\":null}");
    ALONE("m", "{\"a\":{\"b\":[null]}}");
    ALONE("m", "{\"a\":true}");
    ALONE("m", "{\"a\":false}");
    ALONE("m", "{\"a\":[]}");
    ALONE("m", "{\"a\":{}}");
    ALONE("m", "{\"a.b\":1}");
    ALONE("m", "{\"a b\":1}");
    ALONE("m", "{\"a\":{\"b]\":1}}");
    ALONE("m", "{\"a[\":1}");
    ALONE("m", "{\"\":1}");
    ALONE("m", "[1]");
    struct command command = {.method = mem_strdup("m"),
                              .params = json_pack("{s:o}", "a", json_stringn("x\0y", 3))};
    ck_assert_ptr_null(pack_command_new(&command));
    command_done(&command);
}
END_TEST

START_TEST(text_that_a_batch_would_fill_in_goes_alone)
{
    ALONE("m", "{\"a\":\"see $result[lead][item]\"}");
    ALONE("m", "{\"a\":{\"b\":[\"$next[x]\"]}}");
    ALONE("m", "{\"a\":\"$total[x]\"}");
    ALONE("m", "{\"a\":\"$error[x]\"}");
    ALONE("m", "{\"a\":\"$time[x]\"}");
    ALONE("m", "{\"a\":\"$RESULT[x]\"}");
    TRAVELS("m", "{\"a\":\"$resultat\"}", "m?a=%24resultat");
}
END_TEST

START_TEST(methods_that_may_not_travel_go_alone)
{
    ALONE("batch", "{}");
    ALONE("disk.folder.uploadFile", "{}");
    ALONE("documentgenerator.document.download", "{}");
    ALONE("task.checklistitem.add", "{\"TASKID\":13}");
    ALONE("api/tasks.task.add", "{}");
    ALONE("bad method", "{}");
    ALONE("m?x", "{}");
    TRAVELS("tasks.task.add", "{}", "tasks.task.add");
    struct command http = {
        .kind = COMMAND_HTTP, .method = mem_strdup("http"), .params = json("{}")};
    ck_assert_ptr_null(pack_command_new(&http));
    command_done(&http);
}
END_TEST

START_TEST(a_long_command_goes_alone)
{
    char *text = mem_alloc(PACK_COMMAND_BYTES + 10);
    memset(text, 'x', PACK_COMMAND_BYTES);
    char *params = mem_printf("{\"a\":\"%s\"}", text);
    ALONE("m", params);
    mem_free(params);
    mem_free(text);
}
END_TEST

/* A queue with calls "0", "1" … of one method, taken apart at the end. */
static struct queue queue;
static struct budget budget;
static struct call calls[200];
static size_t call_count;

static struct call *add(const char *method, enum priority priority, const char *lane)
{
    struct call *call = &calls[call_count];
    *call = (struct call){.priority = priority,
                          .command = {.method = mem_strdup(method), .params = json("{}")}};
    (void)snprintf(call->command.key, sizeof call->command.key, "%zu", call_count++);
    (void)snprintf(call->lane, sizeof call->lane, "%s", lane);
    queue_add(&queue, call);
    return call;
}

static void begin(void)
{
    call_count = 0;
    queue_init(&queue);
    budget_init(&budget, 2, 50, 1, 0);
    budget.trusting = true;
}

static void end(void)
{
    for (struct call *call = queue_any(&queue); call != NULL; call = queue_any(&queue)) {
        queue_take(&queue, call);
        queue_finish(&queue, call);
    }
    for (size_t i = 0; i < call_count; i++) {
        command_done(&calls[i].command);
        mem_free(calls[i].encoded);
    }
    queue_done(&queue);
    budget_done(&budget);
}

static struct call *chosen[PACK_MOST];

static size_t choose(int most, bool plenty, uint64_t turn)
{
    const struct pack_terms terms = {.most = most, .plenty = plenty, .turn = turn};
    int64_t wait;
    return pack_choose(&queue, &budget, &terms, chosen, &wait);
}

static void finish(size_t count)
{
    for (size_t i = 0; i < count; i++)
        queue_finish(&queue, chosen[i]);
}

static size_t count_priority(size_t count, enum priority priority)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += chosen[i]->priority == priority;
    return found;
}

START_TEST(whoever_waits_travels_together)
{
    begin();
    for (int i = 0; i < 3; i++)
        (void)add("m", PRIORITY_NORMAL, "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 3);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(chosen[i], &calls[i]);
    ck_assert_int_eq(queue.waiting, 0);
    ck_assert_int_eq(queue.in_flight, 3);
    finish(3);
    end();
}
END_TEST

START_TEST(a_batch_has_fifty_commands_at_most)
{
    begin();
    for (int i = 0; i < 120; i++)
        (void)add("m", PRIORITY_BULK, "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 50);
    finish(50);
    ck_assert_uint_eq(choose(20, true, 0), 20);
    ck_assert_ptr_eq(chosen[0], &calls[50]);
    finish(20);
    end();
}
END_TEST

START_TEST(a_command_that_cannot_travel_is_sent_by_itself)
{
    begin();
    (void)add("task.commentitem.add", PRIORITY_NORMAL, "");
    (void)add("m", PRIORITY_NORMAL, "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    ck_assert_ptr_eq(chosen[0], &calls[0]);
    finish(1);
    (void)add("task.commentitem.add", PRIORITY_NORMAL, "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    ck_assert_ptr_eq(chosen[0], &calls[1]);
    finish(1);
    end();
}
END_TEST

START_TEST(urgent_calls_go_first)
{
    begin();
    for (int i = 0; i < 60; i++)
        (void)add("m", PRIORITY_BULK, "");
    struct call *urgent = add("m", PRIORITY_URGENT, "");
    ck_assert_uint_eq(choose(PACK_MOST, false, 0), 50);
    ck_assert_ptr_eq(chosen[0], urgent);
    finish(50);
    end();
}
END_TEST

START_TEST(an_urgent_call_shares_with_nobody_while_requests_are_plentiful)
{
    begin();
    for (int i = 0; i < 10; i++)
        (void)add("m", PRIORITY_BULK, "");
    struct call *urgent = add("m", PRIORITY_URGENT, "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    ck_assert_ptr_eq(chosen[0], urgent);
    finish(1);
    end();
}
END_TEST

START_TEST(a_crowd_of_urgent_calls_leaves_places_to_the_others)
{
    begin();
    for (int i = 0; i < 100; i++)
        (void)add("m", PRIORITY_URGENT, "");
    for (int i = 0; i < 20; i++)
        (void)add("m", PRIORITY_NORMAL, "");
    for (int i = 0; i < 20; i++)
        (void)add("m", PRIORITY_BULK, "");
    size_t count = choose(PACK_MOST, false, 0);
    ck_assert_uint_eq(count, 50);
    ck_assert_uint_eq(count_priority(count, PRIORITY_URGENT), 40);
    ck_assert_uint_eq(count_priority(count, PRIORITY_NORMAL), 5);
    ck_assert_uint_eq(count_priority(count, PRIORITY_BULK), 5);
    finish(count);
    end();
}
END_TEST

START_TEST(now_and_then_the_oldest_leads_whatever_its_priority)
{
    begin();
    struct call *bulk = add("task.x", PRIORITY_BULK, ""); /* cannot share a request */
    for (int i = 0; i < 20; i++)
        (void)add("m", PRIORITY_URGENT, "");
    ck_assert_uint_eq(choose(PACK_MOST, false, PACK_OLDEST_EVERY - 1), 1);
    ck_assert_ptr_eq(chosen[0], bulk);
    finish(1);
    end();
}
END_TEST

/* The portal has said what a call of the method takes. */
static void teach(const char *method, double seconds)
{
    JV_AUTO *time = json_pack("{s:f}", "processing", seconds);
    budget.trusting = false;
    budget_learn(&budget, method, time, 0, 0);
}

START_TEST(a_batch_stays_far_from_the_cut_off)
{
    begin();
    teach("slow", 9);
    teach("quick", 0.01);
    for (int i = 0; i < 10; i++)
        (void)add("slow", PRIORITY_BULK, "");
    for (int i = 0; i < 10; i++)
        (void)add("quick", PRIORITY_BULK, "");
    size_t count = choose(PACK_MOST, true, 0);
    ck_assert_uint_eq(count, 12); /* two of 9 s, and what has room beside them */
    finish(count);
    teach("endless", 45);
    (void)add("endless", PRIORITY_URGENT, "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1); /* it has to go some time */
    finish(1);
    end();
}
END_TEST

START_TEST(a_method_that_nobody_knows_comes_in_fives)
{
    begin();
    budget.trusting = false;
    for (int i = 0; i < 50; i++)
        (void)add("new", PRIORITY_BULK, "");
    size_t count = choose(PACK_MOST, true, 0);
    ck_assert_uint_eq(count, 5);
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 0); /* until one has told */
    teach("new", 0.1);
    finish(count);
    count = choose(PACK_MOST, true, 0);
    ck_assert_uint_eq(count, 45);
    finish(count);
    end();
}
END_TEST

START_TEST(an_urgent_call_has_quick_company_only)
{
    begin();
    teach("m", 0.2);
    for (int i = 0; i < 60; i++)
        (void)add("m", PRIORITY_BULK, "");
    struct call *urgent = add("m", PRIORITY_URGENT, "");
    size_t count = choose(PACK_MOST, false, 0);
    ck_assert_uint_eq(count, 3); /* half a second of others */
    ck_assert_ptr_eq(chosen[0], urgent);
    finish(count);
    end();
}
END_TEST

START_TEST(an_urgent_call_does_not_stand_in_a_batch_of_others)
{
    begin();
    for (int i = 0; i < 60; i++)
        (void)add("m", PRIORITY_BULK, "");
    struct call *urgent = add("m", PRIORITY_URGENT, "");
    size_t count = choose(PACK_MOST, false, PACK_OLDEST_EVERY - 1);
    ck_assert_uint_eq(count, PACK_MOST);
    ck_assert_uint_eq(count_priority(count, PRIORITY_URGENT), 0);
    finish(count);
    count = choose(PACK_MOST, false, 0); /* the next request is its own */
    ck_assert_ptr_eq(chosen[0], urgent);
    finish(count);
    end();
}
END_TEST

START_TEST(a_lane_keeps_its_order_and_waits_for_what_is_in_flight)
{
    begin();
    struct call *first = add("task.x", PRIORITY_NORMAL, "deal 1");
    struct call *second = add("m", PRIORITY_NORMAL, "deal 1");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    ck_assert_ptr_eq(chosen[0], first);
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 0);
    queue_finish(&queue, first);
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    ck_assert_ptr_eq(chosen[0], second);
    finish(1);
    end();
}
END_TEST

START_TEST(a_lane_travels_in_one_batch_in_order)
{
    begin();
    struct call *a = add("m", PRIORITY_NORMAL, "deal 1");
    (void)add("m", PRIORITY_NORMAL, "");
    struct call *b = add("m", PRIORITY_NORMAL, "deal 1");
    struct call *c = add("m", PRIORITY_URGENT, "deal 1"); /* lifts its lane, jumps over nobody */
    ck_assert_uint_eq(choose(PACK_MOST, false, 0), 4);
    ck_assert_ptr_eq(chosen[0], a);
    ck_assert_ptr_eq(chosen[1], b);
    ck_assert_ptr_eq(chosen[2], c);
    finish(4);
    end();
}
END_TEST

START_TEST(a_lane_stops_at_a_command_that_cannot_travel)
{
    begin();
    (void)add("m", PRIORITY_NORMAL, "deal 1");
    (void)add("task.x", PRIORITY_NORMAL, "deal 1");
    (void)add("m", PRIORITY_NORMAL, "deal 1");
    (void)add("m", PRIORITY_NORMAL, "deal 2");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 2);
    ck_assert_ptr_eq(chosen[0], &calls[0]);
    ck_assert_ptr_eq(chosen[1], &calls[3]);
    finish(2);
    end();
}
END_TEST

START_TEST(whoever_stands_behind_a_call_in_flight_is_found_at_the_end)
{
    begin();
    (void)add("m", PRIORITY_NORMAL, "deal 1");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    struct call *behind = add("m", PRIORITY_NORMAL, "deal 1");
    ck_assert_ptr_eq(queue_any(&queue), behind);
    queue_take(&queue, behind);
    queue_finish(&queue, behind);
    ck_assert_ptr_null(queue_any(&queue));
    finish(1);
    end();
}
END_TEST

START_TEST(what_comes_back_stands_where_it_stood)
{
    begin();
    for (int i = 0; i < 4; i++)
        (void)add("m", PRIORITY_NORMAL, i < 2 ? "deal 1" : "");
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 4);
    for (size_t i = 4; i-- > 0;)
        queue_put_back(&queue, chosen[i]);
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_eq(chosen[i], &calls[i]);
    finish(4);
    end();
}
END_TEST

START_TEST(a_blocked_method_holds_up_nobody_else)
{
    begin();
    (void)add("slow", PRIORITY_URGENT, "");
    struct call *other = add("quick", PRIORITY_BULK, "");
    budget_method_refused(&budget, "slow", 0);
    ck_assert_uint_eq(choose(PACK_MOST, true, 0), 1);
    ck_assert_ptr_eq(chosen[0], other);
    finish(1);
    const struct pack_terms terms = {.most = PACK_MOST};
    int64_t wait;
    ck_assert_uint_eq(pack_choose(&queue, &budget, &terms, chosen, &wait), 0);
    ck_assert_int_eq(wait, 301000);
    end();
}
END_TEST

START_TEST(a_call_that_has_to_wait_says_how_long)
{
    begin();
    add("m", PRIORITY_NORMAL, "")->not_before_ms = 700;
    const struct pack_terms early = {.most = PACK_MOST}, late = {.most = PACK_MOST, .mono_ms = 700};
    int64_t wait;
    ck_assert_uint_eq(pack_choose(&queue, &budget, &early, chosen, &wait), 0);
    ck_assert_int_eq(wait, 700);
    ck_assert_uint_eq(pack_choose(&queue, &budget, &late, chosen, &wait), 1);
    finish(1);
    end();
}
END_TEST

START_TEST(a_batch_is_written_in_the_order_of_its_calls)
{
    begin();
    (void)add("a", PRIORITY_NORMAL, "");
    (void)add("b", PRIORITY_NORMAL, "");
    size_t count = choose(PACK_MOST, true, 0);
    JV_AUTO *batch = pack_batch_new(chosen, count);
    char *text = jv_dump_new(batch);
    ck_assert_str_eq(text, "{\"halt\":0,\"cmd\":{\"c0\":\"a\",\"c1\":\"b\"}}");
    mem_free(text);
    finish(count);
    end();
}
END_TEST

START_TEST(a_slow_batch_makes_the_next_smaller_and_a_quick_one_larger)
{
    ck_assert_int_eq(pack_most_after(50, 50, 1000), 50);
    ck_assert_int_eq(pack_most_after(50, 50, 40000), 10);
    ck_assert_int_eq(pack_most_after(50, 50, 59000), 6);
    ck_assert_int_eq(pack_most_after(10, 10, 69000), 5);
    ck_assert_int_eq(pack_most_after(10, 10, 12000), 10);
    ck_assert_int_eq(pack_most_after(10, 10, 2000), 15);
    ck_assert_int_eq(pack_most_after(48, 48, 2000), 50);
}
END_TEST

CHECK_MAIN("pack", a_command_becomes_a_query_string, what_would_end_or_split_a_value_is_encoded,
           what_a_query_string_cannot_say_goes_alone, text_that_a_batch_would_fill_in_goes_alone,
           methods_that_may_not_travel_go_alone, a_long_command_goes_alone,
           whoever_waits_travels_together, a_batch_has_fifty_commands_at_most,
           a_command_that_cannot_travel_is_sent_by_itself, urgent_calls_go_first,
           an_urgent_call_shares_with_nobody_while_requests_are_plentiful,
           a_crowd_of_urgent_calls_leaves_places_to_the_others,
           now_and_then_the_oldest_leads_whatever_its_priority, a_batch_stays_far_from_the_cut_off,
           a_method_that_nobody_knows_comes_in_fives, an_urgent_call_has_quick_company_only,
           an_urgent_call_does_not_stand_in_a_batch_of_others,
           a_lane_keeps_its_order_and_waits_for_what_is_in_flight,
           a_lane_travels_in_one_batch_in_order, a_lane_stops_at_a_command_that_cannot_travel,
           whoever_stands_behind_a_call_in_flight_is_found_at_the_end,
           what_comes_back_stands_where_it_stood, a_blocked_method_holds_up_nobody_else,
           a_call_that_has_to_wait_says_how_long, a_batch_is_written_in_the_order_of_its_calls,
           a_slow_batch_makes_the_next_smaller_and_a_quick_one_larger)
