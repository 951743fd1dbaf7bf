#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "store/keras_read.h"
#include "store/names.h"

/* What is known while the layers are gone through. */
typedef struct reader {
  nnt_json_place place;
  nnt_model_spec *model;
  json_t const *sequential; /* the settings of the whole model; may tell the input shape */
  size_t rank; /* dimensions of what reaches the next layer; 0: the input is not known yet */
} reader;

static bool is_name_taken(const nnt_model_spec *model, const char *name)
{
  for (size_t i = 0; i < model->layer_count; i++) {
    if (strcmp(model->layers[i].name, name) == 0) return true;
  }
  return false;
}

/* Keras allows nearly any name; what all its versions and HDF5 take as a path is less. */
static void make_name(const char *wish, const char *otherwise, char out[NNT_NAME_SIZE])
{
  char const *const source = wish == NULL || *wish == '\0' ? otherwise : wish;
  bool const starts_well = isalpha((unsigned char)source[0]) != 0;
  (void)snprintf(out, NNT_NAME_SIZE, "%s%s", starts_well ? "" : "layer_", source);
  for (char *it = out; *it != '\0'; it++) {
    unsigned char const c = (unsigned char)*it;
    *it = (char)(c < 128 && isalnum(c) != 0 ? tolower(c) : '_');
  }
}

static void make_unique(const nnt_model_spec *model, char name[NNT_NAME_SIZE])
{
  char stem[NNT_NAME_SIZE - 8];
  (void)snprintf(stem, sizeof stem, "%.*s", (int)sizeof stem - 1, name);
  for (unsigned i = 1; is_name_taken(model, name) && i <= NNT_LAYERS_MAX; i++) {
    (void)snprintf(name, NNT_NAME_SIZE, "%s_%u", stem, i);
  }
}

/* shape [in] a list of which the first `skip` entries, the batch, do not count */
static nnt_status parse_shape(reader *it, const json_t *shape, size_t skip)
{
  size_t const size = json_array_size(shape);
  if (!json_is_array(shape) || size <= skip || size - skip > NNT_INPUT_DIMENSIONS_MAX) {
    return nnt_json_fail(&it->place,
                         "the input shape must have 1 to %d dimensions beside the batch",
                         NNT_INPUT_DIMENSIONS_MAX);
  }
  it->model->input_dimensions = size - skip;
  for (size_t i = skip; i < size; i++) {
    json_t const *const extent = json_array_get(shape, i);
    json_int_t const value = json_integer_value(extent);
    if (!json_is_integer(extent) || value < 1 || value > INT_MAX) {
      return nnt_json_fail(&it->place, "the input shape must consist of positive integers");
    }
    it->model->input_shape[i - skip] = (size_t)value;
  }
  it->rank = size - skip;
  return NNT_OK;
}

/* Looks for the input shape under the names that versions of Keras have given it. */
static nnt_status look_for_shape(reader *it, const json_t *config)
{
  static char const *const with_batch[] = {"batch_shape", "batch_input_shape", "build_input_shape"};
  for (size_t i = 0; i < sizeof with_batch / sizeof *with_batch && it->rank == 0; i++) {
    json_t const *const shape = json_object_get(config, with_batch[i]);
    if (json_is_array(shape)) NNT_TRY(parse_shape(it, shape, 1));
  }
  json_t const *const shape = json_object_get(config, "input_shape");
  if (it->rank == 0 && json_is_array(shape)) return parse_shape(it, shape, 0);
  return NNT_OK;
}

static nnt_status parse_input_layer(reader *it, const json_t *config)
{
  NNT_TRY(nnt_keras_dtype_check(&it->place, config));
  NNT_TRY(nnt_json_refuse(&it->place, config, "sparse"));
  NNT_TRY(nnt_json_refuse(&it->place, config, "ragged"));
  NNT_TRY(look_for_shape(it, config));
  if (it->rank > 0) return NNT_OK;
  return nnt_json_fail(&it->place, "the input shape is missing");
}

/* Keras lets Dense and softmax work on the last of several dimensions; here they want just one. */
static nnt_status check_rank(reader *it, const nnt_layer_spec *layer)
{
  bool const wants_one = layer->kind == NNT_DENSE || layer->activation == NNT_SOFTMAX;
  if (layer->kind == NNT_FLATTEN) it->rank = 1;
  if (!wants_one || it->rank == 1) return NNT_OK;
  return nnt_json_fail(&it->place,
                       "its input has %zu dimensions beside the batch, but 1 is supported: put a "
                       "Flatten layer before it",
                       it->rank);
}

static nnt_status parse_other_layer(reader *it, const char *class, const json_t *entry,
                                    const json_t *config)
{
  nnt_model_spec *const model = it->model;
  if (model->layer_count == NNT_LAYERS_MAX) {
    return nnt_json_fail(&it->place, "more than %d layers are not supported", NNT_LAYERS_MAX);
  }
  nnt_layer_spec *const layer = &model->layers[model->layer_count];
  NNT_TRY(nnt_keras_layer_parse(&it->place, class, config, layer));
  if (it->rank == 0) NNT_TRY(look_for_shape(it, config));
  json_t const *const build = json_object_get(entry, "build_config");
  json_t const *const built = json_object_get(build, "input_shape");
  if (it->rank == 0 && json_is_array(built)) NNT_TRY(parse_shape(it, built, 1));
  if (it->rank == 0) NNT_TRY(look_for_shape(it, it->sequential));
  if (it->rank == 0) {
    return nnt_json_fail(&it->place, "the input shape is missing; start with an InputLayer");
  }
  NNT_TRY(check_rank(it, layer));
  make_name(json_string_value(json_object_get(config, "name")), nnt_layer_keys[layer->kind],
            layer->name);
  make_unique(model, layer->name);
  model->layer_count++;
  return NNT_OK;
}

static nnt_status parse_entry(reader *it, size_t index, const json_t *entry)
{
  json_t const *const config = json_object_get(entry, "config");
  char const *const name = json_string_value(json_object_get(config, "name"));
  char part[NNT_NAME_SIZE * 2];
  if (name != NULL) {
    (void)snprintf(part, sizeof part, "layer %s", name);
  } else {
    (void)snprintf(part, sizeof part, "layer number %zu", index + 1);
  }
  it->place.part = part;

  char const *class = NULL;
  json_t const *settings = NULL;
  nnt_status status = nnt_json_thing(&it->place, entry, "a layer", &class, &settings);
  char const *const full_class = json_string_value(json_object_get(entry, "class_name"));
  if (status == NNT_OK && (settings == NULL || full_class == NULL)) {
    status = nnt_json_fail(&it->place, "a layer must be an object with class_name and config");
  }
  if (status == NNT_OK && full_class != NULL && strcmp(full_class, "InputLayer") != 0) {
    status = parse_other_layer(it, full_class, entry, settings);
  } else if (status == NNT_OK && index == 0) {
    status = parse_input_layer(it, settings);
  } else if (status == NNT_OK) {
    status = nnt_json_fail(&it->place, "an InputLayer is supported only as the first layer");
  }
  it->place.part = NULL;
  return status;
}

nnt_status nnt_keras_model_parse(const nnt_json_place *place, const json_t *json,
                                 nnt_model_spec *out)
{
  memset(out, 0, sizeof *out);
  reader it = {.place = *place, .model = out};
  char const *const class = json_string_value(json_object_get(json, "class_name"));
  if (class == NULL) return nnt_json_fail(place, "this is not the description of a Keras model");
  if (strcmp(class, "Sequential") != 0) {
    return nnt_json_fail(place, "models of the class %s are not supported, only Sequential", class);
  }
  json_t const *const config = json_object_get(json, "config");
  bool trainable = true;
  NNT_TRY(nnt_json_flag(place, config, "trainable", &trainable));
  if (!trainable) return nnt_json_fail(place, "a model that is not trainable is not supported");
  NNT_TRY(nnt_keras_dtype_check(place, config));

  /* Before 2.2.3 Keras wrote the bare list. */
  json_t const *const layers = json_is_array(config) ? config : json_object_get(config, "layers");
  if (!json_is_array(layers)) return nnt_json_fail(place, "the list of layers is missing");
  make_name(json_string_value(json_object_get(config, "name")), "sequential", out->name);
  it.sequential = config;
  for (size_t i = 0; i < json_array_size(layers); i++) {
    NNT_TRY(parse_entry(&it, i, json_array_get(layers, i)));
  }
  if (out->layer_count == 0) return nnt_json_fail(place, "the model has no layers");
  return NNT_OK;
}
