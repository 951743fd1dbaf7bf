/** Descriptions of a model in JSON. */
#ifndef STORE_KERAS_WRITE_H
#define STORE_KERAS_WRITE_H

#include "nntrain/model.h"
#include "nntrain/status.h"
#include "nntrain/types.h"

/** The architecture in the form that every Keras from 2.3 on loads. It leaves out what would make
 *  it less portable and is of no use for trained weights: initializers and regularizers.
 *  Local; NNT_EINTERNAL, NNT_ENOMEM. The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_keras_model_text(const nnt_model_spec *model, char **out);

/** Loss and optimizer in the form of Keras's training_config. Where the two cross-entropies are the
 *  same function, the sparse one is named, since data sets hold class numbers.
 *  Local; NNT_EINTERNAL, NNT_ENOMEM. The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_keras_training_text(const nnt_model_spec *model, const nnt_loss *loss,
                                                  const nnt_optimizer *optimizer, char **out);

/** Is softmax the last layer, or its activation? Local; cannot fail. */
bool nnt_spec_ends_in_softmax(const nnt_model_spec *model);

#endif
