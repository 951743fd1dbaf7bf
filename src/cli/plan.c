#include "cli/plan.h"

#include <inttypes.h>

static void print_count(FILE *stream, const char *key, uint64_t value)
{
  (void)fprintf(stream, "%s: %" PRIu64 "\n", key, value);
}

void nnt_plan_print(const nnt_plan *plan, FILE *stream)
{
  (void)fprintf(stream, "start: %s\nexchange: %s\nranks: %d\nnodes: %d\n", plan->start,
                plan->exchange, plan->ranks, plan->nodes);
  print_count(stream, "threads_per_rank", plan->threads);
  print_count(stream, "parameters", plan->parameters);
  print_count(stream, "steps", plan->steps);
  print_count(stream, "steps_left", plan->steps_left);
  print_count(stream, "steps_per_epoch", plan->batches);
  print_count(stream, "steps_measured", plan->measured_steps);
  print_count(stream, "memory_per_rank_bytes", plan->memory_of_rank);
  print_count(stream, "memory_per_node_bytes", plan->memory_of_node);
  if (plan->memory_available != UINT64_MAX) {
    print_count(stream, "memory_still_available_bytes", plan->memory_available);
  }
  print_count(stream, "checkpoint_bytes", plan->checkpoint);
  print_count(stream, "checkpoints_bytes", plan->checkpoints);
  (void)fprintf(stream, "step_seconds: %.6g\nevaluation_seconds: %.4g\n", plan->step,
                plan->evaluation);
  (void)fprintf(stream, "epoch_seconds: %.4g\nrun_seconds: %.4g\n", plan->epoch, plan->run);
}
