/* What a handshake shows: a TLS server of openssl's, on a port that the kernel chose. */

#include "daemon/portal/transfer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/temp.h"

static const int64_t day_ms = 86400000;

static struct temp temp;
static pid_t server;
static FILE *said;

/* openssl with these words, its output in `out`. */
static pid_t openssl(const char *const *words, int out)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    int silence = open("/dev/null", O_RDWR);
    (void)dup2(out >= 0 ? out : silence, STDOUT_FILENO);
    (void)dup2(silence, STDERR_FILENO);
    char *copy[32] = {0};
    for (size_t i = 0; words[i] != NULL; i++)
        copy[i] = strdup(words[i]);
    execvp(copy[0], copy);
    _exit(127);
}

static void make_certificate(const char *days)
{
    char key[200], cert[200];
    int status;
    (void)snprintf(key, sizeof key, "%s", temp_path(&temp, "key"));
    (void)snprintf(cert, sizeof cert, "%s", temp_path(&temp, "cert"));
    const char *const words[] = {"openssl",  "req",
                                 "-x509",    "-newkey",
                                 "rsa:2048", "-nodes",
                                 "-days",    days,
                                 "-keyout",  key,
                                 "-out",     cert,
                                 "-subj",    "/CN=localhost",
                                 "-addext",  "subjectAltName=IP:127.0.0.1",
                                 NULL};
    ck_assert_int_eq(waitpid(openssl(words, -1), &status, 0) > 0, 1);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "openssl cannot make a certificate (it comes with ca-certificates)");
}

/* Its port. */
static int start_server(void)
{
    char key[200], cert[200], line[200];
    int pipe_ends[2], port = 0;
    (void)snprintf(key, sizeof key, "%s", temp_path(&temp, "key"));
    (void)snprintf(cert, sizeof cert, "%s", temp_path(&temp, "cert"));
    const char *const words[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-key",
                                 key,       "-cert",    cert,      "-www",        NULL};
    ck_assert_int_eq(pipe(pipe_ends), 0);
    server = openssl(words, pipe_ends[1]);
    (void)close(pipe_ends[1]);
    said = fdopen(pipe_ends[0], "r");
    while (port == 0 && fgets(line, sizeof line, said) != NULL)
        if (sscanf(line, "ACCEPT 127.0.0.1:%d", &port) != 1)
            port = 0;
    ck_assert_int_gt(port, 0);
    return port;
}

static void setup(void)
{
    temp = temp_make();
    ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
}

static void teardown(void)
{
    if (server > 0) {
        (void)kill(server, SIGKILL);
        (void)waitpid(server, NULL, 0);
        (void)fclose(said);
    }
    temp_remove(&temp);
    curl_global_cleanup();
}

/* One request as to a portal that has a certificate of which we know who vouches for it. */
static CURLcode ask(struct transfer *transfer, int port)
{
    char url[100];
    struct portal portal = {0};
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/rest/1/code/profile", port);
    transfer_set_rest(transfer, &portal, &(struct request){.url = url});
    curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, temp_path(&temp, "cert"));
    curl_easy_setopt(transfer->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L); /* all that this server answers */
    CURLcode code = curl_easy_perform(transfer->easy);
    transfer->request = (struct request){0};
    return code;
}

START_TEST(a_handshake_says_how_long_the_certificate_is_good)
{
    make_certificate("20");
    int port = start_server();
    struct transfer *transfer = transfer_new();
    CURLcode code = ask(transfer, port);
    ck_assert_msg(code == CURLE_OK, "%s", curl_easy_strerror(code));
    struct reply reply;
    transfer_read(transfer, code, &reply);
    int64_t left_ms = reply.certificate_ms - clock_wall_ms();
    ck_assert_int_gt(left_ms, 20 * day_ms - 600000);
    ck_assert_int_le(left_ms, 20 * day_ms);
    transfer_free(transfer);
}
END_TEST

START_TEST(without_a_handshake_nothing_is_known)
{
    struct transfer *transfer = transfer_new();
    ck_assert_int_eq(transfer_certificate_ms(transfer), 0);
    ck_assert_int_ne(ask(transfer, 1), CURLE_OK);
    ck_assert_int_eq(transfer_certificate_ms(transfer), 0);
    transfer_free(transfer);
}
END_TEST

CHECK_MAIN_FIXTURE("transfer", setup, teardown, a_handshake_says_how_long_the_certificate_is_good,
                   without_a_handshake_nothing_is_known)
