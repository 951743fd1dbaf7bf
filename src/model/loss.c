/* Losses and their derivatives, row by row. The loss of a row is float64, since it is added over
 * many rows; the derivative is float32, since it goes into products. */
#include <math.h>

#include "model/private.h"

/* The bounds of clipping, as float32 has them: keras.config.epsilon() and 1 minus that, which is
 * 1 - 1.19e-7. */
static double const least = (double)1e-7F;
static double const most = (double)(1.0F - 1e-7F);

/* The target of class c: one-hot, smoothed. */
static double target(const nnt_loss *loss, size_t classes, bool is_label)
{
  double const s = loss->label_smoothing;
  if (s == 0.0) return is_label ? 1.0 : 0.0;
  return (is_label ? 1.0 - s : 0.0) + s / (double)classes;
}

static double largest_of(const float *x, size_t n)
{
  float largest = x[0];
  for (size_t c = 1; c < n; c++) {
    if (x[c] > largest) largest = x[c];
  }
  return (double)largest;
}

/* sum_c exp(z_c - largest) */
static double exponential_sum(const nnt_model *model, const float *z, double largest)
{
  enum { AT_A_TIME = 64 };
  nnt_kernels const *const kernels = nnt_kernels_of(model->isa);
  float e[AT_A_TIME];
  double sum = 0.0;
  for (size_t from = 0; from < model->outputs; from += AT_A_TIME) {
    size_t const left = model->outputs - from;
    size_t const n = left < AT_A_TIME ? left : AT_A_TIME;
    kernels->exponentials(z + from, (float)largest, e, n);
    for (size_t c = 0; c < n; c++) {
      sum += (double)e[c];
    }
  }
  return sum;
}

/* logsumexp(z) - sum_c t_c z_c, from numbers of moderate size: (log sum + largest) - z_c each. */
static double entropy_of_logits(const nnt_model *model, const nnt_loss *loss, const float *z,
                                size_t label)
{
  size_t const classes = model->outputs;
  double const largest = largest_of(z, classes);
  double const log_sum = log(exponential_sum(model, z, largest));
  if (loss->label_smoothing == 0.0) return log_sum + (largest - (double)z[label]);
  double sum = 0.0;
  for (size_t c = 0; c < classes; c++) {
    sum += target(loss, classes, c == label) * (log_sum + (largest - (double)z[c]));
  }
  return sum;
}

/* NaN stays NaN, as in TensorFlow: outputs that are all 0 have no probabilities. */
static double clipped(double p)
{
  if (p < least) return least;
  return p > most ? most : p;
}

static double sum_of(const float *y, size_t classes, double (*of)(double))
{
  double sum = 0.0;
  for (size_t c = 0; c < classes; c++) {
    sum += of((double)y[c]);
  }
  return sum;
}

static double itself(double y) { return y; }

static double entropy_of_probabilities(const nnt_loss *loss, const float *y, size_t classes,
                                       size_t label)
{
  if (loss->kind == NNT_SPARSE_CATEGORICAL_CROSSENTROPY) {
    return log(sum_of(y, classes, clipped)) - log(clipped((double)y[label]));
  }
  double const total = sum_of(y, classes, itself);
  double sum = 0.0;
  for (size_t c = 0; c < classes; c++) {
    sum -= target(loss, classes, c == label) * log(clipped((double)y[c] / total));
  }
  return sum;
}

static double square_error(const float *y, size_t classes, size_t label)
{
  double sum = 0.0;
  for (size_t c = 0; c < classes; c++) {
    double const error = (double)y[c] - (c == label ? 1.0 : 0.0);
    sum += error * error;
  }
  return sum / (double)classes;
}

static bool from_logits(const nnt_model *model, const nnt_loss *loss)
{
  if (loss->kind == NNT_MEAN_SQUARED_ERROR) return false;
  return loss->from_logits || nnt_model_ends_in_softmax(model);
}

static bool is_hit(const float *y, size_t classes, size_t label)
{
  size_t best = 0;
  for (size_t c = 1; c < classes; c++) {
    if (y[c] > y[best]) best = c;
  }
  return best == label;
}

nnt_tally nnt_model_loss(const nnt_model *model, const nnt_loss *loss,
                         const nnt_workspace *workspace, nnt_range rows, const uint16_t *labels)
{
  size_t const classes = model->outputs;
  size_t const stride = nnt_row_stride(classes);
  bool const logits = from_logits(model, loss);
  float const *const all_outputs = nnt_workspace_outputs(workspace);
  float const *const all_logits = nnt_workspace_logits(workspace);
  nnt_tally tally = {0.0, 0};
  for (size_t row = rows.first; row < rows.first + rows.count; row++) {
    float const *const y = all_outputs + row * stride;
    size_t const label = labels[row];
    if (logits) {
      tally.loss += entropy_of_logits(model, loss, all_logits + row * stride, label);
    } else if (loss->kind == NNT_MEAN_SQUARED_ERROR) {
      tally.loss += square_error(y, classes, label);
    } else {
      tally.loss += entropy_of_probabilities(loss, y, classes, label);
    }
    tally.correct += is_hit(y, classes, label);
  }
  return tally;
}

/* softmax(z) - t */
static void logits_gradient(const nnt_model *model, const nnt_loss *loss, const float *z,
                            size_t label, float *delta)
{
  size_t const classes = model->outputs;
  nnt_kernels_of(model->isa)->exponentials(z, (float)largest_of(z, classes), delta, classes);
  double sum = 0.0;
  for (size_t c = 0; c < classes; c++) {
    sum += (double)delta[c];
  }
  for (size_t c = 0; c < classes; c++) {
    delta[c] = (float)((double)delta[c] / sum - target(loss, classes, c == label));
  }
}

/* The derivative of clipping: 1 within the bounds, 0 outside. */
static double slope_of_clipping(double p) { return p < least || p > most ? 0.0 : 1.0; }

/* By p = y / sum(y): g_c = -t_c / p_c within the bounds of clipping; by y: (g_c - sum_k g_k p_k) /
 * sum. */
static void categorical_gradient(const nnt_loss *loss, const float *y, size_t classes, size_t label,
                                 float *delta)
{
  double const total = sum_of(y, classes, itself);
  double mean = 0.0;
  for (size_t c = 0; c < classes; c++) {
    double const p = (double)y[c] / total;
    mean -= target(loss, classes, c == label) / clipped(p) * slope_of_clipping(p) * p;
  }
  for (size_t c = 0; c < classes; c++) {
    double const p = (double)y[c] / total;
    double const by_p = -target(loss, classes, c == label) / clipped(p) * slope_of_clipping(p);
    delta[c] = (float)((by_p - mean) / total);
  }
}

/* By q = clip(y): 1 / sum(q) - [c is the label] / q_c. */
static void sparse_gradient(const float *y, size_t classes, size_t label, float *delta)
{
  double const total = sum_of(y, classes, clipped);
  for (size_t c = 0; c < classes; c++) {
    double const p = (double)y[c];
    double const by_q = 1.0 / total - (c == label ? 1.0 / clipped(p) : 0.0);
    delta[c] = (float)(by_q * slope_of_clipping(p));
  }
}

static void square_gradient(const float *y, size_t classes, size_t label, float *delta)
{
  float const scale = 2.0F / (float)classes;
  for (size_t c = 0; c < classes; c++) {
    delta[c] = scale * (y[c] - (c == label ? 1.0F : 0.0F));
  }
}

bool nnt_loss_gradient(const nnt_model *model, const nnt_loss *loss, const nnt_workspace *workspace,
                       nnt_range rows, const uint16_t *labels, float *delta)
{
  size_t const classes = model->outputs;
  size_t const stride = nnt_row_stride(classes);
  bool const logits = from_logits(model, loss);
  float const *const all_outputs = nnt_workspace_outputs(workspace);
  float const *const all_logits = nnt_workspace_logits(workspace);
  for (size_t i = 0; i < rows.count; i++) {
    size_t const row = rows.first + i;
    float const *const y = all_outputs + row * stride;
    float *const d = delta + i * stride;
    if (logits) {
      logits_gradient(model, loss, all_logits + row * stride, labels[row], d);
    } else if (loss->kind == NNT_MEAN_SQUARED_ERROR) {
      square_gradient(y, classes, labels[row], d);
    } else if (loss->kind == NNT_SPARSE_CATEGORICAL_CROSSENTROPY) {
      sparse_gradient(y, classes, labels[row], d);
    } else {
      categorical_gradient(loss, y, classes, labels[row], d);
    }
  }
  /* Outputs that are taken for logits have still come through the last layer's activation. */
  return nnt_model_ends_in_softmax(model) && logits;
}
