#include "store/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char const *const nnt_layer_classes[NNT_LAYER_KIND_COUNT] = {
    [NNT_FLATTEN] = "Flatten",
    [NNT_DENSE] = "Dense",
    [NNT_ACTIVATION] = "Activation",
    [NNT_DROPOUT] = "Dropout",
};

char const *const nnt_layer_keys[NNT_LAYER_KIND_COUNT] = {
    [NNT_FLATTEN] = "flatten",
    [NNT_DENSE] = "dense",
    [NNT_ACTIVATION] = "activation",
    [NNT_DROPOUT] = "dropout",
};

void nnt_checkpoint_name(uint64_t step, char out[NNT_CHECKPOINT_NAME_SIZE])
{
  (void)snprintf(out, NNT_CHECKPOINT_NAME_SIZE, "checkpoint-%" PRIu64 ".weights.h5", step);
}

bool nnt_checkpoint_name_step(const char *name, uint64_t *step)
{
  static char const beginning[] = "checkpoint-";
  size_t const length = sizeof beginning - 1;
  if (strncmp(name, beginning, length) != 0) return false;
  uint64_t const found = strtoull(name + length, NULL, 10);
  /* Only the one way to write the step counts: no sign, no leading zeros, no overflow. */
  char again[NNT_CHECKPOINT_NAME_SIZE];
  nnt_checkpoint_name(found, again);
  if (strcmp(name, again) != 0) return false;
  *step = found;
  return true;
}

void nnt_layer_key(const nnt_model_spec *spec, size_t layer, char out[NNT_KEY_SIZE])
{
  nnt_layer_kind const kind = spec->layers[layer].kind;
  size_t before = 0;
  for (size_t i = 0; i < layer; i++) {
    before += spec->layers[i].kind == kind;
  }
  if (before == 0) {
    (void)snprintf(out, NNT_KEY_SIZE, "%s", nnt_layer_keys[kind]);
  } else {
    (void)snprintf(out, NNT_KEY_SIZE, "%s_%zu", nnt_layer_keys[kind], before);
  }
}
