/** Keras's descriptions of models, layers and training, as JSON. */
#ifndef STORE_KERAS_READ_H
#define STORE_KERAS_READ_H

#include <jansson.h>
#include <stddef.h>

#include "nntrain/model.h"
#include "nntrain/status.h"
#include "nntrain/store.h"
#include "store/json_support.h"

/** Reads {"class_name": "Sequential", "config": ...}.
 *  Local; place->bad naming the layer and what is malformed or not supported. */
NNT_MUST_CHECK nnt_status nnt_keras_model_parse(const nnt_json_place *place, const json_t *json,
                                                nnt_model_spec *out);

/** Reads the settings of a layer, except its name.
 *  class  [in] "Dense"   config [in] its settings
 *  Local; place->bad. */
NNT_MUST_CHECK nnt_status nnt_keras_layer_parse(const nnt_json_place *place, const char *class,
                                                const json_t *config, nnt_layer_spec *out);

/** Is the data type float32, or not given? Local; place->bad. */
NNT_MUST_CHECK nnt_status nnt_keras_dtype_check(const nnt_json_place *place, const json_t *config);

/** Reads a compile_config (Keras 3) or training_config (whole-model .h5).
 *  json [in] NULL: there is none
 *  Local; place->bad naming what is malformed or not supported. */
NNT_MUST_CHECK nnt_status nnt_keras_compile_parse(const nnt_json_place *place, const json_t *json,
                                                  nnt_compile *out);

#endif
