#include "daemon/config/section_server.h"

#include <string.h>

#include "common/mem.h"
#include "daemon/config/senders.h"
#include "daemon/config/textfile.h"

static const int64_t minute_ms = 60 * 1000;

/* Each time that it is listened on, the kernel chooses another one. */
static bool is_any_port(const char *text)
{
    size_t length = strlen(text);
    return length > 2 && strcmp(text + length - 2, ":0") == 0;
}

static bool check_new(struct loading *l, const struct given *g, const struct addr *list, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].text, g->text) == 0 && !is_any_port(g->text))
            return given_bad(l, g, 0, "\"%s\" stands twice", g->text);
    return true;
}

static bool add_address(struct loading *l, const struct given *g, struct addr *list, int *count)
{
    struct config *c = l->config;
    struct err err = {0};
    struct addr addr;
    if (!addr_parse(g->text, c->folder, &addr, &err))
        return given_bad(l, g, 0, "%s", err.text);
    if (!check_new(l, g, c->listen, c->listen_count) || !check_new(l, g, c->admin, c->admin_count))
        return false;
    if (*count == CONFIG_MOST_LISTEN)
        return given_bad(l, g, 0, "more than %d addresses", CONFIG_MOST_LISTEN);
    list[(*count)++] = addr;
    return true;
}

bool server_read_listen(struct loading *l, const struct given *g)
{
    return add_address(l, g, l->config->listen, &l->config->listen_count);
}

bool server_read_admin(struct loading *l, const struct given *g)
{
    return add_address(l, g, l->config->admin, &l->config->admin_count);
}

bool server_read_database(struct loading *l, const struct given *g)
{
    l->config->database = value_path(l, g);
    return l->config->database != NULL;
}

bool server_read_keep(struct loading *l, const struct given *g)
{
    const int64_t most = 3653LL * 24 * 60 * minute_ms;
    return value_ms(l, g, (struct range){minute_ms, most, "1 minute to 10 years"},
                    &l->config->keep_ms);
}

bool server_read_max_body(struct loading *l, const struct given *g)
{
    return value_size(l, g, (struct range){1 << 10, 64 << 20, "1 KiB to 64 MiB"},
                      &l->config->max_body);
}

bool server_read_max_queue(struct loading *l, const struct given *g)
{
    return value_count(l, g, (struct range){1, 1000000000, "1 to 1 000 000 000"},
                       &l->config->max_queue);
}

bool server_read_senders(struct loading *l, const struct given *g)
{
    struct config *c = l->config;
    struct buf text BUF_AUTO;
    buf_init(&text, TEXTFILE_CEILING);
    c->senders_file = value_path(l, g);
    return c->senders_file != NULL && value_text(l, g, c->senders_file, &text) &&
           senders_parse(c->senders_file, text.data, text.size, &c->senders, &c->sender_count,
                         l->diag);
}

static bool is_host_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-";
    size_t length = strlen(text);
    return length <= 253 && strspn(text, allowed) == length && strpbrk(text, letters) != NULL &&
           text[0] != '.' && text[0] != '-';
}

bool server_read_http_allow(struct loading *l, const struct given *g)
{
    struct config *c = l->config;
    struct net net;
    struct err err = {0};
    if (!net_parse(g->text, &net, &err) && !is_host_name(g->text))
        return given_bad(l, g, 0, "%s; a host name will do too", err.text);
    size_t count = 0;
    while (c->http_allow[count] != NULL)
        count++;
    c->http_allow = mem_grow(c->http_allow, count + 2, sizeof *c->http_allow);
    c->http_allow[count] = mem_strdup(g->text);
    c->http_allow[count + 1] = NULL;
    return true;
}

bool server_read_admin_token(struct loading *l, const struct given *g)
{
    l->config->admin_token = value_secret(l, g);
    return l->config->admin_token != NULL;
}

const struct section_kind section_server = {.word = "server"};
