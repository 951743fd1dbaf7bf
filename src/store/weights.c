#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nntrain/store.h"
#include "store/checkpoint_layout.h"
#include "store/hdf5_read.h"

/* Weights of foreign files are found in two steps: first the layers that have any, in the order of
 * the model, each with the paths of its tensors; then these are compared with the model, one by
 * one. */
enum { KEYS_MAX = 1 << 20 };

typedef struct found_layer {
  char name[NNT_H5_PATH_SIZE]; /* as the file calls it */
  nnt_texts tensors;           /* absolute paths, in Keras's order */
} found_layer;

typedef struct found_layers {
  size_t count;
  found_layer *layer; /* room for as many as the file has groups */
} found_layers;

static void free_layers(found_layers *layers)
{
  for (size_t i = 0; i < layers->count; i++) {
    nnt_texts_free(&layers->layer[i].tensors);
  }
  free(layers->layer);
}

/* "dense" is number 0 of its class, "dense_3" number 3; false for any other name. */
static bool dense_number(const char *key, unsigned long *out)
{
  char const *const stem = "dense";
  size_t const length = strlen(stem);
  *out = 0;
  if (strncmp(key, stem, length) != 0) return false;
  if (key[length] == '\0') return true;
  char const *const digits = key + length + 1;
  if (key[length] != '_' || *digits == '\0' || strspn(digits, "0123456789") != strlen(digits)) {
    return false;
  }
  *out = strtoul(digits, NULL, 10);
  return *out < KEYS_MAX;
}

static nnt_status join(const nnt_h5_source *source, char out[NNT_H5_PATH_SIZE], const char *a,
                       const char *b, const char *c)
{
  int const length = snprintf(out, NNT_H5_PATH_SIZE, "%s/%s%s", a, b, c);
  if (length >= 0 && length < NNT_H5_PATH_SIZE) return NNT_OK;
  return nnt_fail(source->bad, "%s: a name in it is too long", source->name);
}

/* Keras 3: the tensors of a layer are the members "0", "1", ... of its group `vars`. */
static nnt_status add_keyed_layer(const nnt_h5_source *source, const char *base, const char *key,
                                  found_layers *out)
{
  bool has_tensors = false;
  found_layer *const layer = &out->layer[out->count];
  NNT_TRY(join(source, layer->name, base, key, "/vars"));
  NNT_TRY(nnt_h5_find(source, layer->name, &has_tensors));
  if (!has_tensors) return NNT_OK;
  NNT_TRY(nnt_h5_members(source, layer->name, &layer->tensors));
  if (layer->tensors.count == 0) {
    nnt_texts_free(&layer->tensors);
    return NNT_OK;
  }
  out->count++;
  for (size_t i = 0; i < layer->tensors.count; i++) {
    char path[NNT_H5_PATH_SIZE];
    char number[32];
    (void)snprintf(number, sizeof number, "%zu", i);
    NNT_TRY(join(source, path, layer->name, number, ""));
    free(layer->tensors.text[i]);
    layer->tensors.text[i] = strdup(path);
    if (layer->tensors.text[i] == NULL) return nnt_fail(NNT_ENOMEM, "no memory for names");
  }
  return NNT_OK;
}

static int by_number(const void *a, const void *b)
{
  unsigned long x = 0;
  unsigned long y = 0;
  (void)dense_number(*(char *const *)a, &x);
  (void)dense_number(*(char *const *)b, &y);
  return (x > y) - (x < y);
}

/* Keras 2.13 skips numbers, so keys of one class are taken in numeric order. The order between
 * classes is not in the file; with dense layers alone there is nothing to order. */
static nnt_status find_keyed(const nnt_h5_source *source, const char *base, const nnt_texts *keys,
                             found_layers *out)
{
  if (keys->count > 0) qsort((void *)keys->text, keys->count, sizeof *keys->text, by_number);
  for (size_t i = 0; i < keys->count; i++) {
    unsigned long number = 0;
    size_t const before = out->count;
    NNT_TRY(add_keyed_layer(source, base, keys->text[i], out));
    if (out->count > before && !dense_number(keys->text[i], &number)) {
      return nnt_fail(source->bad,
                      "%s: %s/%s has weights, but only those of Dense layers are "
                      "supported",
                      source->name, base, keys->text[i]);
    }
  }
  return NNT_OK;
}

/* Whole-model files, and the older files of weights: names in attributes tell the order. */
static nnt_status add_named_layer(const nnt_h5_source *source, const char *base, const char *name,
                                  found_layers *out)
{
  bool found = false;
  found_layer *const layer = &out->layer[out->count];
  NNT_TRY(join(source, layer->name, base, name, ""));
  NNT_TRY(nnt_h5_find(source, layer->name, &found));
  if (!found) return nnt_fail(source->bad, "%s: there is no %s", source->name, layer->name);
  NNT_TRY(nnt_h5_get_texts(source, layer->name, "weight_names", &layer->tensors));
  if (layer->tensors.count == 0) return NNT_OK;
  out->count++;
  for (size_t i = 0; i < layer->tensors.count; i++) {
    char path[NNT_H5_PATH_SIZE];
    NNT_TRY(join(source, path, layer->name, layer->tensors.text[i], ""));
    free(layer->tensors.text[i]);
    layer->tensors.text[i] = strdup(path);
    if (layer->tensors.text[i] == NULL) return nnt_fail(NNT_ENOMEM, "no memory for names");
  }
  return NNT_OK;
}

static nnt_status find_named(const nnt_h5_source *source, const char *base, const nnt_texts *names,
                             found_layers *out)
{
  for (size_t i = 0; i < names->count; i++) {
    NNT_TRY(add_named_layer(source, base, names->text[i], out));
  }
  return NNT_OK;
}

/* A way to store weights, and the group that shows it. */
typedef struct layout {
  char const *base;
  bool keyed;
} layout;

static nnt_status find_layout(const nnt_h5_source *source, layout *out)
{
  static layout const layouts[] = {
      {"/layers", true}, {"/_layer_checkpoint_dependencies", true}, {"/model_weights", false}};
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
    bool found = false;
    NNT_TRY(nnt_h5_find(source, layouts[i].base, &found));
    *out = layouts[i];
    if (found) return NNT_OK;
  }
  *out = (layout){"", false};
  return NNT_OK;
}

static nnt_status find_layers(const nnt_h5_source *source, found_layers *out)
{
  layout at = {0};
  nnt_texts names = {0};
  void *memory = NULL;
  NNT_TRY(find_layout(source, &at));
  char const *const holder = *at.base == '\0' ? "/" : at.base;
  if (at.keyed) {
    NNT_TRY(nnt_h5_members(source, at.base, &names));
  } else {
    NNT_TRY(nnt_h5_get_texts(source, holder, "layer_names", &names));
  }
  nnt_status status = NNT_OK;
  if (names.count == 0) {
    status = nnt_fail(source->bad, "%s holds no weights in a layout of Keras", source->name);
  }
  if (status == NNT_OK) {
    status = nnt_memory_create(&memory, names.count, sizeof *out->layer, "a list of layers");
  }
  out->layer = memory;
  if (status == NNT_OK && at.keyed) status = find_keyed(source, at.base, &names, out);
  if (status == NNT_OK && !at.keyed) status = find_named(source, at.base, &names, out);
  nnt_texts_free(&names);
  return status;
}

static nnt_status read_tensor(const nnt_h5_source *source, const char *path,
                              const nnt_tensor *tensor, float *values)
{
  if (nnt_h5_get_tensor(source, path, tensor, values) != NNT_OK) {
    return nnt_fail(source->bad, "%s (the model's %s)", nnt_last_error(), tensor->name);
  }
  for (size_t i = 0; i < tensor->count; i++) {
    if (isfinite(values[tensor->offset + i])) continue;
    return nnt_fail(source->bad, "%s: %s holds a value that is not finite (the model's %s)",
                    source->name, path, tensor->name);
  }
  return NNT_OK;
}

/* Compares the layers with the model's, in their order, and reads. */
static nnt_status read_layers(const nnt_h5_source *source, const found_layers *layers,
                              const nnt_model *model, float *values)
{
  size_t const count = nnt_model_tensor_count(model);
  size_t next = 0;
  size_t tensor = 0;
  while (tensor < count) {
    size_t const index = nnt_model_tensor(model, tensor)->layer;
    char const *const name = nnt_model_spec_of(model)->layers[index].name;
    size_t end = tensor;
    while (end < count && nnt_model_tensor(model, end)->layer == index) {
      end++;
    }
    if (next == layers->count) {
      return nnt_fail(source->bad,
                      "%s has no weights for the model's layer %s: it holds %zu layers",
                      source->name, name, layers->count);
    }
    found_layer const *const layer = &layers->layer[next++];
    if (layer->tensors.count != end - tensor) {
      return nnt_fail(source->bad, "%s: %s holds %zu tensors, the model's layer %s has %zu",
                      source->name, layer->name, layer->tensors.count, name, end - tensor);
    }
    for (size_t i = 0; tensor < end; i++, tensor++) {
      NNT_TRY(read_tensor(source, layer->tensors.text[i], nnt_model_tensor(model, tensor), values));
    }
  }
  if (next == layers->count) return NNT_OK;
  return nnt_fail(source->bad, "%s: %s has weights, but the model has only %zu layers with weights",
                  source->name, layers->layer[next].name, next);
}

static bool is_zip(const char *path)
{
  char start[4] = "";
  FILE *const file = fopen(path, "rb");
  if (file == NULL) return false;
  size_t const got = fread(start, 1, sizeof start, file);
  (void)fclose(file);
  return got == sizeof start && memcmp(start, "PK\003\004", sizeof start) == 0;
}

/* A checkpoint of nntrain that is not the file that was written, and so has no trailer that fits:
 * its parameters must still be those it was written with. */
static nnt_status check_digest(const nnt_h5_source *source, const float *values, size_t count)
{
  bool own = false;
  char *wanted = NULL;
  char digest[NNT_SHA256_TEXT_SIZE];
  if (source->has_trailer) return NNT_OK;
  NNT_TRY(nnt_h5_find(source, NNT_OWN_GROUP, &own));
  if (!own) return NNT_OK;
  NNT_TRY(nnt_h5_get_text(source, NNT_OWN_GROUP, "parameter_digest", &wanted));
  nnt_status status = nnt_parameters_digest(values, count, digest);
  if (status == NNT_OK && strcmp(digest, wanted) != 0) {
    status =
        nnt_fail(source->bad, "%s is damaged: its parameters are not those it was written with",
                 source->name);
  }
  free(wanted);
  return status;
}

nnt_status nnt_weights_read(const char *path, const nnt_model *model, float *parameters)
{
  nnt_h5_source source;
  found_layers layers = {0};
  float *values = NULL;
  nnt_status status = nnt_h5_source_open(&source, path, NNT_ECHECKPOINT, NNT_TRAILER_OPTIONAL);
  if (status == NNT_ECHECKPOINT && is_zip(path)) {
    return nnt_fail(status,
                    "%s is a .keras archive, which is not supported; save the weights as "
                    ".weights.h5",
                    path);
  }
  if (status != NNT_OK) return status;
  status = find_layers(&source, &layers);
  size_t const count = nnt_model_parameter_count(model);
  if (status == NNT_OK) status = nnt_floats_create(&values, count, "weights");
  if (status == NNT_OK) status = read_layers(&source, &layers, model, values);
  if (status == NNT_OK) status = check_digest(&source, values, count);
  if (status == NNT_OK) memcpy(parameters, values, count * sizeof *values);
  free(values);
  free_layers(&layers);
  nnt_h5_source_close(&source);
  return status;
}
