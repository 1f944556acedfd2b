#include "daemon/cli/ask.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "common/addr.h"
#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/percent.h"
#include "daemon/cli/out.h"
#include "daemon/cli/url.h"
#include "daemon/config/config.h"
#include "daemon/portal/wire.h"

enum { PATIENCE_MS = 15000, PATH_CEILING = 4096 };

char *ask_path_new(const char *path, const char *const *pairs)
{
    struct buf out BUF_AUTO;
    buf_init(&out, PATH_CEILING);
    buf_text(&out, path);
    char mark = '?';
    for (size_t i = 0; pairs[i] != NULL; i += 2) {
        if (pairs[i + 1] == NULL)
            continue;
        buf_char(&out, mark);
        buf_text(&out, pairs[i]);
        buf_char(&out, '=');
        percent_encode(&out, pairs[i + 1], strlen(pairs[i + 1]));
        mark = '&';
    }
    return buf_take(&out);
}

/* What is asked, and with which token. */
struct daemon {
    struct config *config; /* [server] of the configuration */
    struct diag diag;      /* what could not be read of it */
    struct addr addr;
};

static bool find_daemon(const struct args *args, struct daemon *d, struct err *err)
{
    diag_init(&d->diag);
    d->config = config_load_server(verb_config(args), &d->diag);
    if (args_has(args, OPTION_ADMIN))
        return addr_parse(args_text(args, OPTION_ADMIN, ""), ".", &d->addr, err);
    /* The usual place is no good guess when the file that would say so cannot be read. */
    if (d->config->file_count == 0)
        return err_set(err, "%s; or name the daemon with --admin ADDRESS", d->diag.entries[0].text);
    if (d->config->admin_count == 0)
        return err_set(err, "%s", d->diag.entries[0].text);
    d->addr = d->config->admin[0];
    return true;
}

static void daemon_done(struct daemon *d)
{
    config_free(d->config);
    diag_done(&d->diag);
}

/* Why the token was not good, as far as the configuration shows it. */
static const char *token_trouble(const struct daemon *d)
{
    for (size_t i = 0; i < diag_kept(&d->diag); i++)
        if (strstr(d->diag.entries[i].text, "secret file") != NULL)
            return d->diag.entries[i].text;
    return NULL;
}

static bool send_to(const struct daemon *d, const char *method, const char *path,
                    struct wire_answer *ret, struct err *err)
{
    struct url url;
    if (!url_of_addr(&d->addr, path, &url, err))
        return false;
    const struct wire_request request = {
        .method = method,
        .url = url.text,
        .unix_path = url.unix_path,
        .bearer = d->config->admin_token,
        .user_agent = "b24bridge",
        .timeout_ms = PATIENCE_MS,
    };
    bool sent = wire_request(&request, ret, err);
    url_done(&url);
    return sent || err_prefix(err, "no daemon answers at %s: ", d->addr.text);
}

static bool understand(const struct daemon *d, const struct wire_answer *answer, json_t **ret,
                       struct err *err)
{
    *ret = jv_parse_new(answer->body, answer->size, err);
    if (*ret == NULL)
        return err_prefix(err, "what answers at %s is no b24bridge: ", d->addr.text);
    const char *why = jv_text(*ret, "error", NULL);
    /* Orders that were refused one by one say so themselves. */
    if (why == NULL || json_object_get(*ret, "orders") != NULL)
        return true;
    const char *token = answer->status == 401 ? token_trouble(d) : NULL;
    return err_set(err, "the daemon at %s refuses: %s%s%s", d->addr.text, why,
                   token != NULL ? "; " : "", token != NULL ? token : "");
}

static bool ask(const struct args *args, const char *method, const char *path, json_t **ret,
                int *ret_status)
{
    struct daemon d = {0};
    struct wire_answer answer = {0};
    struct err err = {0};
    *ret = NULL;
    bool asked = wire_init(&err) && find_daemon(args, &d, &err) &&
                 send_to(&d, method, path, &answer, &err) && understand(&d, &answer, ret, &err);
    *ret_status = answer.status;
    if (!asked) {
        out_complain("%s", err.text);
        json_decref(*ret);
        *ret = NULL;
    }
    wire_answer_done(&answer);
    daemon_done(&d);
    wire_done();
    return asked;
}

bool ask_daemon(const struct args *args, const char *path, json_t **ret, int *ret_status)
{
    return ask(args, "GET", path, ret, ret_status);
}

bool order_daemon(const struct args *args, const char *path, json_t **ret, int *ret_status)
{
    return ask(args, "POST", path, ret, ret_status);
}
