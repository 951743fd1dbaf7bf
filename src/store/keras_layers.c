#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "store/keras_read.h"
#include "store/names.h"

static double const l2_max = 1e6;
static double const stddev_max = 1e6;
static double const default_l2 = 0.01;
static double const default_stddev = 0.05;

nnt_status nnt_keras_dtype_check(const nnt_json_place *place, const json_t *config)
{
  json_t const *const dtype = json_object_get(config, "dtype");
  char const *name = NULL;
  json_t const *settings = NULL;
  NNT_TRY(nnt_json_thing(place, dtype, "dtype", &name, &settings));
  if (settings != NULL) name = json_string_value(json_object_get(settings, "name"));
  if (dtype == NULL || json_is_null(dtype) || (name != NULL && strcmp(name, "float32") == 0)) {
    return NNT_OK;
  }
  return nnt_json_fail(place, "the data type %s is not supported, only float32",
                       name == NULL ? "?" : name);
}

static nnt_status parse_activation(const nnt_json_place *place, const json_t *config,
                                   nnt_activation *out)
{
  char const *name = NULL;
  json_t const *settings = NULL;
  NNT_TRY(
      nnt_json_thing(place, json_object_get(config, "activation"), "activation", &name, &settings));
  if (name == NULL) name = "linear";
  if (strcmp(name, "swish") == 0) name = "silu";
  int const found = nnt_name_find(nnt_activation_names, NNT_ACTIVATION_COUNT, name);
  if (found < 0) return nnt_json_fail(place, "the activation %s is not supported", name);
  *out = (nnt_activation)found;
  return NNT_OK;
}

/* Keras's two names of each distribution: that of the class, and that in a string. */
static struct {
  char const *class;
  char const *name;
  nnt_initializer_kind kind;
} const initializers[] = {
    {"GlorotUniform", "glorot_uniform", NNT_GLOROT_UNIFORM},
    {"GlorotNormal", "glorot_normal", NNT_GLOROT_NORMAL},
    {"HeUniform", "he_uniform", NNT_HE_UNIFORM},
    {"HeNormal", "he_normal", NNT_HE_NORMAL},
    {"RandomNormal", "random_normal", NNT_NORMAL},
    {"RandomNormal", "normal", NNT_NORMAL},
    {"Zeros", "zeros", NNT_ZEROS},
};

static nnt_status parse_initializer(const nnt_json_place *place, const json_t *config,
                                    const char *key, nnt_initializer *out)
{
  char const *name = NULL;
  json_t const *settings = NULL;
  NNT_TRY(nnt_json_thing(place, json_object_get(config, key), key, &name, &settings));
  if (name == NULL) return NNT_OK;
  size_t const count = sizeof initializers / sizeof *initializers;
  size_t i = 0;
  while (i < count && strcmp(name, initializers[i].class) != 0 &&
         strcmp(name, initializers[i].name) != 0) {
    i++;
  }
  if (i == count) return nnt_json_fail(place, "the %s %s is not supported", key, name);
  *out = (nnt_initializer){.kind = initializers[i].kind, .stddev = 0.0};
  if (out->kind != NNT_NORMAL) return NNT_OK;
  double mean = 0.0;
  out->stddev = default_stddev;
  NNT_TRY(nnt_json_number(place, settings, "mean", 0.0, 0.0, &mean));
  return nnt_json_number(place, settings, "stddev", 0.0, stddev_max, &out->stddev);
}

static nnt_status parse_regularizer(const nnt_json_place *place, const json_t *config, double *l2)
{
  char const *name = NULL;
  json_t const *settings = NULL;
  NNT_TRY(nnt_json_thing(place, json_object_get(config, "kernel_regularizer"), "kernel_regularizer",
                         &name, &settings));
  *l2 = 0.0;
  if (name == NULL) return NNT_OK;
  bool const is_l2 = strcmp(name, "L2") == 0 || strcmp(name, "l2") == 0;
  bool const is_both = strcmp(name, "L1L2") == 0 || strcmp(name, "l1_l2") == 0;
  if (!is_l2 && !(is_both && settings != NULL)) {
    return nnt_json_fail(place, "the kernel_regularizer %s is not supported, only L2", name);
  }
  if (is_l2) *l2 = default_l2;
  NNT_TRY(nnt_json_refuse(place, settings, "l1"));
  return nnt_json_number(place, settings, "l2", 0.0, l2_max, l2);
}

static nnt_status parse_dense(const nnt_json_place *place, const json_t *config,
                              nnt_layer_spec *out)
{
  static char const *const refused[] = {
      "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint",
      "lora_rank",        "quantization_config",
  };
  bool trainable = true;
  NNT_TRY(nnt_json_flag(place, config, "trainable", &trainable));
  if (!trainable) return nnt_json_fail(place, "a layer that is not trainable is not supported");
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    NNT_TRY(nnt_json_refuse(place, config, refused[i]));
  }
  NNT_TRY(nnt_json_size(place, config, "units", INT_MAX, &out->units));
  if (out->units == 0) return nnt_json_fail(place, "the number of units is missing");
  out->use_bias = true;
  NNT_TRY(nnt_json_flag(place, config, "use_bias", &out->use_bias));
  NNT_TRY(parse_activation(place, config, &out->activation));
  out->kernel_initializer.kind = NNT_GLOROT_UNIFORM;
  out->bias_initializer.kind = NNT_ZEROS;
  NNT_TRY(parse_initializer(place, config, "kernel_initializer", &out->kernel_initializer));
  NNT_TRY(parse_initializer(place, config, "bias_initializer", &out->bias_initializer));
  if (out->bias_initializer.kind != NNT_ZEROS) {
    return nnt_json_fail(place, "the bias_initializer %s is not supported, only zeros",
                         nnt_initializer_names[out->bias_initializer.kind]);
  }
  return parse_regularizer(place, config, &out->l2);
}

static nnt_status parse_dropout(const nnt_json_place *place, const json_t *config,
                                nnt_layer_spec *out)
{
  NNT_TRY(nnt_json_refuse(place, config, "noise_shape"));
  out->rate = -1.0;
  NNT_TRY(nnt_json_number(place, config, "rate", 0.0, 1.0, &out->rate));
  if (out->rate >= 0.0 && out->rate < 1.0) return NNT_OK;
  return nnt_json_fail(place, "the rate must be a number from 0 to below 1");
}

static nnt_status parse_flatten(const nnt_json_place *place, const json_t *config)
{
  json_t const *const format = json_object_get(config, "data_format");
  if (format == NULL || json_is_null(format)) return NNT_OK;
  if (json_is_string(format) && strcmp(json_string_value(format), "channels_last") == 0) {
    return NNT_OK;
  }
  return nnt_json_fail(place, "only the data_format channels_last is supported");
}

nnt_status nnt_keras_layer_parse(const nnt_json_place *place, const char *class,
                                 const json_t *config, nnt_layer_spec *out)
{
  int const kind = nnt_name_find(nnt_layer_classes, NNT_LAYER_KIND_COUNT, class);
  if (kind < 0) {
    return nnt_json_fail(place,
                         "layers of the class %s are not supported, only InputLayer, Flatten, "
                         "Dense, Activation and Dropout",
                         class);
  }
  out->kind = (nnt_layer_kind)kind;
  NNT_TRY(nnt_keras_dtype_check(place, config));
  switch (out->kind) {
  case NNT_DENSE:
    return parse_dense(place, config, out);
  case NNT_ACTIVATION:
    return parse_activation(place, config, &out->activation);
  case NNT_DROPOUT:
    return parse_dropout(place, config, out);
  case NNT_FLATTEN:
    return parse_flatten(place, config);
  case NNT_LAYER_KIND_COUNT:
    break;
  }
  return NNT_OK;
}
