#include "common/date.h"

/* The year is counted from March, so that the leap day is its last; an era is 400 years. */
enum { ERA_DAYS = 146097, ERA_YEARS = 400, EPOCH_FROM_ERA = 719468 };

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int64_t date_floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int64_t date_number(int64_t year, int64_t month, int64_t day)
{
    int64_t months = month - 3; /* since March of `year` */
    year += date_floor_div(months, 12);
    months -= date_floor_div(months, 12) * 12;
    int64_t era = date_floor_div(year, ERA_YEARS);
    int64_t year_of_era = year - era * ERA_YEARS;
    int64_t day_of_year = (153 * months + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_FROM_ERA;
}

struct date date_of(int64_t number)
{
    number += EPOCH_FROM_ERA;
    int64_t era = date_floor_div(number, ERA_DAYS);
    int64_t day_of_era = number - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153; /* 0 = March */
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct date){
        .year = (int)(era * ERA_YEARS + year_of_era + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
    };
}

int date_weekday(int64_t number)
{
    int64_t since_monday = number + 3; /* 1970-01-01 was a Thursday */
    return (int)(since_monday - date_floor_div(since_monday, 7) * 7) + 1;
}

int date_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool date_valid(struct date d)
{
    return d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= date_month_days(d.year, d.month);
}
