#include "common/form.h"

#include "common/jv.h"
#include "tests/fuzz/fuzz.h"

static json_t *decode(const char *bytes, size_t size)
{
    struct err err = {0};
    bool twice = false;
    json_t *tree = form_decode(bytes, size, "auth[application_token]", &twice, &err);
    fuzz_must((tree == NULL) == (err.text[0] != '\0'));
    return tree;
}

/* What was understood once is understood again, and as the same. */
static void there_and_back(const json_t *tree, bool brackets_plain)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 8 * FUZZ_MOST);
    form_encode(&text, tree, brackets_plain);
    JV_AUTO *again = decode(text.data, text.size);
    fuzz_must(text.full || (again != NULL && json_equal(tree, again)));
}

void fuzz_form(const uint8_t *data, size_t size)
{
    JV_AUTO *tree = decode((const char *)data, size);
    if (tree == NULL)
        return;
    there_and_back(tree, false);
    there_and_back(tree, true);
}
