#include "tests/bench/subject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "tests/bench/load.h"

enum { START_MS = 20000, LOOK_US = 200, PATH_MOST = 512 };

/* ---- folders --------------------------------------------------------------------------------- */

void subject_folder(char ret[64])
{
    (void)snprintf(ret, 64, "/tmp/b24bridge-bench-XXXXXX");
    if (mkdtemp(ret) != NULL)
        return;
    (void)fprintf(stderr, "cannot make a folder in /tmp: %s\n", strerror(errno));
    exit(1);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void subject_remove(const char *folder)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool write_file(const char *folder, const char *name, const char *text, struct err *err)
{
    char path[PATH_MOST];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t written = fd >= 0 ? write(fd, text, strlen(text)) : -1;
    if (fd >= 0)
        (void)close(fd);
    return written == (ssize_t)strlen(text) ||
           err_set(err, "cannot write \"%s\": %s", path, strerror(errno));
}

/* ---- processes ------------------------------------------------------------------------------- */

char *subject_beside(const char *name)
{
    char self[PATH_MOST];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    return mem_printf("%s/%s", self, name);
}

static _Noreturn void become(const char *log, const char *const *arguments, const char *preload,
                             const char *flush_us)
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 ||
        (preload != NULL &&
         (setenv("LD_PRELOAD", preload, 1) != 0 || setenv("SLOW_DISK", flush_us, 1) != 0)))
        _exit(126);
    execv(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

pid_t subject_spawn(const char *folder, const char *const *arguments, int flush_us)
{
    char *log = mem_printf("%s/log", folder);
    char *us = mem_printf("%d", flush_us);
    char *preload = flush_us > 0 ? subject_beside("libslow_disk.so") : NULL;
    pid_t pid = fork();
    if (pid == 0)
        become(log, arguments, preload, us);
    mem_free(preload);
    mem_free(us);
    mem_free(log);
    return pid;
}

uint16_t subject_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        address.sin_port = 0;
    (void)close(fd);
    return ntohs(address.sin_port);
}

/* ---- the two kinds --------------------------------------------------------------------------- */

static const char other_rules[] =
    "[rule other]\non = lead added\n[then comment]\ntext = Перезвонить\n";

static bool write_config(const struct subject *s, const struct subject_options *options,
                         struct err *err)
{
    char path[PATH_MOST];
    char *config = mem_printf("[server]\n"
                              "listen = 127.0.0.1:%d\n"
                              "admin = unix:admin.sock\n"
                              "database = bench.db\n"
                              "max-queue = 20 000 000\n"
                              "[portal main]\n"
                              "url-file = url\n"
                              "token-file = token\n",
                              s->port);
    char *url = mem_printf("http://127.0.0.1:%d/rest/1/benchbenchbenchb/\n",
                           options->portal > 0 ? options->portal : 1);
    (void)snprintf(path, sizeof path, "%s/rules.d", s->folder);
    bool done = (mkdir(path, 0700) == 0 || errno == EEXIST) &&
                write_file(s->folder, "b24bridge.ini", config, err) &&
                write_file(s->folder, "url", url, err) &&
                write_file(s->folder, "token", LOAD_TOKEN "\n", err) &&
                write_file(s->folder, "rules.d/10.ini",
                           options->rules != NULL ? options->rules : other_rules, err);
    mem_free(config);
    mem_free(url);
    return done;
}

static pid_t spawn_daemon(const struct subject *s, int flush_us)
{
    char *config = mem_printf("%s/b24bridge.ini", s->folder);
    char *program = subject_beside("../b24bridge");
    const char *arguments[] = {program, "serve", "-c", config, NULL};
    pid_t pid = subject_spawn(s->folder, arguments, flush_us);
    mem_free(program);
    mem_free(config);
    return pid;
}

static pid_t spawn_ideal(const struct subject *s, int flush_us)
{
    char *port = mem_printf("%d", s->port);
    char *database = mem_printf("%s/ideal.db", s->folder);
    const char *arguments[] = {"/proc/self/exe", "ideal", port, database, NULL};
    pid_t pid = subject_spawn(s->folder, arguments, flush_us);
    mem_free(port);
    mem_free(database);
    return pid;
}

/* ---- start and stop -------------------------------------------------------------------------- */

static bool wait_for_first(struct subject *s, int64_t began_us, struct err *err)
{
    const struct timespec pause = {.tv_nsec = LOOK_US * 1000};
    int status = 0;
    while (status != 200 && clock_mono_us() - began_us < START_MS * 1000) {
        status = load_one(s->port);
        if (status == 200)
            break;
        if (status != 0)
            return err_set(err, "the first event was answered with %d, see %s/log", status,
                           s->folder);
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
            return err_set(err, "ended at once, see %s/log", s->folder);
        (void)nanosleep(&pause, NULL);
    }
    s->first_ms = (double)(clock_mono_us() - began_us) / 1000;
    return status == 200 || err_set(err, "nobody listens after %d s", START_MS / 1000);
}

bool subject_start(struct subject *s, const struct subject_options *options, struct err *err)
{
    *s = (struct subject){.port = subject_free_port(), .keep_folder = options->database != NULL};
    if (s->keep_folder)
        (void)snprintf(s->folder, sizeof s->folder, "%s", options->database);
    else
        subject_folder(s->folder);
    bool daemon = options->kind == SUBJECT_DAEMON;
    if (daemon && !write_config(s, options, err))
        return false;
    int64_t began_us = clock_mono_us();
    s->pid = daemon ? spawn_daemon(s, options->flush_us) : spawn_ideal(s, options->flush_us);
    if (wait_for_first(s, began_us, err))
        return true;
    (void)err_prefix(err, "%s: ", daemon ? "b24bridge" : "the ideal");
    s->keep_folder = true; /* the log is in it */
    subject_stop(s);
    return false;
}

void subject_stop(struct subject *s)
{
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    if (!s->keep_folder)
        subject_remove(s->folder);
}

/* ---- what it uses ---------------------------------------------------------------------------- */

static void read_proc(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, size - 1) : -1;
    out[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

static double mib_of(const char *status, const char *line)
{
    const char *at = strstr(status, line);
    return at != NULL ? strtod(at + strlen(line), NULL) / 1024 : 0;
}

void subject_use(const struct subject *s, struct subject_use *ret)
{
    char text[4096];
    unsigned long user = 0, system = 0;
    read_proc(s->pid, "stat", text, sizeof text);
    const char *behind_name = strrchr(text, ')');
    if (behind_name != NULL) /* the 14th and 15th field */
        (void)sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                     &system);
    ret->cpu_us = (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
    read_proc(s->pid, "status", text, sizeof text);
    ret->peak_mib = mib_of(text, "VmHWM:");
    ret->own_mib = mib_of(text, "RssAnon:");
}
