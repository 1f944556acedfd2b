#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/number.h"

enum { BACKLOG = 4096, UNIX_MODE = 0660 };

/* An internet address without its port; an IPv4-mapped IPv6 address is its IPv4 address. */
struct bytes {
    unsigned char at[16];
    int size; /* 4, 16, or 0 for what is no internet address */
};

/* Takes numeric addresses only. */
static bool fill_ip(const char *host, uint16_t port, struct sockaddr_storage *ret, socklen_t *size)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    *ret = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, sizeof v4);
        *size = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(ret, &v6, sizeof v6);
        *size = sizeof v6;
        return true;
    }
    return false;
}

static bool parse_unix(const char *path, const char *folder, struct addr *ret, struct err *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (path[0] == '\0')
        return err_set(err, "\"%s\" lacks a path", ret->text);
    bool relative = path[0] != '/';
    int size = snprintf(un.sun_path, sizeof un.sun_path, "%s%s%s", relative ? folder : "",
                        relative ? "/" : "", path);
    if (size < 0 || (size_t)size >= sizeof un.sun_path)
        return err_set(err, "the path of \"%s\" is longer than %zu bytes", ret->text,
                       sizeof un.sun_path - 1);
    memcpy(&ret->sa, &un, sizeof un);
    ret->size = sizeof un;
    return true;
}

static bool parse_port(const char *text, uint16_t *ret)
{
    int64_t port;
    if (text[0] == '-' || !number_int(text, &port) || port > UINT16_MAX)
        return false;
    *ret = (uint16_t)port;
    return true;
}

/* Splits HOST:PORT or [v6]:PORT. A bare IPv6 address is not split: its last group is no port. */
static bool split_host(const char *text, char host[128], const char **ret_port)
{
    bool bracket = text[0] == '[';
    const char *end = bracket ? strchr(text, ']') : strchr(text, ':');
    if (end == NULL)
        return false;
    const char *start = text + bracket;
    const char *colon = end + bracket;
    if (*colon != ':' || strchr(colon + 1, ':') != NULL)
        return false;
    (void)snprintf(host, 128, "%.*s", (int)(end - start), start);
    *ret_port = colon + 1;
    return bracket == (strchr(host, ':') != NULL);
}

static bool parse_ip(struct addr *ret, struct err *err)
{
    char host[128];
    const char *port_text;
    uint16_t port;
    if (!split_host(ret->text, host, &port_text))
        return err_set(err, "bad address \"%s\"; want ADDRESS:PORT, [v6]:PORT or unix:PATH",
                       ret->text);
    if (!parse_port(port_text, &port))
        return err_set(err, "bad port \"%s\" in \"%s\"; want 0 to 65535", port_text, ret->text);
    const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (!fill_ip(numeric, port, &ret->sa, &ret->size))
        return err_set(err, "bad address \"%s\" in \"%s\"; want a numeric one or localhost", host,
                       ret->text);
    return true;
}

static const char *unix_path(const struct addr *a)
{
    return ((const struct sockaddr_un *)&a->sa)->sun_path;
}

/* Does a process answer on the socket at that path? Doubt counts as yes. */
static bool is_answered(const struct addr *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true;
    bool refused = connect(fd, (const struct sockaddr *)&a->sa, a->size) != 0 &&
                   (errno == ECONNREFUSED || errno == ENOENT);
    (void)close(fd);
    return !refused;
}

static bool remove_stale(const struct addr *a, struct err *err)
{
    struct stat st;
    const char *path = unix_path(a);
    if (lstat(path, &st) != 0)
        return errno == ENOENT ||
               err_set(err, "cannot listen on \"%s\": %s", a->text, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, "cannot listen on \"%s\": there is something else of that name",
                       a->text);
    if (is_answered(a))
        return err_set(err, "cannot listen on \"%s\": another process does", a->text);
    if (unlink(path) != 0 && errno != ENOENT)
        return err_set(err, "cannot replace the stale socket \"%s\": %s", a->text, strerror(errno));
    return true;
}

static bool set_option(int fd, int level, int option)
{
    const int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

static bool set_options(int fd, int family, bool shared)
{
    if (family == AF_UNIX)
        return fchmod(fd, UNIX_MODE) == 0; /* the file is born with it, less the umask */
    return set_option(fd, SOL_SOCKET, SO_REUSEADDR) &&
           (!shared || set_option(fd, SOL_SOCKET, SO_REUSEPORT)) &&
           (family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY));
}

static struct bytes bytes_of(const struct sockaddr *sa)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct bytes bytes = {0};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, sa, sizeof v4);
        memcpy(bytes.at, &v4.sin_addr, 4);
        bytes.size = 4;
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, sa, sizeof v6);
        memcpy(bytes.at, &v6.sin6_addr, 16);
        bytes.size = 16;
    }
    if (bytes.size == 16 && memcmp(bytes.at, mapped, sizeof mapped) == 0) {
        memmove(bytes.at, bytes.at + 12, 4);
        bytes.size = 4;
    }
    return bytes;
}

static bool starts_alike(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8;
    unsigned mask = 0xff00U >> (bits % 8) & 0xff;
    return memcmp(a, b, (size_t)whole) == 0 && (mask == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool is_reserved(const struct bytes *bytes)
{
    static const struct {
        int size;
        int bits;
        unsigned char at[16];
    } nets[] = {
        {4, 8, {0}},                           /* "this" network; 0.0.0.0 is the machine itself */
        {4, 8, {10}},                          /* private */
        {4, 10, {100, 64}},                    /* carrier NAT */
        {4, 8, {127}},                         /* loopback */
        {4, 16, {169, 254}},                   /* link-local, cloud metadata */
        {4, 12, {172, 16}},                    /* private */
        {4, 24, {192, 0, 0}},                  /* protocol assignments */
        {4, 16, {192, 168}},                   /* private */
        {4, 15, {198, 18}},                    /* benchmarks */
        {4, 4, {224}},                         /* multicast */
        {4, 4, {240}},                         /* reserved, broadcast */
        {16, 96, {0}},                         /* unspecified, loopback, IPv4-compatible */
        {16, 32, {0x20, 1}},                   /* Teredo */
        {16, 16, {0x20, 2}},                   /* 6to4 */
        {16, 48, {0, 0x64, 0xff, 0x9b, 0, 1}}, /* local-use NAT64 */
        {16, 7, {0xfc}},                       /* unique-local */
        {16, 10, {0xfe, 0x80}},                /* link-local */
        {16, 10, {0xfe, 0xc0}},                /* site-local */
        {16, 8, {0xff}},                       /* multicast */
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        if (nets[i].size == bytes->size && starts_alike(nets[i].at, bytes->at, nets[i].bits))
            return true;
    return false;
}

bool addr_parse(const char *text, const char *folder, struct addr *ret, struct err *err)
{
    *ret = (struct addr){0};
    int size = snprintf(ret->text, sizeof ret->text, "%s", text);
    if (size < 0 || (size_t)size >= sizeof ret->text)
        return err_set(err, "the address \"%.40s…\" is longer than %zu bytes", text,
                       sizeof ret->text - 1);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, folder, ret, err);
    return parse_ip(ret, err);
}

int addr_listen(const struct addr *a, bool shared, struct err *err)
{
    int family = a->sa.ss_family;
    if (family == AF_UNIX && !remove_stale(a, err))
        return -1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        (void)err_set(err, "cannot listen on \"%s\": %s", a->text, strerror(errno));
        return -1;
    }
    if (!set_options(fd, family, shared) ||
        bind(fd, (const struct sockaddr *)&a->sa, a->size) != 0 ||
        (family == AF_UNIX && chmod(unix_path(a), UNIX_MODE) != 0) || listen(fd, BACKLOG) != 0) {
        (void)err_set(err, "cannot listen on \"%s\": %s", a->text, strerror(errno));
        (void)close(fd);
        return -1;
    }
    return fd;
}

void addr_of_socket(int fd, char out[128])
{
    struct sockaddr_storage sa = {0};
    socklen_t size = sizeof sa;
    char host[INET6_ADDRSTRLEN] = "?";
    (void)snprintf(out, 128, "?");
    if (getsockname(fd, (struct sockaddr *)&sa, &size) != 0)
        return;
    if (sa.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&sa;
        (void)inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        (void)snprintf(out, 128, "%s:%u", host, ntohs(v4->sin_port));
    } else if (sa.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&sa;
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        (void)snprintf(out, 128, "[%s]:%u", host, ntohs(v6->sin6_port));
    } else if (sa.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&sa;
        (void)snprintf(out, 128, "unix:%.*s", (int)sizeof un->sun_path, un->sun_path);
    }
}

bool net_parse(const char *text, struct net *ret, struct err *err)
{
    char host[INET6_ADDRSTRLEN + 1];
    socklen_t size;
    *ret = (struct net){0};
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    int64_t bits = 0;
    if (length < sizeof host) {
        memcpy(host, text, length);
        host[length] = '\0';
    }
    if (length >= sizeof host || !fill_ip(host, 0, &ret->sa, &size))
        return err_set(err, "bad network \"%.80s\"; want ADDRESS or ADDRESS/BITS", text);
    int most = ret->sa.ss_family == AF_INET ? 32 : 128;
    ret->bits = most;
    if (slash == NULL)
        return true;
    if (slash[1] == '-' || !number_int(slash + 1, &bits) || bits > most)
        return err_set(err, "bad number of bits in the network \"%.80s\"; want 0 to %d", text,
                       most);
    ret->bits = (int)bits;
    return true;
}

bool net_holds(const struct net *net, const struct sockaddr *sa)
{
    struct bytes base = bytes_of((const struct sockaddr *)&net->sa);
    struct bytes given = bytes_of(sa);
    /* Of a network written as ::ffff:a.b.c.d/BITS the first 96 bits are gone. */
    bool mapped = base.size == 4 && net->sa.ss_family == AF_INET6;
    int bits = mapped ? net->bits - 96 : net->bits;
    return base.size == given.size && base.size > 0 &&
           starts_alike(base.at, given.at, bits > 0 ? bits : 0);
}

bool addr_is_private(const struct sockaddr *sa)
{
    static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
    struct bytes bytes = bytes_of(sa);
    if (bytes.size == 0)
        return true;
    if (bytes.size == 16 && memcmp(bytes.at, nat64, sizeof nat64) == 0) {
        memmove(bytes.at, bytes.at + 12, 4); /* a translator leads on to that IPv4 address */
        bytes.size = 4;
    }
    return is_reserved(&bytes);
}
