/** Writing HDF5 into memory. Objects are named by absolute paths, so no handle but the file's stays
 *  open. No object carries a time: equal contents give equal bytes.
 *
 *  All functions: Local; NNT_EINTERNAL (naming the object) if HDF5 refuses. */
#ifndef STORE_HDF5_WRITE_H
#define STORE_HDF5_WRITE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"

/** What a dataset looks like, and where its values are. */
typedef struct nnt_h5_array {
  hid_t stored; /* type in the file */
  hid_t given;  /* type in memory */
  size_t rank;  /* 0: a scalar */
  size_t shape[2];
  const void *data;
  size_t columns; /* rank 1: `data` is a table (shape[0], columns), and only `column` is stored; */
  size_t column;  /* columns = 0: no table */
  size_t chunk;   /* rows of a chunk; 0: contiguous */
  bool unlimited; /* rank 1, chunked: may grow */
  bool deflated;  /* chunked: shuffled and deflated */
} nnt_h5_array;

/** Makes an empty file in memory.
 *  increment [in] bytes by which its memory grows
 *  ordered   [in] whether groups remember the order in which things were put into them
 *  The caller owns *out: H5Fclose(). */
NNT_MUST_CHECK nnt_status nnt_h5_image_create(hid_t *out, size_t increment, bool ordered);

/** The bytes of the finished file. Borrowed: valid until anything is done with it. */
NNT_MUST_CHECK nnt_status nnt_h5_image(hid_t file, const void **data, size_t *bytes);

NNT_MUST_CHECK nnt_status nnt_h5_put_group(hid_t file, const char *path, bool ordered);
NNT_MUST_CHECK nnt_status nnt_h5_put_array(hid_t file, const char *path, const nnt_h5_array *array);

/** A second name for an object (hard link). */
NNT_MUST_CHECK nnt_status nnt_h5_put_link(hid_t file, const char *target, const char *path);

/** Attributes of the object at `path`. A text has a fixed length, padded with NULs, where that fits
 *  into an object header, else a variable one; it is marked ASCII unless it holds other bytes. */
NNT_MUST_CHECK nnt_status nnt_h5_put_text(hid_t file, const char *path, const char *name,
                                          const char *text);
NNT_MUST_CHECK nnt_status nnt_h5_put_texts(hid_t file, const char *path, const char *name,
                                           const char *const *texts, size_t count);
NNT_MUST_CHECK nnt_status nnt_h5_put_u64(hid_t file, const char *path, const char *name,
                                         uint64_t number);
NNT_MUST_CHECK nnt_status nnt_h5_put_f64(hid_t file, const char *path, const char *name,
                                         double number);

/** The same with a variable length and marked UTF-8: what Python reads as str. */
NNT_MUST_CHECK nnt_status nnt_h5_put_utf8(hid_t file, const char *path, const char *name,
                                          const char *text);
NNT_MUST_CHECK nnt_status nnt_h5_put_utf8s(hid_t file, const char *path, const char *name,
                                           const char *const *texts, size_t count);

#endif
