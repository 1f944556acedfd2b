#include "common/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static void parse(const char *text, struct addr *ret)
{
    struct err err = {0};
    ck_assert_msg(addr_parse(text, "/etc/b24bridge", ret, &err), "%s", err.text);
    ck_assert_str_eq(ret->text, text);
}

START_TEST(numeric_addresses_are_parsed)
{
    struct addr a;
    parse("127.0.0.1:8024", &a);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a.sa;
    ck_assert_int_eq(v4->sin_family, AF_INET);
    ck_assert_int_eq(ntohs(v4->sin_port), 8024);
    ck_assert_uint_eq(ntohl(v4->sin_addr.s_addr), INADDR_LOOPBACK);
    parse("localhost:0", &a);
    ck_assert_uint_eq(ntohl(v4->sin_addr.s_addr), INADDR_LOOPBACK);
    parse("[::1]:65535", &a);
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a.sa;
    ck_assert_int_eq(v6->sin6_family, AF_INET6);
    ck_assert_int_eq(ntohs(v6->sin6_port), 65535);
    ck_assert_uint_eq(a.size, sizeof *v6);
}
END_TEST

START_TEST(a_relative_path_starts_at_the_folder)
{
    struct addr a;
    parse("unix:admin.sock", &a);
    ck_assert_str_eq(((const struct sockaddr_un *)&a.sa)->sun_path, "/etc/b24bridge/admin.sock");
    parse("unix:/run/x.sock", &a);
    ck_assert_str_eq(((const struct sockaddr_un *)&a.sa)->sun_path, "/run/x.sock");
}
END_TEST

static void assert_refused(const char *text, const char *wanted)
{
    struct addr a;
    struct err err = {0};
    ck_assert_msg(!addr_parse(text, "/etc/b24bridge", &a, &err), "%s", text);
    ck_assert_str_eq(err.text, wanted);
}

START_TEST(what_is_no_address_is_refused_with_what_would_be)
{
    static const char *const shapes[] = {"",     "8024",    "127.0.0.1",    "::1:80",       "[::1]",
                                         "[::1", "[::1]80", "[1.2.3.4]:80", "1.2.3.4:80:90"};
    char wanted[200];
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        (void)snprintf(wanted, sizeof wanted,
                       "bad address \"%s\"; want ADDRESS:PORT, [v6]:PORT or unix:PATH", shapes[i]);
        assert_refused(shapes[i], wanted);
    }
    assert_refused("127.0.0.1:65536", "bad port \"65536\" in \"127.0.0.1:65536\"; want 0 to 65535");
    assert_refused("127.0.0.1:-1", "bad port \"-1\" in \"127.0.0.1:-1\"; want 0 to 65535");
    assert_refused("127.0.0.1:", "bad port \"\" in \"127.0.0.1:\"; want 0 to 65535");
    assert_refused("127.0.0.1: 80", "bad port \" 80\" in \"127.0.0.1: 80\"; want 0 to 65535");
    assert_refused("example.com:80",
                   "bad address \"example.com\" in \"example.com:80\"; want a numeric one or "
                   "localhost");
    assert_refused(":80", "bad address \"\" in \":80\"; want a numeric one or localhost");
    assert_refused("127.1:80", "bad address \"127.1\" in \"127.1:80\"; want a numeric one or "
                               "localhost");
    assert_refused("unix:", "\"unix:\" lacks a path");
}
END_TEST

START_TEST(long_paths_are_refused)
{
    struct addr a;
    struct err err = {0};
    char text[200] = "unix:/";
    memset(text + 6, 'x', 106);
    parse(text, &a);
    memset(text + 6, 'x', 107);
    ck_assert(!addr_parse(text, "/", &a, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is longer than 107 bytes"));
    memset(text + 6, 'x', 190);
    err.text[0] = '\0';
    ck_assert(!addr_parse(text, "/", &a, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is longer than 127 bytes"));
}
END_TEST

static int listen_on(const char *text, bool shared)
{
    struct addr a;
    struct err err = {0};
    parse(text, &a);
    int fd = addr_listen(&a, shared, &err);
    ck_assert_msg(fd >= 0, "%s", err.text);
    return fd;
}

START_TEST(port_zero_becomes_a_real_one)
{
    char text[128];
    int fd = listen_on("127.0.0.1:0", false);
    addr_of_socket(fd, text);
    ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
    ck_assert_str_ne(text, "127.0.0.1:0");
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    (void)close(fd);
}
END_TEST

START_TEST(a_taken_port_is_an_error_unless_shared)
{
    struct addr a;
    struct err err = {0};
    char text[128];
    char wanted[200];
    int fd = listen_on("127.0.0.1:0", false);
    addr_of_socket(fd, text);
    parse(text, &a);
    ck_assert_int_eq(addr_listen(&a, false, &err), -1);
    (void)snprintf(wanted, sizeof wanted, "cannot listen on \"%s\": Address already in use", text);
    ck_assert_str_eq(err.text, wanted);
    (void)close(fd);
    fd = listen_on("127.0.0.1:0", true);
    addr_of_socket(fd, text);
    (void)close(listen_on(text, true));
    (void)close(fd);
}
END_TEST

START_TEST(a_unix_socket_has_its_mode_and_replaces_a_stale_one)
{
    struct temp temp = temp_make();
    struct addr a;
    struct err err = {0};
    struct stat st;
    char text[128];
    char shown[128];
    (void)snprintf(text, sizeof text, "unix:%s/s", temp.folder);
    mode_t before = umask(0077);
    int fd = listen_on(text, false);
    umask(before);
    ck_assert_int_eq(stat(text + 5, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0660);
    addr_of_socket(fd, shown);
    ck_assert_str_eq(shown, text);
    parse(text, &a);
    ck_assert_int_eq(addr_listen(&a, false, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "another process does"));
    (void)close(fd);
    (void)close(listen_on(text, false));
    temp_remove(&temp);
}
END_TEST

START_TEST(another_file_of_that_name_is_left_alone)
{
    struct temp temp = temp_make();
    struct addr a;
    struct err err = {0};
    char text[140];
    (void)snprintf(text, sizeof text, "unix:%s", temp_write(&temp, "s", 0600, "precious", 8));
    parse(text, &a);
    ck_assert_int_eq(addr_listen(&a, false, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "there is something else of that name"));
    ck_assert_int_eq(access(temp.path, F_OK), 0);
    temp_remove(&temp);
}
END_TEST

START_TEST(a_socket_that_is_none_has_no_address)
{
    char text[128];
    addr_of_socket(-1, text);
    ck_assert_str_eq(text, "?");
}
END_TEST

static struct sockaddr_storage ip(const char *text)
{
    struct sockaddr_storage sa = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&sa, &v4, sizeof v4);
    } else {
        ck_assert_msg(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1, "%s", text);
        memcpy(&sa, &v6, sizeof v6);
    }
    return sa;
}

static bool holds(const char *net_text, const char *address)
{
    struct net net;
    struct err err = {0};
    struct sockaddr_storage sa = ip(address);
    ck_assert_msg(net_parse(net_text, &net, &err), "%s", err.text);
    return net_holds(&net, (const struct sockaddr *)&sa);
}

START_TEST(a_network_holds_its_addresses)
{
    ck_assert(holds("10.0.0.0/8", "10.255.1.2"));
    ck_assert(!holds("10.0.0.0/8", "11.0.0.0"));
    ck_assert(holds("10.1.2.3", "10.1.2.3"));
    ck_assert(!holds("10.1.2.3", "10.1.2.2"));
    ck_assert(holds("172.16.0.0/12", "172.31.255.255"));
    ck_assert(!holds("172.16.0.0/12", "172.32.0.0"));
    ck_assert(holds("0.0.0.0/0", "8.8.8.8"));
    ck_assert(!holds("0.0.0.0/0", "2001:db8::1"));
    ck_assert(holds("fd00::/8", "fd12::1"));
    ck_assert(!holds("fd00::/8", "fe80::1"));
    ck_assert(holds("::/0", "2001:db8::1"));
    ck_assert(holds("2001:db8::1", "2001:db8::1"));
}
END_TEST

START_TEST(mapped_addresses_are_ipv4)
{
    ck_assert(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
    ck_assert(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
    ck_assert(!holds("::ffff:10.0.0.0/104", "11.1.2.3"));
    ck_assert(!holds("::/0", "::ffff:8.8.8.8"));
}
END_TEST

static void assert_bad_net(const char *text, const char *wanted)
{
    struct net net;
    struct err err = {0};
    ck_assert_msg(!net_parse(text, &net, &err), "%s", text);
    ck_assert_str_eq(err.text, wanted);
}

START_TEST(bad_networks_are_refused)
{
    assert_bad_net("10.0.0.0/33",
                   "bad number of bits in the network \"10.0.0.0/33\"; want 0 to 32");
    assert_bad_net("::/129", "bad number of bits in the network \"::/129\"; want 0 to 128");
    assert_bad_net("10.0.0.0/", "bad number of bits in the network \"10.0.0.0/\"; want 0 to 32");
    assert_bad_net("10.0.0.0/-1",
                   "bad number of bits in the network \"10.0.0.0/-1\"; want 0 to 32");
    assert_bad_net("10.0/8", "bad network \"10.0/8\"; want ADDRESS or ADDRESS/BITS");
    assert_bad_net("", "bad network \"\"; want ADDRESS or ADDRESS/BITS");
    assert_bad_net("intranet.firm.ru", "bad network \"intranet.firm.ru\"; want ADDRESS or "
                                       "ADDRESS/BITS");
}
END_TEST

static bool is_private(const char *text)
{
    struct sockaddr_storage sa = ip(text);
    return addr_is_private((const struct sockaddr *)&sa);
}

START_TEST(private_addresses_are_known)
{
    static const char *const inner[] = {"0.0.0.0",
                                        "0.1.2.3",
                                        "10.0.0.1",
                                        "100.64.0.1",
                                        "100.127.255.255",
                                        "127.0.0.1",
                                        "127.9.9.9",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.168.1.1",
                                        "192.0.0.8",
                                        "198.19.0.1",
                                        "224.0.0.1",
                                        "239.1.1.1",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "fc00::1",
                                        "fdff::1",
                                        "fe80::1",
                                        "febf::1",
                                        "fec0::1",
                                        "ff02::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:192.168.0.1",
                                        "::127.0.0.1",
                                        "64:ff9b::10.0.0.1",
                                        "64:ff9b:1::1",
                                        "2002:7f00:1::",
                                        "2001::1"};
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++)
        ck_assert_msg(is_private(inner[i]), "%s", inner[i]);
    struct sockaddr local = {.sa_family = AF_UNIX};
    ck_assert(addr_is_private(&local));
}
END_TEST

START_TEST(public_addresses_are_not_private)
{
    static const char *const outer[] = {
        "1.1.1.1",         "9.255.255.255", "11.0.0.0",       "100.63.255.255",  "100.128.0.0",
        "128.0.0.1",       "169.253.1.1",   "172.15.255.255", "172.32.0.0",      "192.167.1.1",
        "192.0.1.1",       "198.17.0.1",    "198.20.0.1",     "223.255.255.255", "2a00:1450::1",
        "2001:4860::8888", "fbff::1",       "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"};
    for (size_t i = 0; i < sizeof outer / sizeof outer[0]; i++)
        ck_assert_msg(!is_private(outer[i]), "%s", outer[i]);
}
END_TEST

CHECK_MAIN("common/addr", numeric_addresses_are_parsed, a_relative_path_starts_at_the_folder,
           what_is_no_address_is_refused_with_what_would_be, long_paths_are_refused,
           port_zero_becomes_a_real_one, a_taken_port_is_an_error_unless_shared,
           a_unix_socket_has_its_mode_and_replaces_a_stale_one,
           another_file_of_that_name_is_left_alone, a_socket_that_is_none_has_no_address,
           a_network_holds_its_addresses, mapped_addresses_are_ipv4, bad_networks_are_refused,
           private_addresses_are_known, public_addresses_are_not_private)
