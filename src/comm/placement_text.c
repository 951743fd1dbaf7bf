/* What a placement tells people. */
#include <stdarg.h>
#include <stdio.h>

#include "nntrain/comm.h"

/* With fewer rows than these, a rank waits for the others longer than it works. */
enum { ROWS_ENOUGH = 8 };

/* Returned by value: lives as long as the call that it is an argument of. */
typedef struct words {
  char text[64];
} words;

static words form(const char *format, ...) NNT_PRINTF(1, 2);
static words form(const char *format, ...)
{
  words out;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(out.text, sizeof out.text, format, arguments);
  va_end(arguments);
  return out;
}

static void say(char text[NNT_MESSAGE_SIZE], const char *format, ...) NNT_PRINTF(2, 3);
static void say(char text[NNT_MESSAGE_SIZE], const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, NNT_MESSAGE_SIZE, format, arguments);
  va_end(arguments);
}

/* "2", "2 to 4". */
static words number(nnt_span span)
{
  return span.least == span.most ? form("%d", span.most) : form("%d to %d", span.least, span.most);
}

/* "1 core", "2 to 4 cores". */
static words counted(nnt_span span, const char *noun)
{
  return form("%s %s%s", number(span).text, noun, span.most == 1 ? "" : "s");
}

static words counted_one(int count, const char *noun)
{
  return counted((nnt_span){.least = count, .most = count}, noun);
}

/* " (a CPU quota of 1.5)" where it leaves less than the affinity masks do. */
static words quota_of(const nnt_placement *it)
{
  return it->quota < it->cpus_used.most ? form(" (a CPU quota of %g)", it->quota) : (words){""};
}

/* Of each node, if there are several. */
static const char *a_node(const nnt_placement *it) { return it->nodes > 1 ? " a node" : ""; }

void nnt_placement_text(const nnt_placement *placement, char text[NNT_MESSAGE_SIZE])
{
  words const ranks_here =
      placement->nodes > 1 ? form(", %s a node", number(placement->ranks_here).text) : (words){""};
  words const cpus = placement->cpus_used.most > placement->cores_used.most
                         ? form(", %s", counted(placement->cpus_used, "hardware thread").text)
                         : (words){""};
  say(text, "%s on %s%s, %son %s of %s%s, %s%s%s", counted_one(placement->ranks, "rank").text,
      counted_one(placement->nodes, "node").text, ranks_here.text,
      placement->ranks > 1 ? "each " : "", number(placement->rank_cores).text,
      counted(placement->cores_here, "core").text, quota_of(placement).text,
      counted(placement->numa_nodes, "NUMA node").text, a_node(placement), cpus.text);
}

static void advise_on_idle_cores(const nnt_placement *it, char text[NNT_MESSAGE_SIZE])
{
  say(text,
      "the ranks are bound to %s of %s%s and leave the others idle: start more ranks, or mpirun "
      "with "
      "--bind-to none",
      number(it->cores_used).text, counted(it->cores_here, "core").text, a_node(it));
}

static void advise_on_extra_ranks(const nnt_placement *it, char text[NNT_MESSAGE_SIZE])
{
  say(text, "%s%s share %s%s: %s%s would do as well", counted(it->ranks_here, "rank").text,
      a_node(it), counted(it->cores_used, "core").text, quota_of(it).text,
      counted(it->cores_busy, "rank").text, a_node(it));
}

/* The most ranks that have rows enough. */
static size_t ranks_for(size_t batch) { return batch < ROWS_ENOUGH ? 1 : batch / ROWS_ENOUGH; }

static void advise_on_few_rows(const nnt_placement *it, size_t batch, char text[NNT_MESSAGE_SIZE])
{
  size_t const enough = ranks_for(batch);
  say(text,
      "%d ranks have fewer than %d samples each of a batch of %zu: %zu rank%s or a larger "
      "--batch-size would be faster",
      it->ranks, ROWS_ENOUGH, batch, enough, enough == 1 ? "" : "s");
}

/* Few rows, unless one rank a core has rows enough and is advised anyway. */
static bool has_few_rows(const nnt_placement *it, size_t batch)
{
  if (it->ranks == 1 || batch / (size_t)it->ranks >= ROWS_ENOUGH) return false;
  return it->ranks_extra.most == 0 ||
         (size_t)it->nodes * (size_t)it->cores_busy.most > ranks_for(batch);
}

bool nnt_placement_advise(const nnt_placement *placement, nnt_flaw flaw, size_t batch,
                          char text[NNT_MESSAGE_SIZE])
{
  switch (flaw) {
  case NNT_FLAW_IDLE_CORES:
    if (placement->cores_idle.most == 0) return false;
    advise_on_idle_cores(placement, text);
    return true;
  case NNT_FLAW_EXTRA_RANKS:
    if (placement->ranks_extra.most == 0) return false;
    advise_on_extra_ranks(placement, text);
    return true;
  default:
    if (!has_few_rows(placement, batch)) return false;
    advise_on_few_rows(placement, batch, text);
    return true;
  }
}
