#include "tests/crash/preload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"

enum { PATH_SIZE = 4096 };

static void own_folder(char out[PATH_SIZE])
{
    ssize_t size = readlink("/proc/self/exe", out, PATH_SIZE - 1);
    out[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL)
        *slash = '\0';
}

static void set_library(const struct house *h, const char *library)
{
    char folder[PATH_SIZE];
    own_folder(folder);
    char *path = mem_printf("%s/lib%s.so", folder, library);
    if (access(path, R_OK) != 0)
        house_fail(h, "no %s: %s", path, strerror(errno));
    (void)setenv("LD_PRELOAD", path, 1);
    mem_free(path);
}

void preload_launch(struct house *h, const char *library)
{
    set_library(h, library);
    house_launch(h);
    (void)unsetenv("LD_PRELOAD");
}

void preload_start(struct house *h, const char *library)
{
    set_library(h, library);
    house_start(h);
    (void)unsetenv("LD_PRELOAD");
}

bool preload_ended(const struct house *h)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)house_daemon_pid(h), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

void preload_find_programs(void)
{
    static const char *const names[][2] = {{"B24BRIDGE", "b24bridge"},
                                           {"B24SANDBOX", "b24sandbox"}};
    char folder[PATH_SIZE];
    own_folder(folder);
    for (char *slash = strrchr(folder, '/'); slash != NULL; slash = strrchr(folder, '/')) {
        *slash = '\0';
        for (size_t i = 0; i < 2; i++) {
            char *path = mem_printf("%s/%s", folder, names[i][1]);
            if (access(path, X_OK) == 0)
                (void)setenv(names[i][0], path, 0);
            mem_free(path);
        }
    }
}
