#include "fault/mutate.h"

#include <stdbool.h>
#include <string.h>

enum { BLOCK_MAX = 4096 };

typedef struct mutation {
  bytes *out;
  const bytes *other;
  uint64_t random;
} mutation;

uint64_t next_random(uint64_t *state)
{
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = *state;
  z = (z ^ (z >> 30U)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27U)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31U);
}

/* From 0 to limit - 1; 0 if the limit is 0. */
static size_t below(mutation *it, size_t limit)
{
  return limit == 0 ? 0 : (size_t)(next_random(&it->random) % limit);
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* A length up to BLOCK_MAX, short ones more often, that fits behind `at`. */
static size_t block_at(mutation *it, size_t at)
{
  size_t const longest = (size_t)1 << (1 + below(it, 12));
  return smaller(1 + below(it, longest), it->out->count - at);
}

static void flip_bit(mutation *it)
{
  it->out->data[below(it, it->out->count)] ^= (unsigned char)(1U << below(it, 8));
}

static void change_bytes(mutation *it)
{
  static unsigned char const telling[] = {0, 1, 0x7f, 0x80, 0xff};
  size_t const count = 1 + below(it, 8);
  for (size_t i = 0; i < count; i++) {
    unsigned char const any = (unsigned char)next_random(&it->random);
    bool const choose = below(it, 2) == 0;
    it->out->data[below(it, it->out->count)] = choose ? telling[below(it, sizeof telling)] : any;
  }
}

/* Sizes, addresses and counts of HDF5 are little-endian words of 2, 4 or 8 bytes. */
static void change_word(mutation *it)
{
  static uint64_t const telling[] = {0,          1,          0xffff,    0x7fffffff,
                                     0x80000000, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63U,
                                     0x100000,   UINT32_MAX, 1U << 16U, UINT64_C(1) << 40U};
  size_t const width = (size_t)2 << below(it, 3);
  size_t const at = below(it, it->out->count) / 2 * 2;
  uint64_t word = telling[below(it, sizeof telling / sizeof *telling)];
  for (size_t i = 0; i < width && at + i < it->out->count; i++) {
    it->out->data[at + i] = (unsigned char)(word & 0xffU);
    word >>= 8U;
  }
}

static void cut_anywhere(mutation *it) { it->out->count = below(it, it->out->count); }

static void cut_end(mutation *it) { it->out->count -= smaller(it->out->count, 1 + below(it, 128)); }

static void zero_block(mutation *it)
{
  size_t const at = below(it, it->out->count);
  memset(it->out->data + at, 0, block_at(it, at));
}

static void append(mutation *it)
{
  size_t const count = 1 + below(it, BLOCK_MAX);
  bool const zeros = below(it, 2) == 0;
  for (size_t i = 0; i < count; i++) {
    it->out->data[it->out->count++] = zeros ? 0 : (unsigned char)next_random(&it->random);
  }
}

/* Opens a gap of `count` bytes; what is in it is left as it was. */
static void insert_at(bytes *out, size_t at, size_t count)
{
  memmove(out->data + at + count, out->data + at, out->count - at);
  out->count += count;
}

static void repeat_block(mutation *it)
{
  size_t const at = below(it, it->out->count);
  insert_at(it->out, at, block_at(it, at));
}

static void leave_out(mutation *it)
{
  size_t const at = below(it, it->out->count);
  size_t const count = block_at(it, at);
  memmove(it->out->data + at, it->out->data + at + count, it->out->count - at - count);
  it->out->count -= count;
}

static void move_block(mutation *it)
{
  size_t const from = below(it, it->out->count);
  size_t const to = below(it, it->out->count);
  size_t const count = smaller(block_at(it, from), it->out->count - to);
  memmove(it->out->data + to, it->out->data + from, count);
}

static void splice_block(mutation *it)
{
  size_t const shorter = smaller(it->out->count, it->other->count);
  size_t const at = below(it, shorter);
  memcpy(it->out->data + at, it->other->data + at, smaller(block_at(it, at), shorter - at));
}

/* The beginning of one file, and the rest of the other: from the same place, or from any. */
static void splice_rest(mutation *it)
{
  size_t const at = below(it, it->out->count);
  bool const same = below(it, 2) == 0;
  size_t const from = same ? smaller(at, it->other->count) : below(it, it->other->count);
  it->out->count = at + it->other->count - from;
  memcpy(it->out->data + at, it->other->data + from, it->other->count - from);
}

/* The other's last bytes: of a checkpoint, its trailer. */
static void splice_end(mutation *it)
{
  size_t const count = smaller(64, smaller(it->out->count, it->other->count));
  memcpy(it->out->data + it->out->count - count, it->other->data + it->other->count - count, count);
}

const char *mutate(bytes *out, const bytes *base, const bytes *other, uint64_t seed,
                   uint64_t number)
{
  static struct {
    void (*apply)(mutation *);
    char const *name;
  } const ways[] = {
      {flip_bit, "flipped bit"},   {change_bytes, "changed bytes"},  {change_word, "changed word"},
      {cut_anywhere, "cut short"}, {cut_end, "end cut off"},         {zero_block, "zeroed block"},
      {append, "bytes appended"},  {repeat_block, "repeated block"}, {leave_out, "block left out"},
      {move_block, "moved block"}, {splice_block, "foreign block"},  {splice_rest, "foreign rest"},
      {splice_end, "foreign end"}};
  mutation it = {out, other, seed * UINT64_C(0x100000001b3) + number};
  size_t const way = below(&it, sizeof ways / sizeof *ways);
  memcpy(out->data, base->data, base->count);
  out->count = base->count;
  ways[way].apply(&it);
  return ways[way].name;
}
