/** The 64 bytes behind the HDF5 data of a checkpoint. HDF5 and Keras do not see them; they tell
 *  whether every byte of the file is what was written.
 *
 *      0  "NNTRAIN1"
 *      8  length of the HDF5 data before the trailer, uint64 little-endian
 *     16  SHA-256 of the HDF5 data followed by the trailer with these 32 bytes as zeros
 *     48  step, uint64 little-endian
 *     56  zeros */
#ifndef STORE_TRAILER_H
#define STORE_TRAILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"

enum { NNT_TRAILER_SIZE = 64 };

/** Local; NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_trailer_make(const void *data, size_t bytes, uint64_t step,
                                           unsigned char out[NNT_TRAILER_SIZE]);

/** Does this look like the trailer of a file of `file_bytes` bytes? Local; cannot fail. */
bool nnt_trailer_fits(const unsigned char trailer[NNT_TRAILER_SIZE], uint64_t file_bytes);

/** Compares the digest with the data before the trailer.
 *  name [in] of the file, for the message
 *  Local; NNT_ECHECKPOINT, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_trailer_check(const unsigned char trailer[NNT_TRAILER_SIZE],
                                            const void *data, size_t bytes, const char *name);

/** The step in a trailer. Local; cannot fail. */
uint64_t nnt_trailer_step(const unsigned char trailer[NNT_TRAILER_SIZE]);

#endif
