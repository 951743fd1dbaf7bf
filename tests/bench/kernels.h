/** The kernels that bench_kernels measures: rows of one table, kernel_table in kernels.c. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include "operands.h"

/** A kernel at one shape. */
typedef struct kernel {
  const char *name;
  const char *code; /* whose it is; NULL: our own, to be measured for each instruction set */
  void (*run)(const nnt_kernels *own, const operands *data);
  size_t rows, in, out;
  double (*flop)(const operands *data);  /* operations that its result takes */
  double (*bytes)(const operands *data); /* that it must read or write, each once */
} kernel;

extern kernel const kernel_table[];
extern size_t const kernel_count;

#endif
