#include "store/description.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "store/json_support.h"
#include "store/names.h"

static json_t *describe_layer(const nnt_layer_spec *it)
{
  return json_pack("{s:s, s:s, s:I, s:s, s:b, s:f, s:[s,f], s:[s,f], s:f}", "kind",
                   nnt_layer_keys[it->kind], "name", it->name, "units", (json_int_t)it->units,
                   "activation", nnt_activation_names[it->activation], "use_bias", it->use_bias,
                   "l2", it->l2, "kernel_initializer",
                   nnt_initializer_names[it->kernel_initializer.kind],
                   it->kernel_initializer.stddev, "bias_initializer",
                   nnt_initializer_names[it->bias_initializer.kind], it->bias_initializer.stddev,
                   "rate", it->rate);
}

nnt_status nnt_model_describe(const nnt_model_spec *model, char **out)
{
  json_t *const shape = json_array();
  json_t *const layers = json_array();
  int bad = 0;
  for (size_t i = 0; i < model->input_dimensions; i++) {
    bad |= json_array_append_new(shape, json_integer((json_int_t)model->input_shape[i]));
  }
  for (size_t i = 0; i < model->layer_count; i++) {
    bad |= json_array_append_new(layers, describe_layer(&model->layers[i]));
  }
  if (bad != 0) {
    json_decref(shape);
    json_decref(layers);
    return nnt_fail(NNT_EINTERNAL, "the model cannot be described in JSON");
  }
  return nnt_json_text(
      json_pack("{s:s, s:o, s:o}", "name", model->name, "input_shape", shape, "layers", layers),
      out);
}

nnt_status nnt_training_describe(const nnt_loss *loss, const nnt_optimizer *optimizer, char **out)
{
  json_t *const loss_json =
      json_pack("{s:s, s:b, s:f}", "kind", nnt_loss_names[loss->kind], "from_logits",
                loss->from_logits, "label_smoothing", loss->label_smoothing);
  json_t *const optimizer_json =
      json_pack("{s:s, s:f, s:f, s:b, s:f, s:f, s:f, s:f, s:f}", "kind",
                nnt_optimizer_names[optimizer->kind], "learning_rate", optimizer->learning_rate,
                "momentum", optimizer->momentum, "nesterov", optimizer->nesterov, "beta_1",
                optimizer->beta_1, "beta_2", optimizer->beta_2, "epsilon", optimizer->epsilon,
                "weight_decay", optimizer->weight_decay, "clip_norm", optimizer->clip_norm);
  return nnt_json_text(json_pack("{s:o, s:o}", "loss", loss_json, "optimizer", optimizer_json),
                       out);
}

/* Looks a name up; false if it is not one of them. */
static bool find(const char *const *names, size_t count, const char *name, int *out)
{
  *out = nnt_name_find(names, count, name);
  return *out >= 0;
}

/* Names become parts of paths, so they hold only what is harmless there. */
static bool copy_name(const char *from, char to[NNT_NAME_SIZE])
{
  size_t const length = strlen(from);
  bool const clean = strspn(from, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
  if (!clean || length == 0 || length >= NNT_NAME_SIZE) return false;
  memcpy(to, from, length + 1);
  return true;
}

static bool understand_layer(json_t *json, nnt_layer_spec *out)
{
  char const *kind = NULL;
  char const *name = NULL;
  char const *activation = NULL;
  char const *kernel = NULL;
  char const *bias = NULL;
  json_int_t units = 0;
  int use_bias = 0;
  if (json_unpack(json, "{s:s, s:s, s:I, s:s, s:b, s:F, s:[sF!], s:[sF!], s:F !}", "kind", &kind,
                  "name", &name, "units", &units, "activation", &activation, "use_bias", &use_bias,
                  "l2", &out->l2, "kernel_initializer", &kernel, &out->kernel_initializer.stddev,
                  "bias_initializer", &bias, &out->bias_initializer.stddev, "rate",
                  &out->rate) != 0) {
    return false;
  }
  int found[4];
  if (!find(nnt_layer_keys, NNT_LAYER_KIND_COUNT, kind, &found[0]) ||
      !find(nnt_activation_names, NNT_ACTIVATION_COUNT, activation, &found[1]) ||
      !find(nnt_initializer_names, NNT_INITIALIZER_COUNT, kernel, &found[2]) ||
      !find(nnt_initializer_names, NNT_INITIALIZER_COUNT, bias, &found[3]) ||
      !copy_name(name, out->name) || units < 0) {
    return false;
  }
  out->kind = (nnt_layer_kind)found[0];
  out->activation = (nnt_activation)found[1];
  out->kernel_initializer.kind = (nnt_initializer_kind)found[2];
  out->bias_initializer.kind = (nnt_initializer_kind)found[3];
  out->units = (size_t)units;
  out->use_bias = use_bias != 0;
  return true;
}

static bool understand_model(json_t *json, nnt_model_spec *out)
{
  char const *name = NULL;
  json_t *shape = NULL;
  json_t *layers = NULL;
  if (json_unpack(json, "{s:s, s:o, s:o !}", "name", &name, "input_shape", &shape, "layers",
                  &layers) != 0) {
    return false;
  }
  out->input_dimensions = json_array_size(shape);
  out->layer_count = json_array_size(layers);
  bool good = copy_name(name, out->name) && out->input_dimensions <= NNT_INPUT_DIMENSIONS_MAX &&
              out->layer_count <= NNT_LAYERS_MAX;
  for (size_t i = 0; good && i < out->input_dimensions; i++) {
    json_int_t const extent = json_integer_value(json_array_get(shape, i));
    good = extent > 0;
    out->input_shape[i] = (size_t)extent;
  }
  for (size_t i = 0; good && i < out->layer_count; i++) {
    good = understand_layer(json_array_get(layers, i), &out->layers[i]);
  }
  return good;
}

nnt_status nnt_model_understand(const char *text, const char *file, nnt_model_spec *out)
{
  nnt_json_place const place = {.file = file, .part = "model_json", .bad = NNT_ECHECKPOINT};
  json_t *json = NULL;
  memset(out, 0, sizeof *out);
  NNT_TRY(nnt_json_parse(&json, text, strlen(text), &place));
  bool const good = understand_model(json, out);
  json_decref(json);
  return good ? NNT_OK : nnt_json_fail(&place, "not the description of a model");
}

static bool understand_training(json_t *json, nnt_loss *loss, nnt_optimizer *optimizer)
{
  char const *loss_kind = NULL;
  char const *optimizer_kind = NULL;
  int from_logits = 0;
  int nesterov = 0;
  if (json_unpack(json,
                  "{s:{s:s, s:b, s:F !}, s:{s:s, s:F, s:F, s:b, s:F, s:F, s:F, s:F, s:F !} !}",
                  "loss", "kind", &loss_kind, "from_logits", &from_logits, "label_smoothing",
                  &loss->label_smoothing, "optimizer", "kind", &optimizer_kind, "learning_rate",
                  &optimizer->learning_rate, "momentum", &optimizer->momentum, "nesterov",
                  &nesterov, "beta_1", &optimizer->beta_1, "beta_2", &optimizer->beta_2, "epsilon",
                  &optimizer->epsilon, "weight_decay", &optimizer->weight_decay, "clip_norm",
                  &optimizer->clip_norm) != 0) {
    return false;
  }
  int found[2];
  if (!find(nnt_loss_names, NNT_LOSS_COUNT, loss_kind, &found[0]) ||
      !find(nnt_optimizer_names, NNT_OPTIMIZER_COUNT, optimizer_kind, &found[1])) {
    return false;
  }
  loss->kind = (nnt_loss_kind)found[0];
  loss->from_logits = from_logits != 0;
  optimizer->kind = (nnt_optimizer_kind)found[1];
  optimizer->nesterov = nesterov != 0;
  return true;
}

nnt_status nnt_training_understand(const char *text, const char *file, nnt_loss *loss,
                                   nnt_optimizer *optimizer)
{
  nnt_json_place const place = {.file = file, .part = "training_json", .bad = NNT_ECHECKPOINT};
  json_t *json = NULL;
  NNT_TRY(nnt_json_parse(&json, text, strlen(text), &place));
  bool const good = understand_training(json, loss, optimizer);
  json_decref(json);
  return good ? NNT_OK : nnt_json_fail(&place, "not the description of loss and optimizer");
}
