/** From a configuration to what is trained: data, model, loss, initial parameters. */
#ifndef TRAIN_SETUP_H
#define TRAIN_SETUP_H

#include "nntrain/comm.h"
#include "nntrain/config.h"
#include "nntrain/data.h"
#include "nntrain/model.h"
#include "nntrain/train.h"

/** The data of a run: one copy per node. */
typedef struct nnt_data {
  nnt_data_info info;
  nnt_node_memory *memory;
  char digest[NNT_SHA256_TEXT_SIZE];
  nnt_samples train;      /* without the holdout */
  nnt_samples validation; /* count 0: none */
  nnt_samples test;
} nnt_data;

/** Opens and reads the data, once per node.
 *  Collective; NNT_EUSAGE, NNT_EDATA, NNT_EIO, NNT_ENOMEM. The caller owns what *out holds:
 *  nnt_data_destroy(). */
NNT_MUST_CHECK nnt_status nnt_data_create(nnt_data *out, const nnt_comm *comm,
                                          const nnt_config *config);
void nnt_data_destroy(nnt_data *data);

/** Builds the model that the configuration describes, and takes over into the configuration what a
 *  Keras model says of optimizer and loss, where no option has said otherwise.
 *  config [in,out] the same on all ranks
 *  Collective; NNT_EUSAGE, NNT_EDATA, NNT_EIO, NNT_ENOMEM. The caller owns *out:
 *  nnt_model_destroy(). */
NNT_MUST_CHECK nnt_status nnt_setup_model(nnt_model **out, const nnt_comm *comm, nnt_config *config,
                                          const nnt_data_info *info);

/** Do the labels and images fit the model? Local; NNT_EDATA. */
NNT_MUST_CHECK nnt_status nnt_setup_check_fit(const nnt_model *model, const nnt_data_info *info);

/** Initial parameters: drawn, or read from --init-from.
 *  Collective; NNT_ECHECKPOINT, NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_setup_parameters(const nnt_comm *comm, const nnt_config *config,
                                               const nnt_model *model, float *parameters);

#endif
