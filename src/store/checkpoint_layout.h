/** What the writer and the reader of a checkpoint share: where things are in the file.
 *
 *      @model_config @training_config @keras_version @backend   for Keras's load_model
 *      /model_weights/<layer>/<layer>/kernel:0 bias:0           the same, links to the tensors
 *      /layers/<key>/vars/0 1                                   the tensors, for load_weights
 *      /optimizer/vars/0 1 2 ...                                step, learning rate, slots
 *      /vars                                                    empty; old versions look for it
 *      /nntrain @...                                            nnt_checkpoint_fields and texts
 *      /nntrain/config @<option>                                the settings
 *      /nntrain/epochs/<column>  /nntrain/steps/<column>        the history */
#ifndef STORE_CHECKPOINT_LAYOUT_H
#define STORE_CHECKPOINT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "nntrain/store.h"

#define NNT_OWN_GROUP "/nntrain"
#define NNT_CONFIG_GROUP NNT_OWN_GROUP "/config"
#define NNT_EPOCHS_GROUP NNT_OWN_GROUP "/epochs"
#define NNT_STEPS_GROUP NNT_OWN_GROUP "/steps"

enum {
  NNT_CHECKPOINT_VERSION = 1,
  NNT_EPOCH_COLUMNS = 6,
  NNT_STEP_COLUMNS = 3,
  NNT_SETTINGS_MAX = 1024
};

/** A number of nnt_checkpoint, kept as an attribute of /nntrain. */
typedef struct nnt_checkpoint_field {
  char const *name;
  bool is_real; /* double, else uint64_t */
  size_t offset;
} nnt_checkpoint_field;

enum { NNT_CHECKPOINT_FIELD_COUNT = 9 };
extern nnt_checkpoint_field const nnt_checkpoint_fields[NNT_CHECKPOINT_FIELD_COUNT];

/** The members of nnt_epoch_record and nnt_step_record, in their order. */
extern char const *const nnt_epoch_columns[NNT_EPOCH_COLUMNS];
extern char const *const nnt_step_columns[NNT_STEP_COLUMNS];

/** The name of the dataset "/layers/<key>/vars/<index>" of a tensor. Local; cannot fail. */
void nnt_tensor_path(const nnt_model_spec *spec, const nnt_tensor *tensor, char *out, size_t size);

/** The number under /optimizer/vars of a tensor's slot, in Keras 3's order: step, learning rate,
 *  then the momentums, or m and v of each tensor in turn.
 *  Local; cannot fail. */
size_t nnt_slot_number(size_t slots, size_t tensor, size_t slot);

/** The versions of nntrain and HDF5. Constants. */
extern char const nnt_store_version[];

#endif
