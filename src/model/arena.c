/* The parameters in the forms that kernels want, and packed as everybody else sees them. */
#include <string.h>

#include "base/digest.h"
#include "model/private.h"

/* Calls `move` for every parameter, in packed order. */
static void for_each(const nnt_model *model, const float *from, float *to,
                     void (*move)(const float *from, float *to, size_t packed, size_t place))
{
  size_t packed = 0;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer const *const layer = &model->layers[l];
    if (layer->form == NULL) continue;
    for (size_t k = 0; k < layer->inputs; k++) {
      for (size_t o = 0; o < layer->outputs; o++) {
        move(from, to, packed++, layer->kernel + layer->form->place(layer, k, o));
      }
    }
    for (size_t o = 0; layer->spec->use_bias && o < layer->outputs; o++) {
      move(from, to, packed++, layer->bias + o);
    }
  }
}

static void pack(const float *from, float *to, size_t packed, size_t place)
{
  to[packed] = from[place];
}

static void unpack(const float *from, float *to, size_t packed, size_t place)
{
  to[place] = from[packed];
}

void nnt_model_pack(const nnt_model *model, const float *arena, float *packed)
{
  for_each(model, arena, packed, pack);
}

void nnt_model_unpack(const nnt_model *model, const float *packed, float *arena)
{
  memset(arena, 0, model->arena_size * sizeof *arena);
  for_each(model, packed, arena, unpack);
}

nnt_status nnt_parameters_digest(const float *parameters, size_t count,
                                 char out[NNT_SHA256_TEXT_SIZE])
{
  unsigned char digest[NNT_SHA256_SIZE];
  NNT_TRY(nnt_digest_of(parameters, count * sizeof *parameters, digest));
  nnt_digest_text(digest, out);
  return NNT_OK;
}
