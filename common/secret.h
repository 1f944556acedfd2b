#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

/* Secrets from files, and their comparison. */

#include <stdbool.h>

#include "common/err.h"

/* Reads the one line of a secret file (trailing newline and blanks cut). Errors: missing, not a
 * regular file, open to others (mode & 007) or to a group (mode & 070) that is neither root nor the
 * process's own, empty, over 4 KiB, several lines, control characters. Group bits are allowed below
 * systemd's $CREDENTIALS_DIRECTORY. The text never appears in an error. The caller wipes and frees
 * with secret_free. */
char *secret_read(const char *path, struct err *) MUST_CHECK;
void secret_free(char *secret);

/* Equal? Time depends on the length of `given` only, never on where they differ. NULL is equal to
 * nothing, and so is the empty text. */
bool secret_same(const char *known, const char *given);

#endif
