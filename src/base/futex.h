/** Sleeping in the kernel until a word in memory changes, for threads and for processes that share
 *  the memory. Source: futex(2). */
#ifndef BASE_FUTEX_H
#define BASE_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/** Sleeps if the word has this value, until nnt_futex_wake() is called for it, or for no reason.
 *  Local; cannot fail. */
void nnt_futex_sleep(_Atomic uint32_t *word, uint32_t value);

/** Wakes all that sleep on the word. Local; cannot fail. */
void nnt_futex_wake(_Atomic uint32_t *word);

/** Tells the processor that the caller looks at a word again and again. */
static inline void nnt_pause(void)
{
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

#endif
