#include "daemon/cli/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"

/* One unnamed socket is the public one; a second unnamed one is the admin's. */
static bool is_admin(const struct handed *h, int i)
{
    if (strcmp(h->names[i], "admin") == 0)
        return true;
    if (strcmp(h->names[i], "listen") == 0)
        return false;
    for (int k = 0; k < i; k++)
        if (strcmp(h->names[k], "admin") != 0 && strcmp(h->names[k], "listen") != 0)
            return true;
    return false;
}

static void take_handed(const struct handed *handed, struct sockets *s)
{
    for (int i = 0; i < handed->count; i++) {
        if (is_admin(handed, i))
            s->admin[s->admin_count++] = handed->fds[i];
        else
            s->open[s->open_count++] = handed->fds[i];
    }
}

/* Nobody may be there yet: the first socket, which is closed at once, finds that out; the second
 * is one that others may join. */
static int listen_alone(const struct addr *addr, struct err *err)
{
    int fd = addr_listen(addr, false, err);
    if (fd < 0 || addr->sa.ss_family == AF_UNIX)
        return fd;
    (void)close(fd);
    return addr_listen(addr, true, err);
}

static int join_at(const struct addr *addr, struct err *err)
{
    if (addr->sa.ss_family != AF_UNIX)
        return addr_listen(addr, true, err);
    (void)err_set(err, "cannot take over \"%s\": only one process can listen on a Unix socket",
                  addr->text);
    return -1;
}

static int listen_for_admin(const struct addr *addr, struct err *err)
{
    return addr_listen(addr, false, err);
}

static bool listen_on(const struct addr *addrs, int count,
                      int (*listen_at)(const struct addr *, struct err *), int *fds, int *ret_count,
                      struct err *err)
{
    if (*ret_count > 0) /* handed over */
        return true;
    for (int i = 0; i < count; i++) {
        int fd = listen_at(&addrs[i], err);
        if (fd < 0)
            return false;
        fds[(*ret_count)++] = fd;
    }
    return true;
}

bool sockets_open_public(const struct config *c, const struct handed *handed, bool join,
                         struct sockets *ret, struct err *err)
{
    *ret = (struct sockets){0};
    take_handed(handed, ret);
    if (!listen_on(c->listen, c->listen_count, join ? join_at : listen_alone, ret->open,
                   &ret->open_count, err)) {
        sockets_close(ret);
        return false;
    }
    ret->public_texts = ret->open_count;
    for (int i = 0; i < ret->open_count; i++)
        addr_of_socket(ret->open[i], ret->texts[ret->text_count++]);
    return true;
}

bool sockets_open_admin(const struct config *c, struct sockets *s, struct err *err)
{
    if (!listen_on(c->admin, c->admin_count, listen_for_admin, s->admin, &s->admin_count, err)) {
        sockets_close(s);
        return false;
    }
    for (int i = 0; i < s->admin_count; i++)
        addr_of_socket(s->admin[i], s->texts[s->text_count++]);
    return true;
}

void sockets_close_copies(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        (void)close(fds[i]);
}

void sockets_close_public(struct sockets *s)
{
    sockets_close_copies(s->open, s->open_count);
    s->open_count = 0;
}

void sockets_close(struct sockets *s)
{
    sockets_close_public(s);
    sockets_close_copies(s->admin, s->admin_count);
    s->admin_count = 0;
}

/* Of the sockets that share an address the kernel gives a new connection to the one whose number,
 * in the order of their listening, this program returns; to any of them when there is none of that
 * number. A socket that closes is replaced by the last one: so ours is 0 from the moment that it
 * is alone, and who joins is 1. On other sockets this fails, and nothing is to be led. */
static void lead_to(const struct sockets *s, unsigned number)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, number)};
    const struct sock_fprog program = {.len = 1, .filter = code};
    for (int i = 0; i < s->open_count; i++)
        (void)setsockopt(s->open[i], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                         sizeof program);
}

void sockets_lead_to_next(const struct sockets *s)
{
    lead_to(s, 1);
}

void sockets_keep_to_us(const struct sockets *s)
{
    lead_to(s, 0);
}

bool sockets_copy(const int *fds, int count, int *ret, struct err *err)
{
    for (int i = 0; i < count; i++) {
        ret[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
        if (ret[i] >= 0)
            continue;
        (void)err_set(err, "cannot copy a listening socket: %s", strerror(errno));
        sockets_close_copies(ret, i);
        return false;
    }
    return true;
}

void sockets_print(const struct sockets *s, char *out, unsigned long size)
{
    struct buf text BUF_AUTO;
    buf_init(&text, size);
    for (int i = 0; i < s->text_count; i++) {
        if (i == 0 || i == s->public_texts)
            buf_text(&text, i == 0 ? "public=" : " admin=");
        else
            buf_char(&text, ',');
        buf_text(&text, s->texts[i]);
    }
    (void)snprintf(out, size, "%s", text.data);
}
