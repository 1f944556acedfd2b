/* A look into the database beside the daemon that has it open. */

#include "daemon/store/peek.h"

#include "common/jv.h"
#include "tests/support/check_main.h"
#include "tests/unit/store/fixture.h"

START_TEST(what_is_kept_is_seen_beside_the_daemon)
{
    struct fixture f;
    struct err err = {0};
    int64_t id = 0;
    json_t *names, *events;
    bool found = false;
    fixture_init(&f);
    ck_assert(store_portal_id(f.store, "main", &id, &err));
    struct store_change *change = store_change_new();
    JV_AUTO *pins = json_pack("{s:s}", "field:2:Причина", "ufCrm_1");
    store_put_name(change, id, "pins:", pins, 1234);
    struct event event = {.id = store_next_id(f.store),
                          .portal = id,
                          .source = EVENT_WEBHOOK,
                          .name = "ONCRMDEALADD",
                          .entity = {.type = ENTITY_DEAL, .id = "5"},
                          .received_ms = 777};
    store_put_event(change, &event);
    fixture_commit(&f, change);
    ck_assert_msg(store_peek(f.path, "main", &names, &events, &found, &err), "%s", err.text);
    ck_assert(found);
    const json_t *row = json_object_get(names, "pins:");
    ck_assert_int_eq(jv_int(row, "at", 0), 1234);
    ck_assert(json_equal(json_object_get(row, "value"), pins));
    ck_assert_int_eq(jv_int(events, "ONCRMDEALADD", 0), 777);
    json_decref(names);
    json_decref(events);
    fixture_done(&f);
}
END_TEST

START_TEST(another_portal_and_no_file_are_empty)
{
    struct fixture f;
    struct err err = {0};
    json_t *names, *events;
    bool found = false;
    fixture_init(&f);
    ck_assert(store_peek(f.path, "other", &names, &events, &found, &err));
    ck_assert(found);
    ck_assert_uint_eq(json_object_size(names) + json_object_size(events), 0);
    json_decref(names);
    json_decref(events);
    ck_assert(store_peek("/nowhere/at/all.db", "main", &names, &events, &found, &err));
    ck_assert(!found);
    ck_assert_uint_eq(json_object_size(names) + json_object_size(events), 0);
    json_decref(names);
    json_decref(events);
    fixture_done(&f);
}
END_TEST

CHECK_MAIN("peek", what_is_kept_is_seen_beside_the_daemon, another_portal_and_no_file_are_empty)
