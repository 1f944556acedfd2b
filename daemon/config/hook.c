#include "daemon/config/hook.h"

#include <stddef.h>
#include <string.h>

#include "common/mem.h"

static const char wanted[] = "https://HOST/rest/USER/CODE/";
static const char code_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_-";

/* The text in pieces; nothing is copied. */
struct parts {
    bool plain;
    const char *host;
    size_t host_size; /* with the port */
    const char *path; /* from the first slash on */
};

static bool split(const char *text, struct parts *ret, struct err *err)
{
    static const char secure[] = "https://", plain[] = "http://";
    *ret = (struct parts){.plain = strncmp(text, plain, strlen(plain)) == 0};
    if (!ret->plain && strncmp(text, secure, strlen(secure)) != 0)
        return err_set(err, "begins with neither https:// nor http://");
    ret->host = text + strlen(ret->plain ? plain : secure);
    ret->host_size = strcspn(ret->host, "/");
    ret->path = ret->host + ret->host_size;
    return true;
}

static bool check_host(const struct parts *p, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-:[]";
    if (p->host_size > 0 && strspn(p->host, allowed) >= p->host_size)
        return true;
    return err_set(err, "has no proper host name; it looks like %s", wanted);
}

static bool is_loopback(const struct parts *p)
{
    static const char *const names[] = {"localhost", "[::1]"};
    size_t size = strncmp(p->host, "[::1]", 5) == 0 ? 5 : strcspn(p->host, ":/");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (size == strlen(names[i]) && strncmp(p->host, names[i], size) == 0)
            return true;
    return strncmp(p->host, "127.", 4) == 0 && strspn(p->host, "0123456789.") == size;
}

/* Bytes of /rest/USER/CODE at `text`, 0 if it is not there. */
static size_t tail_size(const char *text)
{
    static const char rest[] = "/rest/";
    if (strncmp(text, rest, strlen(rest)) != 0)
        return 0;
    size_t at = strlen(rest);
    size_t user = strspn(text + at, "0123456789");
    if (user == 0 || text[at + user] != '/')
        return 0;
    at += user + 1;
    size_t code = strspn(text + at, code_letters);
    return code == 0 ? 0 : at + code;
}

/* Where /rest/USER/CODE begins: usually at once, behind a folder on some self-hosted portals. */
static const char *find_tail(const char *path, size_t *ret_size)
{
    for (const char *at = path; at != NULL; at = strstr(at + 1, "/rest/")) {
        *ret_size = tail_size(at);
        if (*ret_size > 0)
            return at;
    }
    return NULL;
}

bool hook_parse(const char *text, char **ret_url, char **ret_site, struct err *err)
{
    struct parts parts;
    if (!split(text, &parts, err) || !check_host(&parts, err))
        return false;
    if (parts.plain && !is_loopback(&parts))
        return err_set(err, "is plain http, which is for loopback only; write https://");
    size_t size;
    const char *tail = find_tail(parts.path, &size);
    if (tail == NULL)
        return err_set(err, "does not look like %s", wanted);
    const char *behind = tail + size;
    if (strcmp(behind, "") != 0 && strcmp(behind, "/") != 0)
        return err_set(err, "goes on behind /rest/USER/CODE/; the webhook's URL ends there");
    *ret_url = mem_printf("%.*s/", (int)(behind - text), text);
    *ret_site = mem_strndup(text, (size_t)(tail - text));
    return true;
}
