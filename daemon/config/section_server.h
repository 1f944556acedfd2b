#ifndef DAEMON_CONFIG_SECTION_SERVER_H
#define DAEMON_CONFIG_SECTION_SERVER_H

/* The keys of [server], for the table in keys.c. */

#include "daemon/config/value.h"

bool server_read_listen(struct loading *, const struct given *);
bool server_read_admin(struct loading *, const struct given *);
bool server_read_database(struct loading *, const struct given *);
bool server_read_keep(struct loading *, const struct given *);
bool server_read_max_body(struct loading *, const struct given *);
bool server_read_max_queue(struct loading *, const struct given *);
bool server_read_senders(struct loading *, const struct given *);
bool server_read_http_allow(struct loading *, const struct given *);
bool server_read_admin_token(struct loading *, const struct given *);

#endif
