#include "daemon/cli/url.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#include "common/mem.h"

static bool no_port(const struct addr *a, struct err *err)
{
    return err_set(err,
                   "\"%s\" has port 0: the kernel chose one; the daemon's log and /health say "
                   "which",
                   a->text);
}

static bool of_ip4(const struct addr *a, const char *path, struct url *ret, struct err *err)
{
    struct sockaddr_in sa;
    char host[INET_ADDRSTRLEN];
    memcpy(&sa, &a->sa, sizeof sa);
    if (sa.sin_port == 0)
        return no_port(a, err);
    if (sa.sin_addr.s_addr == htonl(INADDR_ANY))
        sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)inet_ntop(AF_INET, &sa.sin_addr, host, sizeof host);
    ret->text = mem_printf("http://%s:%u%s", host, (unsigned)ntohs(sa.sin_port), path);
    return true;
}

static bool of_ip6(const struct addr *a, const char *path, struct url *ret, struct err *err)
{
    struct sockaddr_in6 sa;
    char host[INET6_ADDRSTRLEN];
    memcpy(&sa, &a->sa, sizeof sa);
    if (sa.sin6_port == 0)
        return no_port(a, err);
    if (IN6_IS_ADDR_UNSPECIFIED(&sa.sin6_addr))
        sa.sin6_addr = in6addr_loopback;
    (void)inet_ntop(AF_INET6, &sa.sin6_addr, host, sizeof host);
    ret->text = mem_printf("http://[%s]:%u%s", host, (unsigned)ntohs(sa.sin6_port), path);
    return true;
}

bool url_of_addr(const struct addr *a, const char *path, struct url *ret, struct err *err)
{
    *ret = (struct url){0};
    if (a->sa.ss_family == AF_INET)
        return of_ip4(a, path, ret, err);
    if (a->sa.ss_family == AF_INET6)
        return of_ip6(a, path, ret, err);
    struct sockaddr_un un;
    memcpy(&un, &a->sa, sizeof un);
    ret->unix_path = mem_strdup(un.sun_path);
    ret->text = mem_printf("http://localhost%s", path);
    return true;
}

void url_done(struct url *url)
{
    mem_free(url->text);
    mem_free(url->unix_path);
    *url = (struct url){0};
}
