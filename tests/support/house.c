#include "tests/support/house_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"

/* ---- starting -------------------------------------------------------------------------------- */

/* "…127.0.0.1:43217…" behind a word of the log. */
static bool find_address(const char *log, const char *word, char out[64])
{
    const char *at = strstr(log, word);
    at = at != NULL ? strstr(at, "127.0.0.1:") : NULL;
    size_t size = at != NULL ? strspn(at, "0123456789.:") : 0;
    if (size == 0 || size > 21 || strchr(at, '\n') == NULL)
        return false;
    (void)snprintf(out, 64, "http://%.*s", (int)size, at);
    return true;
}

static bool sandbox_listens(struct house *h)
{
    char *log = house_file_read(h->sandbox_log);
    bool found = find_address(log, "", h->portal_url);
    mem_free(log);
    return found;
}

static void start_sandbox(struct house *h)
{
    char rate[32];
    (void)snprintf(rate, sizeof rate, "%g", h->options.rate);
    const char *arguments[] = {"b24sandbox",    "--listen", "127.0.0.1:0", "--code",
                               HOUSE_HOOK_CODE, "--token",  HOUSE_TOKEN,   "--member",
                               HOUSE_MEMBER,    "--rate",   rate,          NULL};
    h->sandbox = house_spawn(h, house_binary(h, "B24SANDBOX"), arguments, h->sandbox_log,
                             h->sandbox_log, -1);
    HOUSE_UNTIL_WITHIN(h, HOUSE_START_S, sandbox_listens(h));
}

/* What a house has otherwise than config/b24bridge.ini; these lines follow the section's head. */
static char *own_lines(const struct house *h, const char *section)
{
    /* The first start lets the kernel choose; later ones come back to the same port. */
    const char *open = h->public_url[0] != '\0' ? h->public_url + strlen("http://") : "127.0.0.1:0";
    const char *admin = h->admin_url[0] != '\0' ? h->admin_url + strlen("http://") : "127.0.0.1:0";
    const char *server = h->options.server != NULL ? h->options.server : "";
    const char *portal = h->options.portal != NULL ? h->options.portal : "";
    const char *plan = h->options.plan != NULL ? h->options.plan : "self-hosted";
    int64_t debounce_ms = h->options.debounce_ms > 0 ? h->options.debounce_ms : 30;
    if (strcmp(section, "[server]") == 0)
        return mem_printf("listen = %s\n"
                          "admin = unix:admin.sock\n"
                          "admin = %s\n"
                          "admin-token-file = admin-token\n"
                          "database = b24bridge.db\n"
                          "%s\n",
                          open, admin, server);
    if (strcmp(section, "[portal main]") == 0)
        return mem_printf("url-file = portal-url\n"
                          "token-file = portal-token\n"
                          "token-file = app-token\n"
                          "robot-key-file = robot-key\n"
                          "plan = %s\n"
                          "debounce = %lldms\n"
                          "%s\n",
                          plan, (long long)debounce_ms, portal);
    return mem_strdup("");
}

/* Is this line of the installed file one that the house says itself? */
static bool is_replaced(const char *line, const char *own)
{
    size_t key = strcspn(line, " =\n");
    for (const char *at = own; key > 0 && *at != '\0'; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, key) == 0 && strchr(" =", at[key]) != NULL)
            return true;
    return false;
}

/* config/b24bridge.ini as it is installed, but for those lines. mem_free. */
static char *config_text(const struct house *h)
{
    struct buf out BUF_AUTO;
    buf_init(&out, HOUSE_FILE_MOST);
    char *installed = house_file_read("config/b24bridge.ini");
    char *own = mem_strdup("");
    if (installed[0] == '\0')
        house_fail(h, "no config/b24bridge.ini here: run this from the source tree");
    size_t size;
    for (const char *line = installed; *line != '\0'; line += size + (line[size] == '\n')) {
        size = strcspn(line, "\n");
        if (!is_replaced(line, own)) {
            buf_add(&out, line, size);
            buf_char(&out, '\n');
        }
        if (line[0] != '[')
            continue;
        mem_free(own);
        char *section = mem_strndup(line, size);
        own = own_lines(h, section);
        buf_text(&out, own);
        mem_free(section);
    }
    mem_free(own);
    mem_free(installed);
    return buf_take(&out);
}

static void write_config(struct house *h)
{
    char *url = mem_printf("%s/rest/%d/%s/\n", h->portal_url, HOUSE_HOOK_USER, HOUSE_HOOK_CODE);
    char *text = config_text(h);
    char *holidays = house_file_read("config/holidays-ru.txt");
    house_file_write(h, "b24bridge.ini", text);
    house_file_write(h, "holidays-ru.txt", holidays);
    house_file_write(h, "portal-url", url);
    house_file_write(h, "portal-token", HOUSE_TOKEN "\n");
    house_file_write(h, "app-token", HOUSE_APP_TOKEN "\n");
    house_file_write(h, "robot-key", HOUSE_ROBOT_KEY "\n");
    house_file_write(h, "admin-token", HOUSE_ADMIN_TOKEN "\n");
    mem_free(holidays);
    mem_free(text);
    mem_free(url);
}

/* All of `from` in the text becomes `to`. mem_free. */
static char *swap_text(const char *text, const struct house_swap *swap)
{
    struct buf out BUF_AUTO;
    buf_init(&out, HOUSE_FILE_MOST);
    const char *next;
    while (swap->from != NULL && (next = strstr(text, swap->from)) != NULL) {
        buf_add(&out, text, (size_t)(next - text));
        buf_text(&out, swap->to);
        text = next + strlen(swap->from);
    }
    buf_text(&out, text);
    return buf_take(&out);
}

static void copy_rules(struct house *h)
{
    glob_t found;
    if (glob("config/rules.d/*.ini", 0, NULL, &found) != 0)
        house_fail(h, "no config/rules.d here: run this from the source tree");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = house_file_read(found.gl_pathv[i]);
        char *swapped = swap_text(text, &h->options.swap);
        house_file_write(h, found.gl_pathv[i] + strlen("config/"), swapped);
        mem_free(swapped);
        mem_free(text);
    }
    globfree(&found);
}

static bool is_ready(struct house *h)
{
    struct wire_request request = {.method = "GET",
                                   .url = "http://localhost/ready",
                                   .unix_path = h->socket,
                                   .timeout_ms = HOUSE_ANSWER_MS};
    struct wire_answer answer;
    struct err err = {0};
    if (house_has_ended(h->daemon))
        house_fail(h, "b24bridge serve has ended at once");
    if (!wire_request(&request, &answer, &err))
        return false;
    int status = answer.status;
    wire_answer_done(&answer);
    return status == 200;
}

/* /health says where the kernel put us: public addresses first, then the admin's. */
static void learn_addresses(struct house *h)
{
    int status;
    char *text = house_get(h, "/health", &status);
    struct err err = {0};
    JV_AUTO *health = jv_parse_new(text, strlen(text), &err);
    const char *open = jv_text(health, "listen.0", "");
    const char *admin = "";
    size_t i;
    json_t *one;
    json_array_foreach (json_object_get(health, "listen"), i, one)
        if (i > 0 && strncmp(json_string_value(one), "127.0.0.1:", 10) == 0)
            admin = json_string_value(one);
    if (open[0] == '\0' || admin[0] == '\0')
        house_fail(h, "/health does not say where the daemon listens: %s", text);
    (void)snprintf(h->public_url, sizeof h->public_url, "http://%s", open);
    (void)snprintf(h->admin_url, sizeof h->admin_url, "http://%s", admin);
    mem_free(text);
}

void house_launch(struct house *h)
{
    const char *arguments[] = {"b24bridge", "serve", "-c", h->config, NULL};
    write_config(h);
    h->daemon = house_spawn(h, house_binary(h, "B24BRIDGE"), arguments, h->daemon_log,
                            h->daemon_log, h->public_socket);
}

void house_start(struct house *h)
{
    house_launch(h);
    HOUSE_UNTIL_WITHIN(h, HOUSE_START_S, is_ready(h));
    learn_addresses(h);
    write_config(h); /* with the ports, for the verbs and for the next start */
}

static bool waits_to_take_over(const struct house *h, const char *from)
{
    char *log = house_file_read(h->daemon_log);
    bool waits = strstr(log + strlen(from), "ready to take over") != NULL;
    mem_free(log);
    return waits;
}

int house_take_over(struct house *h)
{
    const char *arguments[] = {"b24bridge", "serve", "-c", h->config, "--take-over", NULL};
    pid_t old = h->daemon;
    char *log = house_file_read(h->daemon_log);
    h->daemon =
        house_spawn(h, house_binary(h, "B24BRIDGE"), arguments, h->daemon_log, h->daemon_log, -1);
    HOUSE_UNTIL_WITHIN(h, HOUSE_START_S, waits_to_take_over(h, log));
    mem_free(log);
    (void)kill(old, SIGTERM);
    int code = house_wait_for_end(old, HOUSE_STOP_MS);
    HOUSE_UNTIL_WITHIN(h, HOUSE_START_S, is_ready(h));
    return code;
}

void house_rules(struct house *h, const char *rules)
{
    const struct house_swap swap = {"@PORTAL@", h->portal_url};
    char *text = swap_text(rules, &swap);
    house_file_write(h, "rules.d/10-test.ini", text);
    mem_free(text);
}

static void subscribe(struct house *h)
{
    json_decref(house_control(h, json_pack("{ss ss so}", "do", "subscribe", "event", "*", "url",
                                           json_sprintf("%s/hook/main", h->public_url))));
}

static void name_paths(struct house *h)
{
    (void)snprintf(h->config, sizeof h->config, "%s/b24bridge.ini", h->folder);
    (void)snprintf(h->socket, sizeof h->socket, "%s/admin.sock", h->folder);
    (void)snprintf(h->daemon_log, sizeof h->daemon_log, "%s/daemon.log", h->folder);
    (void)snprintf(h->sandbox_log, sizeof h->sandbox_log, "%s/sandbox.log", h->folder);
}

/* A socket that stays open while daemons come and go. */
static int open_public(const struct house *h)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, SOMAXCONN) != 0)
        house_fail(h, "cannot open a socket: %s", strerror(errno));
    return fd;
}

struct house *house_open(const struct house_options *options)
{
    struct house *h = mem_alloc(sizeof *h);
    struct err err = {0};
    *h = (struct house){
        .options = *options, .folder = "/tmp/b24bridge-house-XXXXXX", .public_socket = -1};
    if (mkdtemp(h->folder) == NULL || !wire_init(&err))
        house_fail(h, "cannot begin: %s", err.text[0] != '\0' ? err.text : strerror(errno));
    name_paths(h);
    house_keeper_start(h);
    if (options->handed_over)
        h->public_socket = open_public(h);
    start_sandbox(h);
    char *rules = mem_printf("%s/rules.d", h->folder);
    if (mkdir(rules, 0700) != 0)
        house_fail(h, "cannot make %s", rules);
    mem_free(rules);
    if (options->rules != NULL)
        house_rules(h, options->rules);
    else
        copy_rules(h);
    house_start(h);
    subscribe(h);
    return h;
}

/* ---- ending ---------------------------------------------------------------------------------- */

void house_fail(const struct house *h, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    h->options.fail(text);
}

void house_kill(struct house *h)
{
    (void)kill(h->daemon, SIGKILL);
    if (house_wait_for_end(h->daemon, HOUSE_STOP_MS) < 0)
        house_fail(h, "b24bridge does not die");
    h->daemon = 0;
}

int house_stop(struct house *h)
{
    (void)kill(h->daemon, SIGTERM);
    int code = house_wait_for_end(h->daemon, HOUSE_STOP_MS);
    if (code >= 0)
        h->daemon = 0;
    return code;
}

void house_close(struct house *h)
{
    int code = h->daemon > 0 ? house_stop(h) : 0;
    if (code != 0)
        house_fail(h,
                   code < 0 ? "b24bridge did not end within ten seconds of SIGTERM"
                            : "b24bridge ended with %d",
                   code);
    (void)kill(h->sandbox, SIGTERM);
    code = house_wait_for_end(h->sandbox, HOUSE_STOP_MS);
    if (code != 0)
        house_fail(h, "b24sandbox ended with %d", code);
    if (h->public_socket >= 0)
        (void)close(h->public_socket);
    house_folder_remove(h->folder);
    house_keeper_dismiss(h);
    wire_done();
    mem_free(h);
}

void house_leave(struct house *h)
{
    house_keeper_dismiss(h);
    wire_done();
    mem_free(h);
}

const char *house_folder(const struct house *h)
{
    return h->folder;
}

const char *house_config(const struct house *h)
{
    return h->config;
}

const char *house_portal_url(const struct house *h)
{
    return h->portal_url;
}

const char *house_public_url(const struct house *h)
{
    return h->public_url;
}

const char *house_admin_url(const struct house *h)
{
    return h->admin_url;
}

const char *house_socket(const struct house *h)
{
    return h->socket;
}

pid_t house_daemon_pid(const struct house *h)
{
    return h->daemon;
}

pid_t house_sandbox_pid(const struct house *h)
{
    return h->sandbox;
}

char *house_daemon_log(const struct house *h)
{
    return house_file_read(h->daemon_log);
}

char *house_sandbox_log(const struct house *h)
{
    return house_file_read(h->sandbox_log);
}
