#include "store/keras_write.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "store/json_support.h"
#include "store/names.h"

/* What Keras 2 calls it; Keras 3 knows both names. */
static const char *activation_name(nnt_activation activation)
{
  return activation == NNT_SILU ? "swish" : nnt_activation_names[activation];
}

static bool is_layer_name(const nnt_model_spec *model, const char *name)
{
  for (size_t i = 0; i < model->layer_count; i++) {
    if (strcmp(model->layers[i].name, name) == 0) return true;
  }
  return false;
}

/* Keras 3 needs an explicit input layer, and Keras 2 wants its shape under this key. */
static json_t *input_layer(const nnt_model_spec *model)
{
  char name[NNT_NAME_SIZE] = "input";
  for (unsigned i = 1; is_layer_name(model, name); i++) {
    (void)snprintf(name, sizeof name, "input_%u", i);
  }
  json_t *const shape = json_pack("[n]");
  for (size_t i = 0; i < model->input_dimensions; i++) {
    if (json_array_append_new(shape, json_integer((json_int_t)model->input_shape[i])) != 0) {
      json_decref(shape);
      return NULL;
    }
  }
  return json_pack("{s:s, s:{s:o, s:s, s:s}}", "class_name", "InputLayer", "config",
                   "batch_input_shape", shape, "dtype", "float32", "name", name);
}

static int add_own_settings(json_t *config, const nnt_layer_spec *layer)
{
  switch (layer->kind) {
  case NNT_DENSE:
    return json_object_update_new(
        config, json_pack("{s:I, s:s, s:b}", "units", (json_int_t)layer->units, "activation",
                          activation_name(layer->activation), "use_bias", layer->use_bias));
  case NNT_ACTIVATION:
    return json_object_set_new(config, "activation",
                               json_string(activation_name(layer->activation)));
  case NNT_DROPOUT:
    return json_object_set_new(config, "rate", json_real(layer->rate));
  case NNT_FLATTEN:
    return json_object_set_new(config, "data_format", json_string("channels_last"));
  case NNT_LAYER_KIND_COUNT:
    break;
  }
  return -1;
}

static json_t *one_layer(const nnt_layer_spec *layer)
{
  json_t *const config =
      json_pack("{s:s, s:b, s:s}", "name", layer->name, "trainable", 1, "dtype", "float32");
  if (add_own_settings(config, layer) != 0) {
    json_decref(config);
    return NULL;
  }
  return json_pack("{s:s, s:o}", "class_name", nnt_layer_classes[layer->kind], "config", config);
}

nnt_status nnt_keras_model_text(const nnt_model_spec *model, char **out)
{
  json_t *const layers = json_array();
  int bad = json_array_append_new(layers, input_layer(model));
  for (size_t i = 0; bad == 0 && i < model->layer_count; i++) {
    bad = json_array_append_new(layers, one_layer(&model->layers[i]));
  }
  if (bad != 0) {
    json_decref(layers);
    return nnt_fail(NNT_EINTERNAL, "the model cannot be described in JSON");
  }
  return nnt_json_text(json_pack("{s:s, s:{s:s, s:o}}", "class_name", "Sequential", "config",
                                 "name", model->name, "layers", layers),
                       out);
}

bool nnt_spec_ends_in_softmax(const nnt_model_spec *model)
{
  size_t const count = model->layer_count;
  return count > 0 && model->layers[count - 1].activation == NNT_SOFTMAX;
}

static json_t *loss_config(const nnt_model_spec *model, const nnt_loss *loss)
{
  if (loss->kind == NNT_MEAN_SQUARED_ERROR) return json_string("mean_squared_error");
  bool const smooth = loss->label_smoothing != 0.0;
  bool const alike = loss->from_logits || nnt_spec_ends_in_softmax(model);
  bool const sparse = !smooth && (alike || loss->kind == NNT_SPARSE_CATEGORICAL_CROSSENTROPY);
  char const *const name = sparse ? "sparse_categorical_crossentropy" : "categorical_crossentropy";
  if (!smooth && !loss->from_logits) return json_string(name);
  json_t *const config = json_pack("{s:s, s:s, s:b}", "reduction", "sum_over_batch_size", "name",
                                   name, "from_logits", loss->from_logits);
  /* The sparse loss of Keras has no label smoothing, and refuses the word. */
  if (!sparse &&
      json_object_set_new(config, "label_smoothing", json_real(loss->label_smoothing)) != 0) {
    json_decref(config);
    return NULL;
  }
  return json_pack("{s:s, s:o}", "class_name",
                   sparse ? "SparseCategoricalCrossentropy" : "CategoricalCrossentropy", "config",
                   config);
}

static json_t *optimizer_config(const nnt_optimizer *it)
{
  static char const *const classes[NNT_OPTIMIZER_COUNT] = {
      [NNT_SGD] = "SGD", [NNT_ADAM] = "Adam", [NNT_ADAMW] = "AdamW"};
  json_t *const config =
      it->kind == NNT_SGD
          ? json_pack("{s:f, s:f, s:b}", "learning_rate", it->learning_rate, "momentum",
                      it->momentum, "nesterov", it->nesterov)
          : json_pack("{s:f, s:f, s:f, s:f, s:b}", "learning_rate", it->learning_rate, "beta_1",
                      it->beta_1, "beta_2", it->beta_2, "epsilon", it->epsilon, "amsgrad", 0);
  int bad = config == NULL;
  /* Old versions of Keras do not know these two, so they are named only where they do something. */
  if (it->kind == NNT_ADAMW || it->weight_decay != 0.0) {
    bad |= json_object_set_new(config, "weight_decay", json_real(it->weight_decay));
  }
  if (it->clip_norm != 0.0) {
    bad |= json_object_set_new(config, "global_clipnorm", json_real(it->clip_norm));
  }
  if (bad != 0) {
    json_decref(config);
    return NULL;
  }
  return json_pack("{s:s, s:o}", "class_name", classes[it->kind], "config", config);
}

nnt_status nnt_keras_training_text(const nnt_model_spec *model, const nnt_loss *loss,
                                   const nnt_optimizer *optimizer, char **out)
{
  json_t *const loss_json = loss_config(model, loss);
  json_t *const optimizer_json = optimizer_config(optimizer);
  return nnt_json_text(json_pack("{s:o, s:[s], s:n, s:n, s:n, s:o}", "loss", loss_json, "metrics",
                                 "accuracy", "weighted_metrics", "sample_weight_mode",
                                 "loss_weights", "optimizer_config", optimizer_json),
                       out);
}
