#ifndef DAEMON_CONFIG_TEXTFILE_H
#define DAEMON_CONFIG_TEXTFILE_H

/* Configuration files read whole, and the folder of them. */

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

enum { TEXTFILE_CEILING = (4 << 20) + 1 }; /* one byte more than ini.h takes, which says so */

/* Reads a regular file into `ret` (initialised by the caller with a ceiling; what is beyond it is
 * left). The error is the system's reason alone: the caller knows the name. */
bool textfile_read(const char *path, struct buf *ret, struct err *) MUST_CHECK;

/* Paths of the folder's *.ini in name order, hidden ones left out: *ret_paths and each of them
 * mem_free. A folder that does not exist holds none. */
bool textfile_list(const char *folder, char ***ret_paths, size_t *ret_count,
                   struct err *) MUST_CHECK;

/* `path` from `folder` on; an absolute one stays. mem_free. */
char *textfile_join(const char *folder, const char *path);

#endif
