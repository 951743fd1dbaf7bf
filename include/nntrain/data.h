/** Data sets: images with class labels, held once per node.
 *
 *  Reading takes three steps, so that the ranks of a node can share one copy: nnt_source_open()
 *  finds and checks the files and tells the size, the caller provides memory, nnt_source_load()
 *  fills it. What comes out is a pure function of the files; rank and node come in nowhere. */
#ifndef NNTRAIN_DATA_H
#define NNTRAIN_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"
#include "nntrain/types.h"

enum { NNT_DIMENSIONS_MAX = 4, NNT_CLASSES_MAX = 65535, NNT_DESCRIPTION_SIZE = 256 };

/** How pixels are stored. uint8 becomes float32 by division by 255 (not by multiplication with
 *  1/255, which rounds 126 of the 256 values differently); float32 is taken as it is. */
typedef enum nnt_pixel { NNT_PIXEL_UINT8, NNT_PIXEL_FLOAT32 } nnt_pixel;

/** What is known of a data set before its pixels are read. Plain data: may be sent to other ranks.
 */
typedef struct nnt_data_info {
  size_t train_count; /* samples */
  size_t test_count;
  size_t dimensions; /* of an image, 1 to NNT_DIMENSIONS_MAX */
  size_t shape[NNT_DIMENSIONS_MAX];
  size_t features; /* product of shape */
  size_t classes;  /* largest training label + 1 */
  nnt_pixel pixel;
  bool generated;                         /* the built-in digits */
  size_t bytes;                           /* of memory that nnt_source_load() fills */
  char description[NNT_DESCRIPTION_SIZE]; /* "MNIST-like IDX files in /data/mnist" */
} nnt_data_info;

/** A part of a data set: `count` images of `features` pixels, row by row, and their classes.
 *  Borrowed from the memory that was filled. */
typedef struct nnt_samples {
  size_t count;
  size_t features;
  nnt_pixel pixel;
  const void *images;     /* (count, features) uint8 or float32; NULL in the sparse form */
  const uint16_t *labels; /* (count) */
  nnt_sparse sparse;      /* the images without their zeros; start is NULL in the plain form */
} nnt_samples;

/** Files (or the digit generator) that have been opened and checked, but not read in full. */
typedef struct nnt_source nnt_source;

/** What to open. */
typedef struct nnt_source_options {
  char const *path; /* "": $NNTRAIN_DATA, else datasets/mnist below the current folder, else the
                       installed share folder, else the built-in digits */
  uint64_t train_samples; /* the first N; 0: all; more than there are: NNT_EUSAGE */
  uint64_t test_samples;
} nnt_source_options;

/** Finds a data set and checks headers, sizes and labels.
 *  out [out] the source   info [out] what it holds
 *  Local; NNT_EUSAGE (too few samples), NNT_EDATA (naming file, what is wrong, what to do),
 *  NNT_EIO, NNT_ENOMEM. The caller owns *out: nnt_source_destroy(). */
NNT_MUST_CHECK nnt_status nnt_source_open(nnt_source **out, nnt_data_info *info,
                                          const nnt_source_options *options);

/** Reads all samples into `memory` (info->bytes bytes, 64-byte aligned).
 *  digest [out] the identity of the data, as text: SHA-256 of eight 64-bit numbers (training count,
 *  test count, 0 for uint8 or 1 for float32, number of dimensions, shape filled up with zeros),
 *  then training images, test images, training labels, test labels as they lie in memory.
 *  Local; NNT_EDATA (truncated, corrupt, not finite), NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_source_load(nnt_source *source, void *memory,
                                          char digest[NNT_SHA256_TEXT_SIZE]);

void nnt_source_destroy(nnt_source *source);

/** The parts of the memory that nnt_source_load() has filled, on any rank that sees this memory.
 *  Local; cannot fail. */
nnt_samples nnt_data_train(const nnt_data_info *info, const void *memory);
nnt_samples nnt_data_test(const nnt_data_info *info, const void *memory);

/** The samples [range.first, range.first + range.count) of `samples`. Local; cannot fail. */
nnt_samples nnt_samples_part(const nnt_samples *samples, nnt_range range);

/** Copies pixels as float32: out(i, :) = images(index(i), :), uint8 divided by 255.
 *  index [in] (n) below samples->count   out [out] (n, features), rows `stride` floats apart
 *  Local; cannot fail. */
void nnt_samples_gather(const nnt_samples *samples, const size_t *index, size_t n, float *out,
                        size_t stride);

/** The most features that the sparse form can number. */
enum { NNT_SPARSE_FEATURES_MAX = 65536 };

/** How many pixels are not zero. Local; cannot fail. */
uint64_t nnt_samples_nonzeros(const nnt_samples *samples);

/** The sparse form of some samples: of each image the non-zero pixels, as nnt_samples_gather()
 *  gives them; uint8 takes 3 bytes a non-zero, float32 6.
 *  nonzeros [in] nnt_samples_nonzeros()
 *  memory   [out] (nnt_sparse_bytes()) 64-byte aligned, shared or not
 *  At most NNT_SPARSE_FEATURES_MAX features.
 *  Local; cannot fail. */
size_t nnt_sparse_bytes(const nnt_samples *samples, uint64_t nonzeros);
void nnt_sparse_build(const nnt_samples *samples, uint64_t nonzeros, void *memory);

/** The samples that nnt_sparse_build() has put into this memory, on any rank that sees it.
 *  plain [in] the same samples; only counts and the kind of pixel are looked at
 *  Borrowed. Local; cannot fail. */
nnt_samples nnt_sparse_view(const nnt_samples *plain, uint64_t nonzeros, void *memory);

/** The order in which an epoch visits the samples, as a pure function.
 *
 *  A keyed permutation of [0, n) by a Feistel network of six rounds over the next power of two, at
 *  least 256, with cycle walking; no rank stores or sends it. Source: Black and Rogaway, "Ciphers
 *  with Arbitrary Finite Domains", 2002; round function Philox. */
typedef struct nnt_order {
  uint64_t seed;
  uint64_t epoch;   /* from 0 */
  size_t count;     /* n */
  bool in_sequence; /* --no-shuffle: the identity */
} nnt_order;

/** The sample at `position` (below count). Local; cannot fail. */
size_t nnt_order_at(const nnt_order *order, size_t position);

/** The samples at a run of positions (below count), in less time than one by one.
 *  sample [out] (positions.count)
 *  Local; cannot fail. */
void nnt_order_run(const nnt_order *order, nnt_range positions, size_t *sample);

/** The rows of microbatch j of M in a batch of b rows: [floor(j b / M), floor((j+1) b / M)),
 *  possibly none.
 *  Local; cannot fail: b and M are at most 2^31. */
nnt_range nnt_microbatch_rows(size_t b, size_t microbatches, size_t j);

/** The batches of an epoch over n samples; the last one may be smaller. Local; cannot fail. */
size_t nnt_batches_per_epoch(size_t n, size_t batch_size);

#endif
