/** What the parts of the results file share. */
#ifndef STORE_RESULTS_LAYOUT_H
#define STORE_RESULTS_LAYOUT_H

#include <hdf5.h>

#include "nntrain/store.h"
#include "store/hdf5_write.h"

/** The words for nnt_run_status, in its order. */
enum { NNT_RUN_STATUS_COUNT = 4 };
extern char const *const nnt_run_status_names[NNT_RUN_STATUS_COUNT];

/** Writes a dataset of rank 1 with the numbers of its rows, and makes it a dimension scale.
 *  rows [in] count   first [in] number of row 0   type [in] how it is stored
 *  Local; NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_scale_put(hid_t file, const char *path, size_t rows, int64_t first,
                                        const nnt_h5_array *like);

/** Says that dimension `dimension` of `path` is counted by the scale. Local; NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_scale_attach(hid_t file, const char *path, const char *scale,
                                           unsigned dimension);

/** Writes a dataset of rank 1 with texts, counted by the scale. They have variable length, since a
 *  fixed one crashes a common reader. Local; NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_texts_put(hid_t file, const char *path, const char *const *texts,
                                        size_t count, const char *scale);

/** Writes /evaluation. Local; NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_evaluation_put(hid_t file, const nnt_evaluation *evaluation);

#endif
