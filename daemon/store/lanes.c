#include "daemon/store/lanes.h"

void lanes_push(struct lanes *lanes, struct store_change *change)
{
    change_push(&lanes->of[change->lane], change);
}

bool lanes_empty(const struct lanes *lanes)
{
    return lanes->of[CHANGE_ARRIVAL].head == NULL && lanes->of[CHANGE_WORK].head == NULL;
}

void lanes_append(struct lanes *to, struct lanes *from)
{
    for (int lane = 0; lane < CHANGE_LANES; lane++)
        change_append(&to->of[lane], &from->of[lane]);
}

struct store_change *lanes_pop(struct lanes *lanes, enum change_lane lane)
{
    struct store_change *change = change_pop(&lanes->of[lane]);
    enum change_lane other = lane == CHANGE_ARRIVAL ? CHANGE_WORK : CHANGE_ARRIVAL;
    return change != NULL ? change : change_pop(&lanes->of[other]);
}

void lanes_put_back(struct lanes *lanes, struct change_list *list)
{
    struct lanes again = {0};
    for (struct store_change *change; (change = change_pop(list)) != NULL;)
        lanes_push(&again, change);
    lanes_append(&again, lanes);
    *lanes = again;
}
