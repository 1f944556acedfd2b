#ifndef COMMON_TZFILE_H
#define COMMON_TZFILE_H

/* The files of the system's time zone database: $TZDIR, then /usr/share/zoneinfo. */

#include "common/buf.h"
#include "common/err.h"

/* Adds the bytes of the zone's file to `ret`, an initialised buffer. The name may not leave the
 * database's folder. The text names the zone, and one that may have been meant. */
bool tzfile_read(const char *zone, struct buf *ret, struct err *) MUST_CHECK;

#endif
