#include "base/tree.h"

size_t nnt_tree_split(size_t n)
{
  size_t power = 1;
  while (power < n - power) {
    power *= 2;
  }
  return power;
}

size_t nnt_tree_levels(size_t n)
{
  size_t levels = 0;
  for (size_t left = n; left > 1; left -= left / 2) {
    levels++;
  }
  return levels;
}

static size_t cut(nnt_range node, nnt_range leaves, nnt_range *out, size_t count)
{
  size_t const node_end = node.first + node.count;
  size_t const leaves_end = leaves.first + leaves.count;
  if (node_end <= leaves.first || leaves_end <= node.first) return count;
  if (leaves.first <= node.first && node_end <= leaves_end) {
    out[count] = node;
    return count + 1;
  }
  size_t const left = nnt_tree_split(node.count);
  count = cut((nnt_range){node.first, left}, leaves, out, count);
  return cut((nnt_range){node.first + left, node.count - left}, leaves, out, count);
}

size_t nnt_tree_subtrees(size_t n, nnt_range leaves, nnt_range *out)
{
  if (n == 0 || leaves.count == 0) return 0;
  return cut((nnt_range){0, n}, leaves, out, 0);
}

double nnt_tree_sum(const double *x, size_t n)
{
  if (n == 0) return 0.0;
  if (n == 1) return x[0];
  size_t const left = nnt_tree_split(n);
  return nnt_tree_sum(x, left) + nnt_tree_sum(x + left, n - left);
}
