#include "daemon/store/space.h"

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/store/migrate.h"

enum {
    INCREMENTAL = 2,     /* of PRAGMA auto_vacuum */
    KEEP_PAGES = 1024,   /* 4 MiB stay free however small the file is, */
    KEEP_PART = 16,      /* and so does a sixteenth of it; */
    WORTH_PART = 8,      /* below an eighth nothing is done */
    LOOK_MS = 60 * 1000, /* while there is nothing to give back */
    PRUNED_MS = 1000,    /* so long after a step of pruning: the next one may be near */
    STEP_EVERY_MS = 50,  /* while there is: a tenth of the writer's time at most */
    STEP_LEAST = 4,
    STEP_MOST = 64,
    STEP_US = 5000, /* of a step, its flush included; an arrival may have to wait for one */
};

bool space_init(struct space *space, struct db *db, struct err *err)
{
    int64_t mode = 0;
    *space = (struct space){.db = db, .pages = STEP_LEAST};
    if (!migrate_number(db, "PRAGMA auto_vacuum", &mode, err))
        return false;
    space->able = mode == INCREMENTAL;
    return true;
}

/* How many pages are too many. */
static bool look(struct space *space, int64_t *ret, struct err *err)
{
    int64_t all = 0, unused = 0;
    if (!migrate_number(space->db, "PRAGMA page_count", &all, err) ||
        !migrate_number(space->db, "PRAGMA freelist_count", &unused, err))
        return false;
    int64_t keep = all / KEEP_PART > KEEP_PAGES ? all / KEEP_PART : KEEP_PAGES;
    bool worth = space->more || (unused > all / WORTH_PART && unused > 2 * KEEP_PAGES);
    *ret = worth && unused > keep ? unused - keep : 0;
    return true;
}

static bool give_back(struct space *space, int64_t pages, struct err *err)
{
    int64_t began_us = clock_mono_us();
    char *sql = mem_printf("PRAGMA incremental_vacuum(%d)", (int)pages);
    bool given = db_run(space->db, sql, err);
    mem_free(sql);
    int64_t took_us = clock_mono_us() - began_us;
    if (took_us > STEP_US && space->pages > STEP_LEAST)
        space->pages /= 2;
    else if (took_us < STEP_US / 3 && space->pages < STEP_MOST)
        space->pages *= 2;
    space->given += given ? pages : 0;
    return given;
}

void space_pruned(struct space *space, int64_t now_ms)
{
    space->next_ms = now_ms + PRUNED_MS;
}

bool space_due(const struct space *space, int64_t now_ms)
{
    return space->able && now_ms >= space->next_ms;
}

bool space_step(struct space *space, int64_t now_ms, struct err *err)
{
    int64_t too_many = 0;
    if (!look(space, &too_many, err))
        return false;
    space->more = too_many > 0;
    space->next_ms = now_ms + (space->more ? STEP_EVERY_MS : LOOK_MS);
    return !space->more || give_back(space, too_many < space->pages ? too_many : space->pages, err);
}
