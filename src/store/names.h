/** The names of files and layers. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/model.h"
#include "nntrain/types.h"

#define NNT_RESULTS_NAME "results.h5"

enum { NNT_CHECKPOINT_NAME_SIZE = 64 };

/** "checkpoint-<step>.weights.h5". Local; cannot fail. */
void nnt_checkpoint_name(uint64_t step, char out[NNT_CHECKPOINT_NAME_SIZE]);

/** The step in a name that nnt_checkpoint_name() makes; false for any other name.
 *  Local; cannot fail. */
bool nnt_checkpoint_name_step(const char *name, uint64_t *step);

/** Keras's classes of layers ("Dense") and the keys derived from them ("dense"), by nnt_layer_kind.
 */
extern char const *const nnt_layer_classes[NNT_LAYER_KIND_COUNT];
extern char const *const nnt_layer_keys[NNT_LAYER_KIND_COUNT];

enum { NNT_KEY_SIZE = 32 };

/** The key of a layer in Keras 3's weights layout: that of its class, with "_1", "_2", ... for each
 *  repeat in the order of the model. Local; cannot fail. */
void nnt_layer_key(const nnt_model_spec *spec, size_t layer, char out[NNT_KEY_SIZE]);

#endif
