#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/cli/out.h"
#include "daemon/cli/verb.h"
#include "daemon/config/config.h"
#include "daemon/store/backup.h"

enum { TELL_EVERY_MS = 1000, NICE = 10 };

/* For who watches: nothing is told of a copy that takes no time, nor to a file. */
struct watch {
    int64_t told_ms;
    bool tell, told;
};

static sigset_t end_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

/* Signals are read here, so that the copy that was begun is removed. */
static bool go_on(void *arg, int64_t done, int64_t all)
{
    struct watch *watch = arg;
    const sigset_t set = end_signals();
    const struct timespec now = {0};
    int64_t now_ms = clock_mono_ms();
    if (watch->tell && now_ms - watch->told_ms >= TELL_EVERY_MS) {
        (void)fprintf(stderr, done < all ? "\r%lld of %lld MiB" : "\r%lld of %lld MiB, checking",
                      (long long)(done >> 20), (long long)(all >> 20));
        watch->told_ms = now_ms;
        watch->told = true;
    }
    return sigtimedwait(&set, NULL, &now) < 0;
}

static void print(const struct args *args, const struct backup_result *result)
{
    const char *file = args->operands[0];
    if (args_has(args, OPTION_JSON)) {
        json_t *told =
            json_pack("{s:s, s:I, s:I, s:I, s:I}", "file", file, "bytes", (json_int_t)result->bytes,
                      "schema", (json_int_t)result->schema, "copy_ms", (json_int_t)result->copy_ms,
                      "check_ms", (json_int_t)result->check_ms);
        out_json(told);
        json_decref(told);
        return;
    }
    out_line("\"%s\": %.1f MiB, schema %lld, copied in %.1f s, checked in %.1f s", file,
             (double)result->bytes / 1048576, (long long)result->schema,
             (double)result->copy_ms / 1000, (double)result->check_ms / 1000);
}

/* The CLI writes it, not the daemon, which may write to its own folder only. */
static enum exit_code run(const struct args *args)
{
    struct watch watch = {.told_ms = clock_mono_ms(), .tell = isatty(STDERR_FILENO) == 1};
    const sigset_t set = end_signals();
    struct backup_result result;
    struct err err = {0};
    struct diag diag;
    diag_init(&diag);
    struct config *config = config_load_server(verb_config(args), &diag);
    const struct backup_options options = {
        .database = config->database, .file = args->operands[0], .go_on = go_on, .arg = &watch};
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* the daemon has its turn first */
    bool made = false;
    if (config->file_count == 0)
        (void)err_set(&err, "%s", diag.entries[0].text);
    else
        made = backup_run(&options, &result, &err);
    if (watch.told)
        (void)fprintf(stderr, "\r\033[K");
    if (made)
        print(args, &result);
    else
        out_complain("%s", err.text);
    bool unsound = config->file_count > 0 && result.unsound;
    config_free(config);
    diag_done(&diag);
    return made ? EXIT_YES : unsound ? EXIT_NO : EXIT_UNABLE;
}

const struct verb verb_backup = {
    .name = "backup",
    .operands = "FILE",
    .help =
        "copies the database, also while the daemon works, and checks the copy; FILE is the whole "
        "copy in the end or what it was before",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON),
    .least = 1,
    .most = 1,
    .run = run,
};
