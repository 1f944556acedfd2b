#ifndef DAEMON_CONFIG_HOOK_H
#define DAEMON_CONFIG_HOOK_H

/* The URL of an inbound webhook, https://HOST/rest/USER/CODE/ (bitrix24.md §3.1): it is the whole
 * secret of a portal, so no error here quotes any of it. Pure. */

#include "common/err.h"

/* *ret_url gets the URL with its final slash, *ret_site what stands before /rest/ without one: for
 * links. Both owned (secret_free, mem_free). Plain http is for loopback only. The error reads on
 * from "the URL in "FILE" ". */
bool hook_parse(const char *text, char **ret_url, char **ret_site, struct err *) MUST_CHECK;

#endif
