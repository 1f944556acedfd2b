#include "daemon/store/pace.h"

int pace_rows(const struct pace *pace)
{
    if (pace->frames <= PACE_FRAMES)
        return PACE_MOST_ROWS;
    int rows = PACE_MOST_ROWS * PACE_FRAMES / pace->frames;
    return rows > PACE_LEAST_ROWS ? rows : PACE_LEAST_ROWS;
}

/* More is believed at once, less little by little. */
void pace_learn(struct pace *pace, int rows, int frames)
{
    if (rows < PACE_LEAST_ROWS)
        return;
    int seen = (int)((long long)frames * PACE_MOST_ROWS / rows);
    pace->frames = seen > pace->frames ? seen : (pace->frames * 3 + seen) / 4;
}
