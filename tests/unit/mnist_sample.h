/** MNIST, where this machine has it: tests that want it report themselves as skipped elsewhere. */
#ifndef UNIT_MNIST_SAMPLE_H
#define UNIT_MNIST_SAMPLE_H

#include <stdbool.h>
#include <unistd.h>

#include "data_sample.h"

/* Loads MNIST from $NNT_SHARED/mnist; says so and returns false if it is not there. */
static inline bool load_mnist(loaded *out, const char *test)
{
  char path[NNT_PATH_SIZE];
  char const *const shared = getenv("NNT_SHARED");
  if (shared != NULL) path_in(path, shared, "mnist");
  if (shared == NULL || access(path, R_OK) != 0) {
    printf("skipped: %s: there is no MNIST in $NNT_SHARED/mnist\n", test);
    return false;
  }
  CU_ASSERT_EQUAL_FATAL(load(out, path), NNT_OK);
  return true;
}

#endif
