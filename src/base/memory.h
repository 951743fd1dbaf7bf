/** Checked allocation. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"

/** product = a * b. Local; false if that overflows, and `product` is then left alone. */
NNT_MUST_CHECK bool nnt_size_multiply(size_t a, size_t b, size_t *product);

/** Allocates count * size bytes, zeroed, aligned to 64 bytes.
 *  what [in] names the memory in the message, for instance "the gradients".
 *  Local; NNT_ENOMEM, also when the product overflows. The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_memory_create(void **out, size_t count, size_t size,
                                            const char *what);

/** The same for floats. */
NNT_MUST_CHECK nnt_status nnt_floats_create(float **out, size_t count, const char *what);

/** The most memory that this process has had at a time: resident bytes, shared pages included; 0 if
 *  it cannot be read. Not that of getrusage(), which also counts the process that started this one.
 *  Local; cannot fail. Source: VmHWM, proc(5). */
uint64_t nnt_memory_peak(void);

/** The memory that the process has now, in bytes; what it shares with other processes counts as
 *  many parts as there are of them. Before Linux 4.14 shared memory counts as a whole.
 *  Local; cannot fail: 0 if the system does not tell. Source: Pss, proc(5). */
uint64_t nnt_memory_share(void);

#endif
