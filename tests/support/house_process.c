#include "tests/support/house_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"

const char *house_binary(const struct house *h, const char *variable)
{
    const char *path = getenv(variable);
    if (path == NULL || path[0] == '\0')
        house_fail(h, "$%s does not name the binary", variable);
    return path;
}

/* ---- files ----------------------------------------------------------------------------------- */

char *house_file_read(const char *path)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return mem_strdup("");
    struct buf text BUF_AUTO;
    char piece[65536];
    size_t size;
    buf_init(&text, HOUSE_FILE_MOST);
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&text, piece, size);
    (void)fclose(file);
    return buf_take(&text);
}

void house_file_write(const struct house *h, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", h->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size)
        house_fail(h, "cannot write %s: %s", path, strerror(errno));
    (void)close(fd);
    mem_free(path);
}

static int unlink_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    (void)remove(path); /* who is still ending may have been faster */
    return 0;
}

void house_folder_remove(const char *folder)
{
    (void)nftw(folder, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the keeper ------------------------------------------------------------------------------ */

static void show_file(const char *title, const char *path)
{
    char *text = house_file_read(path);
    (void)fprintf(stderr, "---- %s\n%s", title, text);
    mem_free(text);
}

/* Waits for the other end: a byte, or its end. Survives a test that crashes or is killed for its
 * slowness, in a session of its own. */
static _Noreturn void keep(const struct house *h, int end)
{
    char byte;
    ssize_t got;
    (void)setsid();
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    do
        got = read(end, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1) {
        show_file("b24sandbox said", h->sandbox_log);
        show_file("b24bridge said", h->daemon_log);
        house_folder_remove(h->folder);
    }
    _exit(0);
}

void house_keeper_start(struct house *h)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        house_fail(h, "no pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[1]);
        keep(h, ends[0]);
    }
    /* Until it has its own session it would die with the test's group. */
    while (pid > 0 && getpgid(pid) == getpgrp())
        (void)poll(NULL, 0, 1);
    (void)close(ends[0]);
    h->keeper = ends[1];
}

void house_keeper_dismiss(struct house *h)
{
    if (write(h->keeper, "k", 1) != 1)
        house_fail(h, "the keeper is gone");
    (void)close(h->keeper);
}

/* ---- children -------------------------------------------------------------------------------- */

/* What runs between fork and exec may only be async-signal-safe. With a parent it dies with it,
 * else it lives in a session of its own. */
static void hand_over(int socket)
{
    enum { FIRST = 3 }; /* SD_LISTEN_FDS_START */
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (socket == FIRST)
        (void)fcntl(FIRST, F_SETFD, 0);
    else if (dup2(socket, FIRST) < 0)
        _exit(126);
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "1", 1);
    (void)setenv("LISTEN_FDNAMES", "listen", 1);
}

/* With a parent it dies with it, else it lives in a session of its own. */
static _Noreturn void become(const char *path, const char *const *arguments, int out, int err,
                             pid_t parent)
{
    if (parent != 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(126);
    if (parent == 0)
        (void)setsid();
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(126);
    execv(path, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static int open_log(const struct house *h, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        house_fail(h, "cannot write %s: %s", path, strerror(errno));
    return fd;
}

pid_t house_spawn(const struct house *h, const char *path, const char *const *arguments,
                  const char *out_path, const char *err_path, int socket)
{
    int out = open_log(h, out_path), err = open_log(h, err_path);
    pid_t parent = h->options.outlive ? 0 : getpid();
    pid_t pid = fork();
    if (pid == 0 && socket >= 0)
        hand_over(socket);
    if (pid == 0)
        become(path, arguments, out, err, parent);
    if (pid < 0)
        house_fail(h, "cannot fork: %s", strerror(errno));
    (void)close(out);
    (void)close(err);
    return pid;
}

int house_wait_for_end(pid_t pid, int64_t ms)
{
    int status = 0;
    for (int64_t until = clock_mono_ms() + ms;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (clock_mono_ms() > until)
            return -1;
        (void)poll(NULL, 0, HOUSE_TICK_MS);
    }
}

bool house_has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid;
}
