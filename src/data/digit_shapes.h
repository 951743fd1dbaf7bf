/** How people write the ten digits: strokes through a few points, in hundredths of a unit square
 *  with y pointing down. */
#ifndef DATA_DIGIT_SHAPES_H
#define DATA_DIGIT_SHAPES_H

#include <stddef.h>

enum { NNT_DIGIT_SIDE = 28, NNT_STROKE_POINTS = 14, NNT_STROKES = 3, NNT_SHAPES = 6 };

/** A curve through `count` points; two points are a straight line. */
typedef struct nnt_digit_stroke {
  size_t count;
  signed char points[NNT_STROKE_POINTS][2];
} nnt_digit_stroke;

typedef struct nnt_digit_shape {
  unsigned share; /* how often it is seen, relative to the others */
  size_t stroke_count;
  nnt_digit_stroke strokes[NNT_STROKES];
} nnt_digit_shape;

/** The ways to write one digit. */
typedef struct nnt_digit_variants {
  size_t count;
  nnt_digit_shape shapes[NNT_SHAPES];
} nnt_digit_variants;

extern nnt_digit_variants const nnt_digit_variants_of[10];

#endif
