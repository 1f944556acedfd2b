#ifndef SANDBOX_SEED_H
#define SANDBOX_SEED_H

#include <jansson.h>
#include <stdint.h>

struct sandbox;

/* A small firm: people and departments, funnels and stages, custom fields, clients. */
void seed_firm(struct sandbox *);
/* So many more deals (of funnel 1, each with a contact) for those who need a crowd; no events. */
void seed_deals(struct sandbox *, int64_t count);
/* A chat with a client in an open line, bound to an object ("deal", 5). Returns CHAT_ID. */
int64_t seed_openline(struct sandbox *, const char *type, int64_t id, int64_t user);

#endif
