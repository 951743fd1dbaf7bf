/* Speed of single kernels on one core, beside the limits of that core, as lines of JSON.
 *
 *   bench_kernels [ROUNDS]
 *
 * All kernels are run in turn, ROUNDS times (default 9), and the median counts. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "kernels.h"
#include "nntrain/kernels.h"
#include "roofline.h"

enum { MOST_ROUNDS = 1000 };
static double const least_seconds = 5e-3;

/* One row of the table at work. */
typedef struct course {
  kernel const *kernel;
  const char *code;
  const nnt_kernels *own;
  operands data;
  size_t times;                /* calls in one sample */
  double seconds[MOST_ROUNDS]; /* of one call, by round */
} course;

static double sample(const course *at)
{
  double const began = nnt_seconds();
  for (size_t i = 0; i < at->times; i++) {
    at->kernel->run(at->own, &at->data);
  }
  return nnt_seconds() - began;
}

/* Makes the operands and finds how many calls make a sample. */
static nnt_status prepare(course *at, kernel const *row, nnt_isa isa)
{
  at->kernel = row;
  at->code = row->code == NULL ? nnt_isa_names[isa] : row->code;
  at->own = nnt_kernels_of(isa);
  NNT_TRY(operands_create(&at->data, row->rows, row->in, row->out));
  at->times = 1;
  while (sample(at) < least_seconds) {
    at->times *= 2;
  }
  return NNT_OK;
}

static nnt_status prepare_all(course *courses, size_t *count)
{
  for (size_t k = 0; k < kernel_count; k++) {
    kernel const *const row = &kernel_table[k];
    size_t const codes = row->code == NULL ? (size_t)nnt_isa_best() + 1 : 1;
    for (size_t isa = 0; isa < codes; isa++) {
      NNT_TRY(prepare(&courses[(*count)++], row, (nnt_isa)isa));
    }
  }
  return NNT_OK;
}

static int compare(const void *a, const void *b)
{
  double const x = *(const double *)a;
  double const y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_limits(const roofline *limits)
{
  (void)printf("{\"blas\": \"%s\", \"instruction_set\": \"%s\", \"peak_gflops\": %.1f, "
               "\"bandwidth\": [",
               nnt_blas_core(), limits->instruction_set, limits->flops * 1e-9);
  for (size_t i = 0; i < ROOFLINE_SETS; i++) {
    (void)printf("%s{\"kib\": %zu, \"gb_per_s\": %.1f}", i == 0 ? "" : ", ",
                 limits->bytes[i] >> 10U, limits->bandwidth[i] * 1e-9);
  }
  (void)puts("]}");
}

static void print_course(course *at, size_t rounds, const roofline *limits)
{
  operands const *const data = &at->data;
  qsort(at->seconds, rounds, sizeof at->seconds[0], compare);
  double const median = at->seconds[rounds / 2];
  double const flop = at->kernel->flop(data);
  (void)printf("{\"kernel\": \"%s\", \"code\": \"%s\", \"shape\": \"%zux%zux%zu\", \"us\": %.2f, "
               "\"us_min\": %.2f, \"us_max\": %.2f, \"gflops\": %.1f, \"of_roofline\": %.3f}\n",
               at->kernel->name, at->code, data->rows, data->in, data->out, median * 1e6,
               at->seconds[0] * 1e6, at->seconds[rounds - 1] * 1e6, flop / median * 1e-9,
               roofline_seconds(limits, flop, at->kernel->bytes(data)) / median);
}

static nnt_status measure(course *courses, size_t rounds)
{
  roofline limits = {0};
  size_t count = 0;
  NNT_TRY(roofline_measure(&limits));
  NNT_TRY(prepare_all(courses, &count));
  for (size_t round = 0; round < rounds; round++) {
    for (size_t k = 0; k < count; k++) {
      courses[k].seconds[round] = sample(&courses[k]) / (double)courses[k].times;
    }
  }
  NNT_TRY(roofline_measure(&limits));
  print_limits(&limits);
  for (size_t k = 0; k < count; k++) {
    print_course(&courses[k], rounds, &limits);
  }
  return NNT_OK;
}

int main(int argc, char **argv)
{
  size_t const rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 9;
  if (rounds < 1 || rounds > MOST_ROUNDS) {
    (void)fprintf(stderr, "bench_kernels: rounds: 1 to %d\n", MOST_ROUNDS);
    return EXIT_FAILURE;
  }
  nnt_blas_init();
  size_t const most = kernel_count * NNT_ISA_COUNT;
  course *const courses = calloc(most, sizeof *courses);
  nnt_status const status = courses == NULL ? NNT_ENOMEM : measure(courses, rounds);
  for (size_t k = 0; courses != NULL && k < most; k++) {
    operands_clear(&courses[k].data);
  }
  free(courses);
  if (status != NNT_OK) (void)fprintf(stderr, "bench_kernels: %s\n", nnt_status_text(status));
  return nnt_exit_code(status);
}
