/** A thread that does one piece of work beside the main one: again and again, or when asked to. */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>

#include "nntrain/status.h"

typedef struct nnt_background nnt_background;

/** Starts a thread that calls `work(context)` every `period` seconds, and at once when asked. It
 *  gets no signals: those that ask for a stop are the main thread's.
 *  period [in] INFINITY: only when asked   stack [in] of the thread, in bytes
 *  Local; NNT_ENOMEM. The caller owns *out: nnt_background_destroy(). `context` must outlive it. */
NNT_MUST_CHECK nnt_status nnt_background_create(nnt_background **out, void (*work)(void *),
                                                void *context, double period, size_t stack);

/** Ends the thread, after the work that it has been asked for. Local; cannot fail. */
void nnt_background_destroy(nnt_background *background);

/** Asks for the work. What the caller has written before, the work sees. Must not be called while
 *  it is busy with what it was asked for before.
 *  Local; cannot fail. */
void nnt_background_ask(nnt_background *background);

/** Has it been asked for work that is not done yet? If not, the caller sees what the work has
 *  written. Local; cannot fail. Cost: one load. */
bool nnt_background_is_busy(const nnt_background *background);

/** Waits until it is not busy. Local; cannot fail. */
void nnt_background_wait(nnt_background *background);

#endif
