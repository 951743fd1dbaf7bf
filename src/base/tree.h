/** The fixed binary tree in which everything is summed.
 *
 *  The tree over n leaves splits [0, n) at the largest power of two below n, and so on down to
 *  single leaves. Sums are formed along this tree and no other, whoever forms them: that is why the
 *  bits of a run do not depend on the number of ranks. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stddef.h>

#include "nntrain/types.h"

/** A node covers at most two maximal subtrees a level; 64 levels suffice for any size_t. */
enum { NNT_SUBTREES_MAX = 128 };

/** The largest power of two below n, for n >= 2. Local; cannot fail. */
size_t nnt_tree_split(size_t n);

/** Cuts `leaves`, a part of [0, n), into the maximal subtrees of the tree over n leaves.
 *  out [out] the subtrees, from left to right; room for NNT_SUBTREES_MAX.
 *  Local; cannot fail. Returns their number. */
size_t nnt_tree_subtrees(size_t n, nnt_range leaves, nnt_range *out);

/** How many levels of inner nodes the tree over n leaves has: the smallest l with 2^l >= n. Local;
 *  cannot fail. */
size_t nnt_tree_levels(size_t n);

/** The sum of x(0..n-1) in tree order; 0 for n = 0. Local; cannot fail. */
double nnt_tree_sum(const double *x, size_t n);

#endif
