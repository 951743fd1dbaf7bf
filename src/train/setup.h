/** From a configuration to what is trained: data, model, loss, initial parameters. */
#ifndef TRAIN_SETUP_H
#define TRAIN_SETUP_H

#include "nntrain/comm.h"
#include "nntrain/config.h"
#include "nntrain/model.h"
#include "nntrain/train.h"
#include "train/data.h"

/** Describes the model that the configuration asks for, and takes over into the configuration what
 *  a Keras model says of optimizer and loss, where no option has said otherwise.
 *  config [in,out] the same on all ranks
 *  Collective; NNT_EUSAGE, NNT_EDATA, NNT_EIO, NNT_ENOMEM. The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_setup_spec(nnt_model_spec **out, const nnt_comm *comm,
                                         nnt_config *config, const nnt_data_info *info);

/** Resolves what --exchange, --threads, --first-layer and --instructions leave open.
 *  config [in,out] the same on all ranks
 *  Collective; NNT_EUSAGE for what the model, the data or this machine cannot do. */
NNT_MUST_CHECK nnt_status nnt_setup_means(nnt_config *config, const nnt_comm *comm,
                                          const nnt_data *data);

/** Builds the model.
 *  Collective; NNT_EDATA, NNT_ENOMEM. The caller owns *out: nnt_model_destroy(). */
NNT_MUST_CHECK nnt_status nnt_setup_model(nnt_model **out, const nnt_comm *comm,
                                          const nnt_model_spec *spec, const nnt_config *config,
                                          const nnt_data_info *info);

/** The instruction set that a resolved configuration names. Local; cannot fail. */
nnt_isa nnt_setup_isa(const nnt_config *config);

/** Do the labels and images fit the model? Local; NNT_EDATA. */
NNT_MUST_CHECK nnt_status nnt_setup_check_fit(const nnt_model *model, const nnt_data_info *info);

/** Initial parameters: drawn, or read from --init-from.
 *  parameters [out] (P) packed, on rank 0
 *  Collective; NNT_ECHECKPOINT, NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_setup_parameters(const nnt_comm *comm, const nnt_config *config,
                                               const nnt_model *model, float *parameters);

#endif
