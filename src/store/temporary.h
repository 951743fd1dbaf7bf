/** Files under names that nobody can foresee, for what is not complete yet. */
#ifndef STORE_TEMPORARY_H
#define STORE_TEMPORARY_H

#include "nntrain/store.h"

/** Opens a new, empty file <path>.tmp-<random>, which nobody else can have made or foreseen, and
 *  locks it, so that others see that its writer lives.
 *  temporary [out] its name   out [out] its descriptor, which the caller closes
 *  Local; NNT_EIO. */
NNT_MUST_CHECK nnt_status nnt_temporary_open(const char *path, char temporary[NNT_PATH_SIZE],
                                             int *out);

/** Removes what dead writers have left of the file's temporaries, and of those of any HDF5 file in the
 *  same folder. What cannot be removed does no harm. Local; cannot fail. */
void nnt_temporary_remove_stale(const char *path);

/** The folder part of a path: "." if it has none. Local; cannot fail. */
void nnt_path_folder(const char *path, char folder[NNT_PATH_SIZE]);

#endif
