/* Loaded into the daemon before its libraries (LD_PRELOAD): each part of it stands still at one of
 * the calls that only this part makes, as long as there is a file of its name in $STILL_FOLDER:
 *
 *   writer    a flush of the database's files
 *   feeder    reading which entities want a look
 *   workers   a regular expression of a rule
 *   client    a round of libcurl
 *   main      waiting for signals
 *   listener  letting somebody in at the port that the file names
 */

#define PCRE2_CODE_UNIT_WIDTH 8
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pcre2.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>

#include "tests/crash/watched.h"

static bool wanted(const char *part, char text[16])
{
    char path[WATCHED_PATH];
    const char *folder = getenv("STILL_FOLDER");
    (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/nowhere", part);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t size = fread(text, 1, 15, file);
    text[size] = '\0';
    (void)fclose(file);
    return true;
}

static void stand_still(const char *part)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    char text[16];
    while (wanted(part, text))
        (void)nanosleep(&pause, NULL);
}

/* Others' names of the parameters are not ours:
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int fdatasync(int fd)
{
    char path[WATCHED_PATH];
    if (watched_is(fd, ".db-wal", path))
        stand_still("writer");
    return REAL(fdatasync)(fd);
}

int sqlite3_step(sqlite3_stmt *stmt)
{
    const char *sql = REAL(sqlite3_sql)(stmt);
    if (sql != NULL &&
        strstr(sql, "SELECT id, entity_type, entity_id, received_ms FROM event") != NULL)
        stand_still("feeder");
    return REAL(sqlite3_step)(stmt);
}

int pcre2_match(const pcre2_code *code, PCRE2_SPTR text, PCRE2_SIZE size, PCRE2_SIZE at,
                uint32_t options, pcre2_match_data *data, pcre2_match_context *context)
{
    stand_still("workers");
    return REAL(pcre2_match_8)(code, text, size, at, options, data, context);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    stand_still("client");
    return REAL(curl_multi_perform)(multi, running);
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict wait)
{
    stand_still("main");
    return REAL(sigtimedwait)(set, info, wait);
}

int accept4(int fd, struct sockaddr *restrict peer, socklen_t *restrict size, int flags)
{
    struct sockaddr_in own = {0};
    socklen_t own_size = sizeof own;
    char port[16];
    if (getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 && own.sin_family == AF_INET &&
        wanted("listener", port) && (int)strtol(port, NULL, 10) == ntohs(own.sin_port))
        stand_still("listener");
    return REAL(accept4)(fd, peer, size, flags);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
