/* One libFuzzer target: TARGET is the entry it feeds. */

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= FUZZ_MOST)
        TARGET(data, size);
    return 0;
}
