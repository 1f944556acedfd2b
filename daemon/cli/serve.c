#include "daemon/cli/serve.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "common/log.h"
#include "daemon/cli/notify.h"
#include "daemon/cli/verb.h"

sigset_t serve_end_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

int serve_next_signal(const sigset_t *set, int64_t wait_ms)
{
    const struct timespec wait = {.tv_sec = wait_ms / 1000,
                                  .tv_nsec = wait_ms % 1000 * 1000 * 1000};
    return sigtimedwait(set, NULL, &wait);
}

/* A memory image would hold the portals' secrets. */
static void forbid_dumps(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        log_warning("cannot forbid core dumps why=\"%s\"", strerror(errno));
}

/* Before the first thread, which inherits it: signals are read, not handled. */
static sigset_t block_signals(void)
{
    sigset_t set = serve_end_signals();
    sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return set;
}

/* False: it cannot go on. */
static bool serve_until_told(struct serve *s, const sigset_t *set)
{
    for (;;) {
        int signal = serve_next_signal(set, upkeep_run(s->upkeep));
        if (signal == SIGTERM || signal == SIGINT)
            return true;
        bool learnt = engine_has_learnt(s->engine); /* of titles that its rules wait for */
        enum reloaded reloaded = signal == SIGHUP || learnt ? reload(s) : RELOAD_OVER;
        if (reloaded != RELOAD_OVER)
            return reloaded == RELOAD_INTERRUPTED;
    }
}

static void say_started(const struct serve *s)
{
    char addresses[1024];
    sockets_print(&s->sockets, addresses, sizeof addresses);
    log_info("listening %s", addresses);
    log_info("started version=%s portals=%d rules=%zu database=\"%s\"", B24BRIDGE_VERSION,
             s->config->portal_count, s->config->rules->count, s->config->database);
    notify_status(addresses);
    notify_ready();
}

static enum exit_code run(const struct args *args)
{
    struct serve s = {.file = verb_config(args), .take_over = args_has(args, OPTION_TAKE_OVER)};
    struct err err = {0};
    enum exit_code code = EXIT_UNABLE;
    if (args_has(args, OPTION_VERBOSE))
        log_set_level(LOG_LEVEL_DEBUG);
    forbid_dumps();
    reloads_init(&s.reloads);
    sigset_t set = block_signals();
    size_t standing = parts_start(&s, &err);
    bool started = standing == parts_count();
    if (started) {
        say_started(&s);
        code = serve_until_told(&s, &set) ? EXIT_YES : EXIT_UNABLE;
        log_info("stopping");
        notify_stopping();
    } else {
        log_error("cannot start why=\"%s\"", err.text);
        if (standing == 0) /* the configuration is the first part */
            code = EXIT_NO;
    }
    parts_stop(&s, standing);
    reloads_done(&s.reloads);
    if (started)
        log_info("stopped");
    return code;
}

const struct verb verb_serve = {
    .name = "serve",
    .operands = "",
    .help =
        "the daemon; SIGTERM stops it, SIGHUP loads its configuration anew or keeps the old one",
    .options =
        OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_VERBOSE) | OPTION_BIT(OPTION_TAKE_OVER),
    .run = run,
};
