#ifndef DAEMON_CONFIG_VALUE_H
#define DAEMON_CONFIG_VALUE_H

/* The kinds of value that a key may have. Every function complains to the loading's diag, with the
 * place, what is wrong and what would be right, and then returns false or NULL. */

#include "common/buf.h"
#include "common/ini.h"
#include "daemon/config/loading.h"

/* A value as it stands in a file, or the default of a key that does not stand there. */
struct given {
    const char *text;
    const struct ini_entry *entry; /* NULL: the default */
    struct place at;
};

/* Complains about byte `offset` of the value. Always returns false. */
bool given_bad(struct loading *, const struct given *, size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct range {
    int64_t least, most;
    const char *text; /* "1 to 10": for the complaint */
};

bool value_count(struct loading *, const struct given *, struct range, int64_t *ret);
/* "1048576", "512 KiB", "1 MiB". */
bool value_size(struct loading *, const struct given *, struct range, int64_t *ret);
/* "80%" as 0.8 */
bool value_percent(struct loading *, const struct given *, double *ret);
/* A plain duration; "500ms" too, which rules have no use for. */
bool value_ms(struct loading *, const struct given *, struct range, int64_t *ret);
/* The index of one of these words; `what` is the noun of the complaint. */
bool value_word(struct loading *, const struct given *, const char *what, const char *const *words,
                size_t count, size_t *ret);
/* Is it how a user is written: an id, an e-mail, or a name in quotes? (section_team.c) */
bool value_is_user(const char *text);
/* A path from the configuration's folder on, $CREDENTIALS_DIRECTORY in front of it expanded.
 * mem_free. */
char *value_path(struct loading *, const struct given *);
/* The text of that file, as the value names it; `ret` has TEXTFILE_CEILING. */
bool value_text(struct loading *, const struct given *, const char *path, struct buf *ret);
/* The secret in the file of that path. secret_free. */
char *value_secret(struct loading *, const struct given *);

#endif
