/* To measure another kernel, add a row; a new kind of kernel brings its run(), flop(), bytes(). */
#include "kernels.h"

#include "kernels/blas.h"

/* Operations of the sigmoid's own arithmetic on one number: see kernels/simd.h. */
enum { SIGMOID_FLOP = 24 };

static nnt_product_shape shape_of(const operands *data)
{
  return (nnt_product_shape){data->rows, data->in, data->out, data->x_stride, data->y_stride};
}

static nnt_block input_of(const operands *data)
{
  return (nnt_block){data->rows, data->in, data->x_stride};
}

static void forward(const nnt_kernels *own, const operands *data)
{
  (void)own;
  nnt_product(data->x, data->w, data->y, shape_of(data));
}

static void weight_gradient(const nnt_kernels *own, const operands *data)
{
  (void)own;
  nnt_product_transposed_left(data->x, data->y, data->w, shape_of(data));
}

static void input_gradient(const nnt_kernels *own, const operands *data)
{
  (void)own;
  nnt_product_transposed_right(data->y, data->w, data->x, shape_of(data));
}

static size_t width_of(const operands *data, size_t first)
{
  size_t const left = nnt_padded(data->out) - first;
  return left < NNT_PANEL ? left : NNT_PANEL;
}

static void sparse_forward(const nnt_kernels *own, const operands *data)
{
  for (size_t first = 0; first < data->out; first += NNT_PANEL) {
    own->sparse_forward(&data->images, data->sample, data->rows, data->in,
                        data->w + first * data->in, data->bias + first, width_of(data, first),
                        data->y + first, data->y_stride);
  }
}

static void sparse_gradient(const nnt_kernels *own, const operands *data)
{
  for (size_t first = 0; first < data->out; first += NNT_PANEL) {
    own->sparse_gradient(data->index, LEAVES, data->images.value, (nnt_range){0, data->groups},
                         data->y + first, data->y_stride, width_of(data, first),
                         data->w + first * data->in);
  }
}

static void build_index(const nnt_kernels *own, const operands *data) { operands_index(data, own); }

/* In place, as in the program. */
static void sigmoid(const nnt_kernels *own, const operands *data)
{
  own->activate(NNT_SIGMOID, data->y, data->y, (nnt_block){data->rows, data->out, data->y_stride});
}

static void narrow_forward(const nnt_kernels *own, const operands *data)
{
  own->narrow_forward(data->x, input_of(data), data->w, data->bias, data->out, data->y);
}

static void narrow_gradient(const nnt_kernels *own, const operands *data)
{
  own->narrow_gradient(&data->leaves, data->x, input_of(data), data->y, data->out, data->w);
}

static void narrow_backward(const nnt_kernels *own, const operands *data)
{
  own->narrow_backward(data->y, data->w, data->out, data->x, input_of(data));
}

static double product_flop(const operands *data)
{
  return 2.0 * (double)data->rows * (double)data->in * (double)data->out;
}

static double product_bytes(const operands *data)
{
  return (double)sizeof(float) *
         (double)(data->rows * data->in + data->in * data->out + data->rows * data->out);
}

static double sparse_flop(const operands *data)
{
  return 2.0 * (double)operands_nonzeros(data) * (double)data->out;
}

/* A column and a level of each non-zero. */
static double image_bytes(const operands *data)
{
  return (double)(sizeof(uint16_t) + sizeof(uint8_t)) * (double)operands_nonzeros(data);
}

static double index_bytes(const operands *data)
{
  return (double)sizeof(uint64_t) * (double)operands_entries(data);
}

static double layer_bytes(const operands *data)
{
  return (double)sizeof(float) * (double)(data->out * (data->in + data->rows));
}

static double sparse_forward_bytes(const operands *data)
{
  return image_bytes(data) + layer_bytes(data);
}

static double sparse_gradient_bytes(const operands *data)
{
  return index_bytes(data) + layer_bytes(data);
}

static double no_flop(const operands *data)
{
  (void)data;
  return 0.0;
}

static double build_index_bytes(const operands *data)
{
  return image_bytes(data) + index_bytes(data);
}

static double sigmoid_flop(const operands *data)
{
  return (double)SIGMOID_FLOP * (double)(data->rows * data->out);
}

static double sigmoid_bytes(const operands *data)
{
  return (double)sizeof(float) * (double)(data->rows * data->out);
}

#define BLAS(name, run, rows, in, out)                                                             \
  {                                                                                                \
    name, "OpenBLAS", run, rows, in, out, product_flop, product_bytes                              \
  }
#define NARROW(name, run)                                                                          \
  {                                                                                                \
    "output layer, " name, NULL, run, 128, 500, 10, product_flop, product_bytes                    \
  }
#define INPUT(name, code, run, flop, bytes)                                                        \
  {                                                                                                \
    "input layer, " name, code, run, 128, PIXELS, 500, flop, bytes                                 \
  }

kernel const kernel_table[] = {
    INPUT("sparse forward", NULL, sparse_forward, sparse_flop, sparse_forward_bytes),
    INPUT("sigmoid", NULL, sigmoid, sigmoid_flop, sigmoid_bytes),
    INPUT("index of columns", NULL, build_index, no_flop, build_index_bytes),
    INPUT("sparse weight gradient", NULL, sparse_gradient, sparse_flop, sparse_gradient_bytes),
    NARROW("forward", narrow_forward),
    NARROW("input gradient", narrow_backward),
    NARROW("weight gradient", narrow_gradient),
    BLAS("input layer, forward, batch", forward, 128, 784, 500),
    BLAS("input layer, forward, microbatch", forward, 16, 784, 500),
    BLAS("input layer, weight gradient, batch", weight_gradient, 128, 784, 500),
    BLAS("input layer, weight gradient, microbatch", weight_gradient, 16, 784, 500),
    BLAS("output layer, forward, batch", forward, 128, 500, 10),
    BLAS("output layer, forward, microbatch", forward, 16, 500, 10),
    BLAS("output layer, weight gradient, microbatch", weight_gradient, 16, 500, 10),
    BLAS("output layer, input gradient, microbatch", input_gradient, 16, 500, 10),
    BLAS("wide layer, forward, microbatch", forward, 512, 4096, 4096),
    BLAS("wide layer, weight gradient, microbatch", weight_gradient, 512, 4096, 4096),
    BLAS("wide layer, input gradient, microbatch", input_gradient, 512, 4096, 4096),
    BLAS("large square product", forward, 2048, 2048, 2048),
};

size_t const kernel_count = sizeof kernel_table / sizeof kernel_table[0];
