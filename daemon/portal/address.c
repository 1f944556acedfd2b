#include "daemon/portal/address.h"

#include <string.h>
#include <strings.h>

/* A name without scheme, port and what follows. */
struct host {
    const char *name;
    size_t length;
};

static struct host host_of(const char *url)
{
    const char *name = strstr(url, "://") + 3;
    size_t length = name[0] == '[' ? strcspn(name, "]") + 1 : strcspn(name, ":/?#");
    return (struct host){name, length};
}

static bool is_text(struct host host, const char *text)
{
    return host.length == strlen(text) && strncasecmp(host.name, text, host.length) == 0;
}

static bool same(struct host a, struct host b)
{
    return a.length == b.length && strncasecmp(a.name, b.name, a.length) == 0;
}

static bool is_numeric(struct host host)
{
    return host.name[0] == '[' || strspn(host.name, "0123456789.") >= host.length;
}

/* What stands behind the first dot; of no length when there is none. */
static struct host parent_of(struct host host)
{
    const char *dot = memchr(host.name, '.', host.length);
    if (dot == NULL)
        return (struct host){"", 0};
    return (struct host){dot + 1, host.length - (size_t)(dot + 1 - host.name)};
}

/* A domain that has one owner: not "ru", and not "com.br", "co.uk" or "msk.ru". */
static bool is_owned(struct host domain)
{
    struct host top = parent_of(domain);
    size_t second = domain.length - top.length; /* with its dot */
    if (top.length == 0)
        return false;
    return parent_of(top).length > 0 || top.length > 2 || second > 4;
}

size_t address_authority(const char *url)
{
    const char *host = strstr(url, "://");
    if (host == NULL || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return 0;
    host += 3;
    size_t length = strcspn(host, "/?#");
    if (length == 0 || memchr(host, '@', length) != NULL)
        return 0;
    return (size_t)(host - url) + length;
}

bool address_is_https(const char *url)
{
    return strncmp(url, "https://", 8) == 0;
}

bool address_is_loopback(const char *url)
{
    struct host host = host_of(url);
    return is_text(host, "localhost") || is_text(host, "[::1]") ||
           (strncmp(host.name, "127.", 4) == 0 && is_numeric(host));
}

bool address_may_follow(const char *home, const char *location, struct err *err)
{
    size_t authority = address_authority(location);
    int shown = (int)(authority < 120 ? authority : 120);
    if (authority == 0)
        return err_set(err, "the portal redirects to an address that cannot be read");
    if (address_is_loopback(home) && address_is_loopback(location))
        return true;
    if (!address_is_https(location))
        return err_set(err, "the portal redirects to \"%.*s\", which is not https", shown,
                       location);
    struct host from = host_of(home), to = host_of(location);
    struct host domain = parent_of(from);
    bool neighbour =
        !is_numeric(from) && !is_numeric(to) && is_owned(domain) && same(domain, parent_of(to));
    return same(from, to) || neighbour ||
           err_set(err, "the portal redirects to \"%.*s\", which is not of its domain", shown,
                   location);
}
