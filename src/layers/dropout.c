/* Inverted dropout: y = x m / (1 - rate), where m is 0 with probability rate, else 1. Masks are
 * pure functions of (seed, epoch, sample, layer, element), so they are drawn again in the backward
 * pass and do not depend on ranks. Source: Srivastava et al. 2014; keras.layers.Dropout. */
#include <string.h>

#include "base/random.h"
#include "layers/layer.h"

static size_t outputs(const nnt_layer_spec *spec, size_t inputs, const char **why)
{
  if (!(spec->rate >= 0.0 && spec->rate < 1.0)) {
    *why = "the rate of dropout must be at least 0 and below 1";
    return 0;
  }
  return inputs;
}

/* out = in * mask / (1 - rate), for all rows. */
static void apply(const nnt_layer *layer, const nnt_layer_rows *rows, const float *in, float *out)
{
  size_t const n = layer->outputs;
  double const rate = layer->spec->rate;
  float const scale = (float)(1.0 / (1.0 - rate));
  /* A 32-bit number below this drops the element. */
  uint64_t const limit = (uint64_t)(rate * 4294967296.0);
  nnt_dropout const *const dropout = rows->dropout;
  for (size_t row = 0; row < rows->count; row++) {
    nnt_random_words drawn = {{0}};
    for (size_t i = 0; i < n; i++) {
      if (i % 8 == 0) {
        drawn = nnt_random(dropout->seed, NNT_FOR_DROPOUT, dropout->epoch, rows->sample[row],
                           layer->index, i / 8);
      }
      uint64_t const bits = (drawn.word[i % 8 / 2] >> (i % 2 * 32)) & 0xFFFFFFFFU;
      size_t const at = row * layer->output_stride + i;
      out[at] = bits < limit ? 0.0F : in[at] * scale;
    }
  }
}

static void forward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows)
{
  (void)parameters;
  if (rows->dropout == NULL) {
    memcpy(rows->output, rows->input, rows->count * layer->output_stride * sizeof *rows->output);
  } else {
    apply(layer, rows, rows->input, rows->output);
  }
}

static void backward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                     bool activated)
{
  (void)parameters;
  (void)activated;
  if (rows->input_delta == NULL) return;
  if (rows->dropout == NULL) {
    memcpy(rows->input_delta, rows->delta,
           rows->count * layer->output_stride * sizeof *rows->delta);
  } else {
    apply(layer, rows, rows->delta, rows->input_delta);
  }
}

nnt_layer_kind_table const nnt_layer_dropout = {"dropout", outputs, forward, backward};
