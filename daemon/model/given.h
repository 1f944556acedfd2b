#ifndef DAEMON_MODEL_GIVEN_H
#define DAEMON_MODEL_GIVEN_H

/* What a deputy was given by a rule in the place of somebody who was away. It goes back when he is
 * there again, if the deputy still has it and it is still open. */

#include <stdint.h>

#include "daemon/model/entity.h"

struct given {
    int64_t owner, deputy; /* users: whom it was meant for, who has it */
    struct entity what;    /* a record, a task, an activity */
    struct entity run;     /* the entity of the run that gave it: `why` tells of it there */
};

#endif
