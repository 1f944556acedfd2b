#ifndef COMMON_DATE_H
#define COMMON_DATE_H

/* Dates of the Gregorian calendar as day numbers (0 = 1970-01-01), without any zone. Pure. */

#include <stdbool.h>
#include <stdint.h>

#define DATE_DAY_SECONDS 86400

struct date {
    int year, month, day; /* month 1-12, day 1-31 */
};

/* Day and month may overflow (month 13 is January of the next year). */
int64_t date_number(int64_t year, int64_t month, int64_t day);
struct date date_of(int64_t number);
int date_weekday(int64_t number); /* 1 Monday … 7 Sunday */
int date_month_days(int year, int month);
bool date_valid(struct date);

/* Division that rounds down, also before 1970. */
int64_t date_floor_div(int64_t value, int64_t by);

#endif
