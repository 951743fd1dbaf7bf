/** Instruction sets for which the numerical code is compiled, and the one to use. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include "nntrain/types.h"

/** Can this processor run code for `isa`, and does the system keep its registers? Local; cannot
 *  fail. */
bool nnt_isa_runs(nnt_isa isa);

#endif
