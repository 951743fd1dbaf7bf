/** What a dry run tells the user. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <stdio.h>

#include "nntrain/train.h"

/** Prints lines "key: value", sizes in bytes, times in seconds. Local; cannot fail: errors stay in
 *  the stream. */
void nnt_plan_print(const nnt_plan *plan, FILE *stream);

#endif
