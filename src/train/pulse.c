#include "train/pulse.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct {
  bool in_step;
  char const *text;
} const places[NNT_PLACE_COUNT] = {
#define X(name, in_step, text) {in_step, text},
    NNT_PLACE_LIST(X)
#undef X
};

bool nnt_stall_look(nnt_stall *stall, const nnt_pulse *pulse, double passed, double timeout)
{
  uint64_t const beat = atomic_load_explicit(&pulse->beat, memory_order_relaxed);
  bool const in_step = places[atomic_load_explicit(&pulse->place, memory_order_relaxed)].in_step;
  stall->seconds += passed;
  if (beat != stall->beat) {
    if (stall->in_step) stall->longest = fmax(stall->longest, stall->seconds);
    *stall = (nnt_stall){.beat = beat, .in_step = in_step, .longest = stall->longest};
    return false;
  }
  stall->in_step = in_step;
  double const limit = in_step ? timeout : NNT_STALL_PATIENCE * timeout;
  return stall->seconds >= fmax(limit, NNT_STALL_PATIENCE * stall->longest);
}

enum { LINE_SIZE = 160 };

/* Where one rank stands: "step 57, update". */
static void describe(const nnt_pulse *pulse, int64_t now, int64_t silence, char line[LINE_SIZE])
{
  uint64_t const step = atomic_load_explicit(&pulse->step, memory_order_relaxed);
  uint32_t const place = atomic_load_explicit(&pulse->place, memory_order_relaxed);
  int64_t const silent = now - atomic_load_explicit(&pulse->seen, memory_order_relaxed);
  char stopped[LINE_SIZE / 2] = "";
  if (silent > silence) {
    (void)snprintf(stopped, sizeof stopped, "; stopped, no sign of life for %.0f s",
                   1e-9 * (double)silent);
  }
  (void)snprintf(line, LINE_SIZE, "step %" PRIu64 ", %s%s", step, places[place].text, stopped);
}

/* The next rank of the node, from `rank` on. */
static size_t next_here(const nnt_pulse *pulses, size_t ranks, size_t rank)
{
  while (rank < ranks && atomic_load(&pulses[rank].is_here) == 0) {
    rank++;
  }
  return rank;
}

void nnt_pulse_report(const nnt_pulse *pulses, size_t ranks, int64_t now, int64_t silence,
                      const char *prefix, char *out, size_t size)
{
  char line[LINE_SIZE];
  char other[LINE_SIZE];
  size_t length = 0;
  out[0] = '\0';
  for (size_t first = next_here(pulses, ranks, 0); first < ranks && length < size;) {
    describe(&pulses[first], now, silence, line);
    size_t last = first;
    size_t next = next_here(pulses, ranks, first + 1);
    for (; next < ranks && next == last + 1; next = next_here(pulses, ranks, next + 1)) {
      describe(&pulses[next], now, silence, other);
      if (strcmp(line, other) != 0) break;
      last = next;
    }
    int const written =
        first == last
            ? snprintf(out + length, size - length, "%srank %zu: %s\n", prefix, first, line)
            : snprintf(out + length, size - length, "%sranks %zu to %zu: %s\n", prefix, first, last,
                       line);
    length += (size_t)written;
    first = next;
  }
}
