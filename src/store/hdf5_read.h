/** Reading HDF5 files that may be damaged or hostile. A file is read into memory as a whole, its
 *  digest checked if it has one, and only then given to HDF5. Everything is then compared with what
 *  is expected before memory is allocated: kind of link, class, size, rank, dimensions.
 *
 *  All functions with a source: Local; source->bad (naming file and object), NNT_ENOMEM. */
#ifndef STORE_HDF5_READ_H
#define STORE_HDF5_READ_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/model.h"
#include "nntrain/status.h"

enum { NNT_H5_PATH_SIZE = 1024 };

/** An open file. */
typedef struct nnt_h5_source {
  char const *name;     /* for messages; borrowed */
  nnt_status bad;       /* what it is when something is wrong: NNT_ECHECKPOINT or NNT_EDATA */
  unsigned char *bytes; /* the HDF5 data, without a trailer */
  size_t byte_count;
  bool has_trailer;
  uint64_t step; /* that of the trailer */
  hid_t file;
} nnt_h5_source;

typedef enum nnt_h5_trailer { NNT_TRAILER_OPTIONAL, NNT_TRAILER_REQUIRED } nnt_h5_trailer;

/** Opens a file; a trailer that is there must be right.
 *  path [in] borrowed; outlives *out
 *  bad  [in] the status of a malformed file
 *  Local; bad, NNT_EIO (cannot be read), NNT_ENOMEM, NNT_EINTERNAL. The caller owns what *out
 *  holds: nnt_h5_source_close(). */
NNT_MUST_CHECK nnt_status nnt_h5_source_open(nnt_h5_source *out, const char *path, nnt_status bad,
                                             nnt_h5_trailer trailer);
void nnt_h5_source_close(nnt_h5_source *source);

/** Is there an object at the absolute `path`? A soft or external link on the way is an error. */
NNT_MUST_CHECK nnt_status nnt_h5_find(const nnt_h5_source *source, const char *path, bool *found);

/** A dataset as it is expected, and where its values go. */
typedef struct nnt_h5_slot {
  H5T_class_t class; /* H5T_FLOAT or H5T_INTEGER */
  hid_t wanted;      /* type in memory */
  size_t rank;       /* 0: a scalar */
  size_t shape[2];
  void *data;
  size_t columns; /* rank 1: the values become `column` of a table (shape[0], columns); */
  size_t column;  /* columns = 0: no table */
} nnt_h5_slot;

NNT_MUST_CHECK nnt_status nnt_h5_get_array(const nnt_h5_source *source, const char *path,
                                           const nnt_h5_slot *slot);

/** A tensor of a model, into its place among all `parameters`. */
NNT_MUST_CHECK nnt_status nnt_h5_get_tensor(const nnt_h5_source *source, const char *path,
                                            const nnt_tensor *tensor, float *parameters);

/** The length of a dataset of rank 1; an error if its values, of `size` bytes, would be more than
 *  the file holds. */
NNT_MUST_CHECK nnt_status nnt_h5_get_length(const nnt_h5_source *source, const char *path,
                                            size_t size, size_t *out);

/** Attributes of the object at `path`, which exists. */
NNT_MUST_CHECK nnt_status nnt_h5_has(const nnt_h5_source *source, const char *path,
                                     const char *name, bool *has);
NNT_MUST_CHECK nnt_status nnt_h5_get_u64(const nnt_h5_source *source, const char *path,
                                         const char *name, uint64_t *out);
NNT_MUST_CHECK nnt_status nnt_h5_get_f64(const nnt_h5_source *source, const char *path,
                                         const char *name, double *out);

/** The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_h5_get_text(const nnt_h5_source *source, const char *path,
                                          const char *name, char **out);

typedef struct nnt_texts {
  size_t count;
  char **text;
} nnt_texts;

void nnt_texts_free(nnt_texts *texts);

/** The texts of an array, or of the arrays name0, name1, ... into which Keras cuts a long one; none
 *  if there is no such attribute. The caller owns what *out holds: nnt_texts_free(). */
NNT_MUST_CHECK nnt_status nnt_h5_get_texts(const nnt_h5_source *source, const char *path,
                                           const char *name, nnt_texts *out);

/** The names of a group's members, in the order of their names, or of an object's attributes, in
 *  the order in which they were made. The caller owns what *out holds: nnt_texts_free(). */
NNT_MUST_CHECK nnt_status nnt_h5_members(const nnt_h5_source *source, const char *path,
                                         nnt_texts *out);
NNT_MUST_CHECK nnt_status nnt_h5_attributes(const nnt_h5_source *source, const char *path,
                                            nnt_texts *out);

#endif
