/** Threads that help a main thread with work of which each can do a part, or none.
 *
 *  The main thread posts what there is to do now, and goes on; it never waits for a helper. A helper
 *  looks at what was posted last, so one that the system has not run for a while misses what is
 *  past. Whoever does a part of the work has claimed it before: see base/team.h. */
#ifndef BASE_HELPERS_H
#define BASE_HELPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"

typedef struct nnt_helpers nnt_helpers;

/** What helpers do.
 *  helper [in] which one, from 0   post [in] what was posted last; a helper may see the same twice,
 *  and may still be at it when the next is posted */
typedef void nnt_helpers_work(void *context, size_t helper, uint64_t post);

/** Starts `count` threads, which get no signals.
 *  out [out] NULL if count is 0
 *  spins [in] each has a core: waiting for the next post spins shortly before it sleeps
 *  Local; NNT_ENOMEM. The caller owns *out: nnt_helpers_destroy(). `context` must outlive it. */
NNT_MUST_CHECK nnt_status nnt_helpers_create(nnt_helpers **out, size_t count, bool spins,
                                             nnt_helpers_work *work, void *context);

/** Ends the threads, after what they are doing. Local; does nothing for NULL; cannot fail. */
void nnt_helpers_destroy(nnt_helpers *helpers);

/** Posts what there is to do. What the caller has written before, the work sees.
 *  helpers [in,out] NULL: there are none
 *  Local; cannot fail. Cost: one cache line to the helpers, and a system call if one sleeps. */
void nnt_helpers_post(nnt_helpers *helpers, uint64_t post);

#endif
