#include "daemon/cli/url.h"

#include "tests/support/check_main.h"

static void reached(const char *address, const char *expected, const char *unix_path)
{
    struct addr addr;
    struct url url;
    struct err err = {0};
    ck_assert_msg(addr_parse(address, "/run/x", &addr, &err), "%s", err.text);
    ck_assert_msg(url_of_addr(&addr, "/health", &url, &err), "%s", err.text);
    ck_assert_str_eq(url.text, expected);
    ck_assert_pstr_eq(url.unix_path, unix_path);
    url_done(&url);
}

START_TEST(an_address_is_reached_where_it_listens)
{
    reached("127.0.0.1:8025", "http://127.0.0.1:8025/health", NULL);
    reached("localhost:80", "http://127.0.0.1:80/health", NULL);
    reached("[2001:db8::1]:8025", "http://[2001:db8::1]:8025/health", NULL);
    reached("unix:/run/a.sock", "http://localhost/health", "/run/a.sock");
    reached("unix:a.sock", "http://localhost/health", "/run/x/a.sock");
}
END_TEST

START_TEST(all_addresses_are_reached_on_loopback)
{
    reached("0.0.0.0:8025", "http://127.0.0.1:8025/health", NULL);
    reached("[::]:8025", "http://[::1]:8025/health", NULL);
}
END_TEST

START_TEST(a_port_that_the_kernel_chose_is_not_known_here)
{
    struct addr addr;
    struct url url;
    struct err err = {0};
    ck_assert(addr_parse("127.0.0.1:0", ".", &addr, &err));
    ck_assert(!url_of_addr(&addr, "/health", &url, &err));
    ck_assert_str_eq(err.text, "\"127.0.0.1:0\" has port 0: the kernel chose one; the daemon's log "
                               "and /health say which");
}
END_TEST

CHECK_MAIN("url", an_address_is_reached_where_it_listens, all_addresses_are_reached_on_loopback,
           a_port_that_the_kernel_chose_is_not_known_here)
