/** Texts of variable length, which HDF5 stores apart from what refers to them: in "global heap
 *  collections". HDF5 1.10 believes the sizes it finds there: damaged ones make it run in a circle,
 *  or beyond the ends of its memory. So its part ends with the references, and what they refer to
 *  is looked up here.
 *
 *  Source: HDF5 File Format Specification Version 3.0, sections III.E and IV.A.2.d (class 9). */
#ifndef STORE_HDF5_HEAP_H
#define STORE_HDF5_HEAP_H

#include "store/hdf5_read.h"

/** Teaches HDF5 to hand out references as they are stored. Once per process. Local; NNT_EINTERNAL.
 */
NNT_MUST_CHECK nnt_status nnt_h5_heap_init(void);

/** Reads the texts that an attribute refers to.
 *  attribute [in] open, of a string type of variable length, with `count` values
 *  limit     [in] the most bytes that a text may have
 *  texts     [out] (count) on failure some may be set; the caller frees them in any case
 *  Local; false if the file is damaged, or there is no memory. */
bool nnt_h5_heap_texts(const nnt_h5_source *source, hid_t attribute, size_t count, size_t limit,
                       char **texts);

#endif
