#include "cli/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/plan.h"
#include "train/save_schedule.h"

enum { BAR_WIDTH = 30 };
static double const redraw_interval = 0.1; /* seconds */

/* Is there a terminal behind standard output? mpirun gives each rank a pseudo-terminal of its own
 * and passes on what arrives there, so its output is the one to ask about. */
static bool writes_to_terminal(void)
{
  if (getenv("OMPI_COMM_WORLD_SIZE") == NULL) return isatty(STDOUT_FILENO) == 1;
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%ld/fd/1", (long)getppid());
  int const launcher = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  if (launcher < 0) return false;
  bool const terminal = isatty(launcher) == 1;
  (void)close(launcher);
  return terminal;
}

void nnt_progress_init(nnt_progress *progress, const nnt_config *config,
                       const nnt_blas_choice *blas)
{
  bool const terminal = writes_to_terminal();
  bool const automatic = config->progress == NNT_PROGRESS_AUTO;
  *progress = (nnt_progress){
      .config = config,
      .blas = blas,
      .bar = !config->quiet && (config->progress == NNT_PROGRESS_BAR || (automatic && terminal)),
      .lines =
          !config->quiet && (config->progress == NNT_PROGRESS_LINES || (automatic && !terminal)),
  };
}

/* Standard error is not buffered and standard output may be: keep their order. */
static void print_aside(const char *prefix, const char *text)
{
  (void)fflush(stdout);
  (void)fprintf(stderr, "nntrain: %s%s\n", prefix, text);
}

/* What is printed in the middle of an epoch begins on a line of its own. */
static void leave_bar(nnt_progress *progress)
{
  if (progress->drawn_width > 0) (void)printf("\n");
  progress->drawn_width = 0;
}

static void warning(void *context, const char *text)
{
  leave_bar(context);
  print_aside("warning: ", text);
}

static void note(void *context, const char *text)
{
  nnt_progress *const progress = context;
  leave_bar(progress);
  if (!progress->config->quiet) (void)printf("%s\n", text);
}

enum { COUNT_SIZE = 32 };

/* "60,000"; returns `text`. */
static const char *with_commas(uint64_t value, char text[COUNT_SIZE])
{
  char digits[24];
  int const length = snprintf(digits, sizeof digits, "%" PRIu64, value);
  size_t at = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) text[at++] = ',';
    text[at++] = digits[i];
  }
  text[at] = '\0';
  return text;
}

static void print_data(const nnt_data_info *data)
{
  char train[COUNT_SIZE];
  char test[COUNT_SIZE];
  (void)printf("data: %s: %s training and %s test images of ", data->description,
               with_commas(data->train_count, train), with_commas(data->test_count, test));
  for (size_t i = 0; i < data->dimensions; i++) {
    (void)printf("%s%zu", i == 0 ? "" : "x", data->shape[i]);
  }
  (void)printf(", %zu classes\n", data->classes);
}

static void print_layer(const nnt_layer_spec *layer)
{
  switch (layer->kind) {
  case NNT_DENSE:
    (void)printf("-%zu", layer->units);
    if (layer->activation != NNT_LINEAR) {
      (void)printf(" %s", nnt_activation_names[layer->activation]);
    }
    break;
  case NNT_ACTIVATION:
    (void)printf(" %s", nnt_activation_names[layer->activation]);
    break;
  case NNT_DROPOUT:
    (void)printf(" dropout %g", layer->rate);
    break;
  default:
    break;
  }
}

static void print_model(const nnt_model *model)
{
  nnt_model_spec const *const spec = nnt_model_spec_of(model);
  (void)printf("model: %zu", nnt_model_features(model));
  for (size_t i = 0; i < spec->layer_count; i++) {
    print_layer(&spec->layers[i]);
  }
  char count[COUNT_SIZE];
  (void)printf(", %s parameters\n", with_commas(nnt_model_parameter_count(model), count));
}

static void print_optimizer(const nnt_run_info *info)
{
  nnt_config const *const config = info->config;
  nnt_optimizer const *const optimizer = &config->optimizer;
  (void)printf("optimizer: %s, learning rate %g", nnt_optimizer_names[optimizer->kind],
               optimizer->learning_rate);
  if (optimizer->momentum > 0.0) {
    (void)printf(", %smomentum %g", optimizer->nesterov ? "Nesterov " : "", optimizer->momentum);
  }
  if (optimizer->weight_decay > 0.0) (void)printf(", weight decay %g", optimizer->weight_decay);
  if (optimizer->clip_norm > 0.0) (void)printf(", clipped to norm %g", optimizer->clip_norm);
  if (config->l2 > 0.0) (void)printf(", l2 %g", config->l2);
  (void)printf("; loss: %s", nnt_loss_names[config->loss.kind]);
  if (config->loss.label_smoothing > 0.0) {
    (void)printf(", label smoothing %g", config->loss.label_smoothing);
  }
  (void)printf("\n");
}

static void print_plan(const nnt_run_info *info)
{
  char count[COUNT_SIZE];
  (void)printf("training: %s steps", with_commas(info->steps, count));
  (void)printf(" of %s samples", with_commas(info->config->batch_size, count));
  (void)printf(", %s an epoch, seed %" PRIu64 "; ", with_commas(info->batches, count),
               info->config->seed);
  if (info->config->exchange != NNT_EXCHANGE_ALLREDUCE) {
    (void)printf("the same bits on 1 to %" PRIu64 " ranks\n", info->microbatches);
  } else {
    (void)printf("with --exchange allreduce the bits depend on the number of ranks\n");
  }
  if (info->done > 0) (void)printf("going on after step %s\n", with_commas(info->done, count));
}

static void print_means(const nnt_run_info *info)
{
  nnt_config const *const config = info->config;
  bool const sparse = nnt_model_reads_sparse(info->model);
  (void)printf("computing: %s kernels, %sexchange %s, %" PRIu64 " %s a rank\n",
               nnt_isa_names[nnt_model_isa(info->model)],
               sparse ? "the first layer skips zeros, " : "", nnt_exchange_names[config->exchange],
               config->threads, config->threads == 1 ? "thread" : "threads");
}

static void print_idle_cores(const nnt_run_info *info)
{
  uint64_t const threads = info->config->threads;
  if (info->placement->ranks != 1 || threads >= (uint64_t)info->cores) return;
  (void)printf("%" PRIu64
               " of %d cores %s used; to use all: mpirun -n %d nntrain, or --threads auto\n",
               threads, info->cores, threads == 1 ? "is" : "are", info->cores);
}

static void print_time_limit(const nnt_run_info *info)
{
  if (!isfinite(info->seconds_left)) return;
  char left[COUNT_SIZE];
  nnt_duration_text((uint64_t)fmax(0.0, round(info->seconds_left)), left, sizeof left);
  (void)printf("time limit: %s left (%s): saves and ends before that with code 75\n", left,
               info->limited_by);
}

static void print_interval(const nnt_run_info *info)
{
  if (info->config->checkpoint_every.unit != NNT_INTERVAL_AUTO) return;
  (void)printf(
      "checkpoints: the first after %.0f s, then as often as pays, at most %.0f min apart\n",
      NNT_SAVE_INTERVAL_MIN, NNT_SAVE_INTERVAL_MAX / 60.0);
}

static void print_configuration(const nnt_config *config)
{
  char value[NNT_VALUE_SIZE];
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    nnt_config_text(config, (nnt_option_id)id, value);
    (void)printf("  %s = %s\n", nnt_option_at((nnt_option_id)id)->name, value);
  }
}

static void begin(void *context, const nnt_run_info *info)
{
  nnt_progress const *const progress = context;
  if (progress->config->quiet) return;
  char text[NNT_MESSAGE_SIZE];
  nnt_blas_remark(progress->blas, text);
  (void)printf("nntrain " NNTRAIN_VERSION ": OpenBLAS for %s%s\n", info->blas_core, text);
  nnt_placement_text(info->placement, text);
  (void)printf("placement: %s\n", text);
  print_idle_cores(info);
  print_data(info->data);
  print_model(info->model);
  print_optimizer(info);
  print_plan(info);
  print_means(info);
  print_interval(info);
  print_time_limit(info);
  if (info->config->verbose) print_configuration(info->config);
  (void)fflush(stdout);
}

static int print_figures(const nnt_epoch_view *view)
{
  double const milliseconds = view->batch == 0 ? 0.0 : 1e3 * view->seconds / (double)view->batch;
  int width = printf("%.1f s %.2f ms/step - loss: %.4f - accuracy: %.4f", view->seconds,
                     milliseconds, view->loss, view->accuracy);
  if (!isnan(view->val_loss)) {
    width += printf(" - val_loss: %.4f - val_accuracy: %.4f", view->val_loss, view->val_accuracy);
  }
  return width;
}

/* Redraws the line in place, over what was longer before. */
static void draw_bar(nnt_progress *progress, const nnt_epoch_view *view)
{
  char bar[BAR_WIDTH + 1];
  size_t const done = (size_t)(view->batch * BAR_WIDTH / view->batches);
  memset(bar, '.', BAR_WIDTH);
  memset(bar, '=', done);
  if (done < BAR_WIDTH) bar[done] = '>';
  bar[BAR_WIDTH] = '\0';
  int width = printf("\r%" PRIu64 "/%" PRIu64 " [%s] - ", view->batch, view->batches, bar);
  width += print_figures(view);
  int const blanks = progress->drawn_width - width;
  if (blanks > 0) (void)printf("%*s", blanks, "");
  progress->drawn_width = width;
  (void)fflush(stdout);
}

static void epoch_begin(void *context, const nnt_epoch_view *view)
{
  nnt_progress *const progress = context;
  if (!progress->bar) return;
  (void)printf("Epoch %" PRIu64 "/%" PRIu64 "\n", view->epoch + 1, view->epochs);
  progress->drawn_at = 0.0;
  progress->drawn_width = 0;
}

static void step(void *context, const nnt_epoch_view *view)
{
  nnt_progress *const progress = context;
  if (!progress->bar) return;
  double const now = nnt_seconds();
  if (now - progress->drawn_at < redraw_interval) return;
  progress->drawn_at = now;
  draw_bar(progress, view);
}

static void epoch_end(void *context, const nnt_epoch_view *view)
{
  nnt_progress *const progress = context;
  if (progress->bar) {
    draw_bar(progress, view);
    leave_bar(progress);
  } else if (progress->lines) {
    (void)printf("Epoch %" PRIu64 "/%" PRIu64 " - %" PRIu64 "/%" PRIu64 " - ", view->epoch + 1,
                 view->epochs, view->batch, view->batches);
    (void)print_figures(view);
    (void)printf("\n");
  }
  (void)fflush(stdout);
}

/* A phase that would be printed as 0 is left out; where ranks differ by more than a twentieth of
 * the run, the range is given. */
static void print_time(const nnt_run_summary *summary)
{
  int const digits = summary->seconds < 10.0 ? 2 : 1;
  double const smallest = digits == 2 ? 0.005 : 0.05;
  char const *separator = ":";
  (void)printf("Time: %.*f s", digits, summary->seconds);
  for (size_t i = 0; i < summary->phase_count; i++) {
    nnt_phase const *const phase = &summary->phases[i];
    if (phase->max < smallest) continue;
    (void)printf("%s %s %.*f s", separator, summary->phase_names[i], digits, phase->median);
    if (phase->max - phase->min > 0.05 * summary->seconds) {
      (void)printf(" (%.*f to %.*f)", digits, phase->min, digits, phase->max);
    }
    separator = ",";
  }
  if (summary->ranks > 1) (void)printf("; medians of %d ranks", summary->ranks);
  (void)printf("\n");
  if (summary->advice[0] != '\0') (void)printf("advice: %s\n", summary->advice);
}

/* In MiB; where ranks differ, their median and the range. */
static void print_memory(const nnt_peak_memory *peak)
{
  double const unit = 1024.0 * 1024.0;
  if (peak->max == 0) return;
  (void)printf("Memory: %.0f MiB a rank at the peak", (double)peak->median / unit);
  if (peak->min < peak->max) {
    (void)printf(" (%.0f to %.0f)", (double)peak->min / unit, (double)peak->max / unit);
  }
  (void)printf("\n");
}

static void end(void *context, const nnt_run_summary *summary)
{
  nnt_progress const *const progress = context;
  bool const quiet = progress->config->quiet;
  if (!summary->trained && !quiet) {
    (void)printf("this run is complete; --fresh starts it anew, a larger --epochs goes on\n");
  }
  (void)printf("Test loss: %.4f\nTest accuracy: %.4f\n", summary->test_loss,
               summary->test_accuracy);
  (void)printf("Parameters: sha256 %s\n", summary->parameter_digest);
  if (!quiet) {
    (void)printf("Checkpoint: %s\nResults: %s\n", summary->checkpoint, summary->results);
    if (summary->trained) print_time(summary);
    print_memory(&summary->peak_memory);
  }
  /* The TensorFlow tutorial's program ends with this line. */
  if (progress->config->recipe == NNT_RECIPE_TENSORFLOW) {
    (void)printf("Accuracy: %.4f\n", summary->test_accuracy);
  }
  (void)fflush(stdout);
}

static void plan(void *context, const nnt_plan *what)
{
  (void)context;
  nnt_plan_print(what, stdout);
}

nnt_observer nnt_progress_observer(nnt_progress *progress)
{
  return (nnt_observer){
      .context = progress,
      .warning = warning,
      .note = note,
      .begin = begin,
      .epoch_begin = epoch_begin,
      .step = step,
      .epoch_end = epoch_end,
      .end = end,
      .plan = plan,
  };
}
