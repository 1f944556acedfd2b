#include "daemon/cli/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/check_main.h"
#include "tests/support/temp.h"

enum { CALLERS = 16 };

static struct temp temp;
static struct config config; /* only addresses matter */
static struct handed handed;

static void listen_line(struct addr *list, int *count, const char *text)
{
    struct err err = {0};
    ck_assert_msg(addr_parse(text, temp.folder, &list[*count], &err), "%s", err.text);
    (*count)++;
}

static bool open_all(const struct config *c, const struct handed *h, struct sockets *ret,
                     struct err *err)
{
    return sockets_open_public(c, h, false, ret, err) && sockets_open_admin(c, ret, err);
}

static void setup(void)
{
    temp = temp_make();
    config = (struct config){0};
    handed = (struct handed){0};
    listen_line(config.listen, &config.listen_count, "127.0.0.1:0");
    listen_line(config.listen, &config.listen_count, "unix:hook.sock");
    listen_line(config.admin, &config.admin_count, "127.0.0.1:0");
}

static void teardown(void)
{
    temp_remove(&temp);
}

START_TEST(without_systemd_the_configured_addresses_are_opened)
{
    struct sockets s;
    struct err err = {0};
    char text[512], expected[512];
    ck_assert_msg(open_all(&config, &handed, &s, &err), "%s", err.text);
    ck_assert_int_eq(s.open_count, 2);
    ck_assert_int_eq(s.admin_count, 1);
    sockets_print(&s, text, sizeof text);
    (void)snprintf(expected, sizeof expected, "public=%s,unix:%s/hook.sock admin=%s", s.texts[0],
                   temp.folder, s.texts[2]);
    ck_assert_str_eq(text, expected);
    ck_assert_ptr_null(strstr(text, ":0 ")); /* the kernel chose */
    sockets_close(&s);
}
END_TEST

START_TEST(an_address_in_use_is_an_error)
{
    struct sockets s, again;
    struct err err = {0};
    ck_assert_msg(open_all(&config, &handed, &s, &err), "%s", err.text);
    ck_assert(!open_all(&config, &handed, &again, &err));
    ck_assert_str_eq(err.text, "cannot listen on \"unix:hook.sock\": another process does");
    sockets_close(&s);
}
END_TEST

/* As systemd does, of that name. */
static int hand_over(const char *name)
{
    struct addr addr;
    struct err err = {0};
    ck_assert(addr_parse("127.0.0.1:0", ".", &addr, &err));
    int fd = addr_listen(&addr, false, &err);
    ck_assert_msg(fd >= 0, "%s", err.text);
    handed.fds[handed.count] = fd;
    (void)snprintf(handed.names[handed.count++], sizeof handed.names[0], "%s", name);
    return fd;
}

static struct sockets opened(void)
{
    struct sockets s;
    struct err err = {0};
    ck_assert_msg(open_all(&config, &handed, &s, &err), "%s", err.text);
    return s;
}

START_TEST(a_named_socket_replaces_the_lines_of_its_name)
{
    int admin = hand_over("admin");
    struct sockets s = opened();
    ck_assert_int_eq(s.open_count, 2); /* as configured */
    ck_assert_int_eq(s.admin_count, 1);
    ck_assert_int_eq(s.admin[0], admin);
    sockets_close(&s);
}
END_TEST

START_TEST(the_first_unnamed_socket_is_the_public_one)
{
    int first = hand_over("unknown"), second = hand_over("unknown");
    struct sockets s = opened();
    ck_assert_int_eq(s.open_count, 1);
    ck_assert_int_eq(s.open[0], first);
    ck_assert_int_eq(s.admin_count, 1);
    ck_assert_int_eq(s.admin[0], second);
    sockets_close(&s);
}
END_TEST

START_TEST(several_sockets_may_have_one_name)
{
    (void)hand_over("admin");
    int hook = hand_over("listen");
    (void)hand_over("admin");
    struct sockets s = opened();
    ck_assert_int_eq(s.open_count, 1);
    ck_assert_int_eq(s.open[0], hook);
    ck_assert_int_eq(s.admin_count, 2);
    ck_assert_int_eq(s.text_count, 3);
    sockets_close(&s);
}
END_TEST

/* ---- one daemon follows another -------------------------------------------------------------- */

/* Public only: one TCP address, where the other one listens. */
static bool open_beside(const struct sockets *other, bool join, struct sockets *ret,
                        struct err *err)
{
    struct config beside = {0};
    listen_line(beside.listen, &beside.listen_count, other->texts[0]);
    return sockets_open_public(&beside, &handed, join, ret, err);
}

static int connect_to(const struct sockets *s)
{
    struct addr addr;
    struct err err = {0};
    ck_assert(addr_parse(s->texts[0], ".", &addr, &err));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&addr.sa, addr.size), 0);
    return fd;
}

/* How many of so many callers stand at the door of the first socket. */
static int callers_at(const struct sockets *s, int callers)
{
    int fds[CALLERS], count = 0;
    for (int i = 0; i < callers; i++)
        fds[i] = connect_to(s);
    for (int fd = accept(s->open[0], NULL, NULL); fd >= 0; fd = accept(s->open[0], NULL, NULL)) {
        (void)close(fd);
        count++;
    }
    for (int i = 0; i < callers; i++)
        (void)close(fds[i]);
    return count;
}

START_TEST(only_who_takes_over_may_listen_beside_another)
{
    struct sockets s = opened(), beside;
    struct err err = {0};
    char expected[256];
    ck_assert(!open_beside(&s, false, &beside, &err));
    (void)snprintf(expected, sizeof expected, "cannot listen on \"%s\": Address already in use",
                   s.texts[0]);
    ck_assert_str_eq(err.text, expected);
    err = (struct err){0};
    ck_assert_msg(open_beside(&s, true, &beside, &err), "%s", err.text);
    ck_assert_str_eq(beside.texts[0], s.texts[0]);
    sockets_close(&beside);
    sockets_close(&s);
}
END_TEST

START_TEST(callers_come_to_the_old_one_until_it_leads_on)
{
    struct sockets s = opened(), next, last;
    struct err err = {0};
    sockets_keep_to_us(&s);
    ck_assert_msg(open_beside(&s, true, &next, &err), "%s", err.text);
    ck_assert_int_eq(callers_at(&s, CALLERS), CALLERS);
    sockets_lead_to_next(&s);
    ck_assert_int_eq(callers_at(&next, CALLERS), CALLERS);
    sockets_close(&s);
    ck_assert_int_eq(callers_at(&next, CALLERS), CALLERS);
    sockets_keep_to_us(&next);
    ck_assert_msg(open_beside(&next, true, &last, &err), "%s", err.text);
    ck_assert_int_eq(callers_at(&next, CALLERS), CALLERS);
    sockets_close(&last);
    sockets_close(&next);
}
END_TEST

START_TEST(a_unix_socket_cannot_be_taken_over)
{
    struct sockets s = opened(), beside;
    struct err err = {0};
    struct config only = {0};
    listen_line(only.listen, &only.listen_count, "unix:hook.sock");
    ck_assert(!sockets_open_public(&only, &handed, true, &beside, &err));
    ck_assert_str_eq(err.text, "cannot take over \"unix:hook.sock\": only one process can listen "
                               "on a Unix socket");
    sockets_close(&s);
}
END_TEST

CHECK_MAIN_FIXTURE("sockets", setup, teardown, without_systemd_the_configured_addresses_are_opened,
                   an_address_in_use_is_an_error, a_named_socket_replaces_the_lines_of_its_name,
                   the_first_unnamed_socket_is_the_public_one, several_sockets_may_have_one_name,
                   only_who_takes_over_may_listen_beside_another,
                   callers_come_to_the_old_one_until_it_leads_on,
                   a_unix_socket_cannot_be_taken_over)
