/** Who holds the lock of a folder, as text that people read:
 *
 *      nntrain writes to this folder; do not remove this file while it does
 *      host: node7
 *      pid: 4711
 *      boot id: 6ea96ab6-9e2d-4f9f-a7a1-5f2ec15ee05b
 *      job: 123456
 *      run id: 5f0c1d9a3b...
 *      since: 2026-03-01T12:00:00Z
 *
 *  The first line is for readers only; a line without a value is left out. */
#ifndef STORE_HOLDER_H
#define STORE_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "nntrain/store.h"

enum { NNT_HOLDER_FIELD_SIZE = 65, NNT_HOLDER_TEXT_SIZE = 1024, NNT_HOLDER_LINE_SIZE = 320 };

/** Each member is printable and may be empty; without a run id there is no holder. */
typedef struct nnt_holder {
  char host[NNT_HOLDER_FIELD_SIZE];
  char process[NNT_HOLDER_FIELD_SIZE];
  char boot[NNT_HOLDER_FIELD_SIZE]; /* of the host's kernel since it started: the same for all
                                       processes and containers on it, another after a restart */
  char job[NNT_HOLDER_FIELD_SIZE];  /* of Slurm, PBS or LSF */
  char run[NNT_HOLDER_FIELD_SIZE];  /* NNT_RUN_ID_SIZE - 1 random hexadecimal digits */
  char since[NNT_HOLDER_FIELD_SIZE];
} nnt_holder;

/** The calling process, with a new run id. Local; NNT_EIO if there are no random numbers. */
NNT_MUST_CHECK nnt_status nnt_holder_init(nnt_holder *out);

/** Returns the length. Local; cannot fail. */
size_t nnt_holder_print(const nnt_holder *holder, char text[NNT_HOLDER_TEXT_SIZE]);

/** Understands a text from a file; what is too long or not printable is left out.
 *  Local; false if there is no run id of the right form. */
bool nnt_holder_parse(const char *text, size_t length, nnt_holder *out);

/** Has the holder ended, or is it about to: killed, with a call on its way that nothing can stop? To
 *  be asked on its own machine only, which the boot ids tell.
 *  self [in] the calling process
 *  Local; cannot fail: false if it is another machine's. Source: proc(5), status. */
bool nnt_holder_is_ending(const nnt_holder *holder, const nnt_holder *self);

/** "pid 4711 on node7, job 123456, since 2026-03-01T12:00:00Z, run id 5f0c...". Local; cannot fail.
 */
void nnt_holder_describe(const nnt_holder *holder, char text[NNT_HOLDER_LINE_SIZE]);

#endif
