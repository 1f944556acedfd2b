#include "daemon/cli/event_form.h"

#include <string.h>

#include "common/form.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

/* The body up to `ts` is that of the sample, byte for byte. */
static void same_as_sample(const char *event, const char *id, const char *type, const char *sample)
{
    struct event_form form;
    struct err err = {0};
    struct buf body BUF_AUTO;
    buf_init(&body, 4096);
    ck_assert_msg(event_form_make(event, id, type, &form, &err), "%s", err.text);
    form_encode(&body, form.tree, false);
    buf_text(&body, "&ts=");
    size_t size;
    char *expected = fixture_read(sample, &size);
    ck_assert_msg(strncmp(expected, body.data, body.size) == 0, "%s\n%s", expected, body.data);
    free(expected);
    event_form_done(&form);
}

START_TEST(each_kind_has_the_shape_of_its_sample)
{
    same_as_sample("ONCRMDEALADD", "351", NULL, "bodies/oncrmdealadd.form");
    same_as_sample("ONCRMLEADUPDATE", "1195", NULL, "bodies/oncrmleadupdate.form");
    same_as_sample("ONCRMCOMPANYDELETE", "643", NULL, "bodies/oncrmcompanydelete.form");
    same_as_sample("ONCRMDYNAMICITEMADD", "22", "1220", "bodies/oncrmdynamicitemadd.form");
    same_as_sample("ONTASKADD", "3711", NULL, "bodies/ontaskadd.form");
    same_as_sample("ONTASKUPDATE", "3711", NULL, "bodies/ontaskupdate.form");
    same_as_sample("ONTASKDELETE", "3711", NULL, "bodies/ontaskdelete.form");
    same_as_sample("ONCRMTIMELINECOMMENTADD", "999", NULL, "bodies/oncrmtimelinecommentadd.form");
}
END_TEST

START_TEST(names_are_taken_in_any_case)
{
    same_as_sample("onCrmDealAdd", "351", NULL, "bodies/oncrmdealadd.form");
}
END_TEST

static void refused(const char *event, const char *why)
{
    struct event_form form;
    struct err err = {0};
    ck_assert(!event_form_make(event, "1", NULL, &form, &err));
    ck_assert_str_eq(err.text, why);
    event_form_done(&form);
}

START_TEST(what_is_no_event_is_refused)
{
    refused("deal added", "\"deal added\" is no event; write for example ONCRMDEALUPDATE");
    refused("", "\"\" is no event; write for example ONCRMDEALUPDATE");
    refused("ON&X", "\"ON&X\" is no event; write for example ONCRMDEALUPDATE");
    refused("ONCRMDYNAMICITEMADD",
            "ONCRMDYNAMICITEMADD is of a smart process: name it with --type NUMBER");
}
END_TEST

START_TEST(a_smart_process_may_stand_in_the_name)
{
    struct event_form form;
    struct err err = {0};
    ck_assert(event_form_make("ONCRMDYNAMICITEMADD_147", "22", NULL, &form, &err));
    struct buf body BUF_AUTO;
    buf_init(&body, 4096);
    form_encode(&body, form.tree, false);
    ck_assert_ptr_nonnull(strstr(body.data, "%5BENTITY_TYPE_ID%5D=147"));
    event_form_done(&form);
}
END_TEST

CHECK_MAIN("event_form", each_kind_has_the_shape_of_its_sample, names_are_taken_in_any_case,
           what_is_no_event_is_refused, a_smart_process_may_stand_in_the_name)
