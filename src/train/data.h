/** The data of a run: one copy per node. */
#ifndef TRAIN_DATA_H
#define TRAIN_DATA_H

#include "nntrain/comm.h"
#include "nntrain/config.h"
#include "nntrain/data.h"

typedef struct nnt_data {
  nnt_data_info info;
  nnt_source *source; /* on leaders, until it is read */
  nnt_node_memory *memory;
  bool is_sparse; /* the samples are in the sparse form */
  char digest[NNT_SHA256_TEXT_SIZE];
  nnt_samples train;      /* without the holdout */
  nnt_samples validation; /* count 0: none */
  nnt_samples test;
} nnt_data;

/** The largest share of non-zero pixels with which a first layer that skips zeros is faster than a
 *  product with them. Measured: on images, whose non-zeros come in runs, both take the same time at
 *  0.40 to 0.43; where they are scattered, at 0.3. */
static double const nnt_sparse_density_max = 0.35;

/** Finds the data and tells what they are. `out` must be empty ({0}).
 *  Collective; NNT_EUSAGE, NNT_EDATA, NNT_EIO, NNT_ENOMEM. The caller owns what *out holds, also
 *  after a failure: nnt_data_destroy(). */
NNT_MUST_CHECK nnt_status nnt_data_open(nnt_data *out, const nnt_comm *comm,
                                        const nnt_config *config);

/** Reads the data, once per node, into its memory: in the sparse form, if the model begins with a
 *  dense layer and --first-layer asks for it or, by default, few pixels are not zero.
 *  Collective; NNT_EUSAGE, NNT_EDATA, NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_data_load(nnt_data *data, const nnt_comm *comm,
                                        const nnt_config *config, bool begins_dense);

/** Collective; cannot fail. */
void nnt_data_destroy(nnt_data *data);

#endif
