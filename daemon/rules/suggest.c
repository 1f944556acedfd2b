#include "daemon/rules/suggest.h"

#include "common/buf.h"
#include "common/near.h"

enum { LIST_MOST = 480 }; /* bytes of names in one message */

static void list_names(struct buf *out, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] == NULL)
            continue;
        if (out->size > 0)
            buf_text(out, ", ");
        buf_text(out, names[i]);
    }
}

bool suggest(struct diag *diag, struct place at, const char *what, const char *wrong,
             const char *const *names, size_t count)
{
    const char *near = near_name(wrong, names, count);
    if (near != NULL)
        return diag_add(diag, at, "unknown %s \"%s\"; did you mean \"%s\"?", what, wrong, near);
    struct buf list BUF_AUTO;
    buf_init(&list, LIST_MOST);
    list_names(&list, names, count);
    if (list.size == 0)
        return diag_add(diag, at, "unknown %s \"%s\"; there are none here", what, wrong);
    if (list.full) /* too many to be of help */
        return diag_add(diag, at, "unknown %s \"%s\"", what, wrong);
    return diag_add(diag, at, "unknown %s \"%s\"; there are: %s", what, wrong, list.data);
}

bool suggest_missing(struct diag *diag, struct place at, const char *what, const char *const *names,
                     size_t count)
{
    struct buf list BUF_AUTO;
    buf_init(&list, LIST_MOST);
    list_names(&list, names, count);
    return diag_add(diag, at, "%s is missing; there are: %s", what, list.data);
}

bool suggest_listed(struct diag *diag, struct place at, const char *what, const char *wrong,
                    const char *const *names)
{
    size_t count = 0;
    while (names != NULL && names[count] != NULL)
        count++;
    return suggest(diag, at, what, wrong, names, count);
}
