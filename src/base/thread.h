/** Starting threads beside the main one. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

#include "nntrain/status.h"

/** Starts a thread that runs `body(context)`. It gets no signals: those that ask for a stop are the
 *  main thread's.
 *  stack [in] of the thread, in bytes
 *  Local; NNT_ENOMEM. The caller joins it. */
NNT_MUST_CHECK nnt_status nnt_thread_start(pthread_t *out, void *(*body)(void *), void *context,
                                           size_t stack);

#endif
