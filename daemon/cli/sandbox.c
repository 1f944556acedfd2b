#include "daemon/cli/verb.h"
#include "sandbox/front.h"

const struct verb verb_sandbox = {
    .name = "sandbox",
    .operands = "",
    .help = "a stand-in portal on loopback: limits, batch, errors, events, faults",
    .run_raw = sandbox_main,
};
