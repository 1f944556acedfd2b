#include "daemon/engine/rota.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"

enum { REMEMBERED = 256 }; /* turns a team; a sitting lasts seconds */

struct rotation {
    int64_t portal;
    char *team;
    int64_t turn, last;
    struct {
        int64_t user, mono_ms;
    } given[REMEMBERED]; /* the newest stands at (turn - 1) % REMEMBERED */
};

struct rota {
    pthread_mutex_t lock; /* guards all below */
    struct rotation **rotations;
    size_t count;
};

struct rota *rota_new(void)
{
    struct rota *r = mem_alloc(sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void rota_free(struct rota *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++) {
        mem_free(r->rotations[i]->team);
        mem_free(r->rotations[i]);
    }
    mem_free(r->rotations);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

static struct rotation *rotation_locked(struct rota *r, int64_t portal, const char *team)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rotations[i]->portal == portal && strcmp(r->rotations[i]->team, team) == 0)
            return r->rotations[i];
    struct rotation *rotation = mem_alloc(sizeof *rotation);
    *rotation = (struct rotation){.portal = portal, .team = mem_strdup(team)};
    r->rotations = mem_grow(r->rotations, r->count + 1, sizeof(struct rotation *));
    r->rotations[r->count++] = rotation;
    return rotation;
}

void rota_restore(struct rota *r, int64_t portal, const json_t *teams)
{
    const char *team;
    json_t *row;
    pthread_mutex_lock(&r->lock);
    json_object_foreach (jv_loose(teams), team, row) {
        struct rotation *rotation = rotation_locked(r, portal, team);
        rotation->turn = jv_int(row, "turn", 0);
        rotation->last = jv_int(row, "last", 0);
    }
    pthread_mutex_unlock(&r->lock);
}

static void count_one(json_t *given, int64_t user)
{
    char id[24];
    (void)snprintf(id, sizeof id, "%" PRId64, user);
    (void)json_object_set_new(given, id,
                              json_integer(1 + json_integer_value(json_object_get(given, id))));
}

json_t *rota_fact_new(struct rota *r, int64_t portal, const char *team, int64_t since_mono_ms)
{
    json_t *given = json_object();
    pthread_mutex_lock(&r->lock);
    const struct rotation *rotation = rotation_locked(r, portal, team);
    for (int64_t i = 1; i <= REMEMBERED && i <= rotation->turn; i++) {
        size_t at = (size_t)((rotation->turn - i) % REMEMBERED);
        if (rotation->given[at].user == 0 || rotation->given[at].mono_ms < since_mono_ms)
            break;
        count_one(given, rotation->given[at].user);
    }
    json_t *fact = json_pack("{s:I, s:I, s:o}", "turn", (json_int_t)rotation->turn, "last",
                             (json_int_t)rotation->last, "given", given);
    pthread_mutex_unlock(&r->lock);
    return fact;
}

bool rota_take(struct rota *r, int64_t portal, const char *team, int64_t turn, int64_t user,
               int64_t now_mono_ms)
{
    pthread_mutex_lock(&r->lock);
    struct rotation *rotation = rotation_locked(r, portal, team);
    bool ours = rotation->turn == turn;
    if (ours) {
        size_t at = (size_t)(rotation->turn % REMEMBERED);
        rotation->given[at].user = user;
        rotation->given[at].mono_ms = now_mono_ms;
        rotation->turn++;
        rotation->last = user;
    }
    pthread_mutex_unlock(&r->lock);
    return ours;
}
