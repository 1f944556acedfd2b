/* POST /api/reload orders what SIGHUP does, GET /api/reload tells what came of it. In two steps: in
 * between the admin itself is exchanged for the one of the new configuration. */

#include "common/jv.h"
#include "common/log.h"
#include "daemon/admin/parts.h"
#include "daemon/admin/show.h"

void order_reload(struct admin *a, struct http_request *r, const json_t *query)
{
    char who[OPERATOR_NAME_SIZE];
    (void)query; /* `by` is read by operator_name */
    operator_name(r, who);
    int64_t number = a->options.reload(a->options.reload_arg);
    log_info("operator says=reload number=%lld who=\"%s\"", (long long)number, who);
    answer_json(r, 202,
                json_pack("{s:I, s:s}", "number", (json_int_t)number, "state", "under way"));
}

json_t *api_reload(struct admin *a, const json_t *query, int *ret_status, struct err *err)
{
    (void)err;
    *ret_status = 200;
    json_t *told = a->options.reloaded(a->options.reload_arg, jv_int(query, "number", 0));
    show_times(a->options.config, told);
    return told;
}
