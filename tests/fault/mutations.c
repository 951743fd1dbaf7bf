/* Damages files in every way, and reads them: refused or right, never a crash, a hang, memory
 * without bounds.
 *
 *   test_mutations <reader> <count> <seed> <file> <other file> [<model>]
 *
 * reader  checkpoint: as the program reads one; refused without exception, since its digest covers
 * all resealed: a checkpoint damaged by somebody who has made the digest fit again weights, model,
 * results: files without a digest, where other values cannot be told model   of the weights, a
 * whole-model file
 *
 * Runs in a child that is started again behind what has killed it; such files are kept in
 * ./failing. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/mutate.h"
#include "nntrain/store.h"
#include "store/trailer.h"

enum { SECONDS_MAX = 5, ROOM = 8192 };
static char const mutated[] = "mutated.weights.h5";

typedef enum outcome { REFUSED, RIGHT, OTHER_VALUES, NO_CHANGE, WRONG, OUTCOME_COUNT } outcome;
static char const *const outcome_names[] = {"refused", "read with the right values",
                                            "read with other values", "not changed", "WRONG"};

/* Where the child stands and what it has seen; shared with the parent. */
typedef struct tally {
  uint64_t number;
  uint64_t outcomes[OUTCOME_COUNT];
} tally;

typedef struct campaign {
  char const *reader;
  uint64_t count;
  uint64_t seed;
  bytes base;
  bytes other;
  bytes damaged;
  nnt_model *model;  /* of weights */
  float *right;      /* parameters of the base */
  float *parameters; /* as they are read */
  tally *tally;
} campaign;

static void give_up(const char *why, const char *what)
{
  (void)fprintf(stderr, "test_mutations: %s: %s\n", why, what);
  exit(2);
}

static void *reserve(size_t count)
{
  void *const memory = malloc(count);
  if (memory == NULL) give_up("no memory", "");
  return memory;
}

static bytes load(const char *path)
{
  struct stat facts;
  FILE *const file = fopen(path, "rb");
  if (file == NULL || stat(path, &facts) != 0) give_up("cannot read", path);
  bytes out = {.count = (size_t)facts.st_size, .room = (size_t)facts.st_size};
  out.data = reserve(out.room + 1);
  if (fread(out.data, 1, out.count, file) != out.count) give_up("cannot read", path);
  (void)fclose(file);
  return out;
}

static void store(const bytes *it, const char *path)
{
  FILE *const file = fopen(path, "wb");
  if (file == NULL) give_up("cannot write", path);
  if (fwrite(it->data, 1, it->count, file) != it->count || fclose(file) != 0) {
    give_up("cannot write", path);
  }
}

static bool same(const bytes *a, const bytes *b)
{
  return a->count == b->count && memcmp(a->data, b->data, a->count) == 0;
}

/* A digest that fits, behind what is left of the data. */
static void reseal(campaign *it)
{
  bytes *const out = &it->damaged;
  size_t const data = out->count > NNT_TRAILER_SIZE ? out->count - NNT_TRAILER_SIZE : out->count;
  uint64_t const step = nnt_trailer_step(it->base.data + it->base.count - NNT_TRAILER_SIZE);
  if (nnt_trailer_make(out->data, data, step, out->data + data) != NNT_OK) {
    give_up("no digest", nnt_last_error());
  }
  out->count = data + NNT_TRAILER_SIZE;
}

static nnt_status read_checkpoint(campaign *it, bool *right)
{
  nnt_checkpoint found;
  nnt_status const status = nnt_checkpoint_read(mutated, &found);
  if (status != NNT_OK) return status;
  size_t const count = nnt_model_parameter_count(it->model);
  *right = found.parameter_count == count &&
           memcmp(found.parameters, it->right, count * sizeof *it->right) == 0;
  nnt_checkpoint_free(&found);
  return NNT_OK;
}

static nnt_status read_weights(campaign *it, bool *right)
{
  NNT_TRY(nnt_weights_read(mutated, it->model, it->parameters));
  size_t const size = nnt_model_parameter_count(it->model) * sizeof *it->right;
  *right = memcmp(it->parameters, it->right, size) == 0;
  return NNT_OK;
}

static nnt_status read_model(campaign *it, bool *right)
{
  nnt_compile compile;
  nnt_model_spec spec;
  nnt_model_spec const *const wanted = nnt_model_spec_of(it->model);
  NNT_TRY(nnt_keras_model_read(mutated, &spec, &compile));
  *right = spec.layer_count == wanted->layer_count;
  for (size_t i = 0; *right && i < spec.layer_count; i++) {
    *right = spec.layers[i].kind == wanted->layers[i].kind &&
             spec.layers[i].units == wanted->layers[i].units;
  }
  return NNT_OK;
}

static nnt_status read_results(campaign *it, bool *right)
{
  nnt_results_summary summary;
  (void)it;
  NNT_TRY(nnt_results_read(mutated, &summary));
  *right = summary.status == NNT_RUN_COMPLETE && strlen(summary.parameter_digest) == 64;
  return NNT_OK;
}

static bool is(const campaign *it, const char *reader) { return strcmp(it->reader, reader) == 0; }

/* `right` stays false if reading fails. */
static nnt_status read_it(campaign *it, bool *right)
{
  if (is(it, "weights")) return read_weights(it, right);
  if (is(it, "model") || is(it, "foreign")) return read_model(it, right);
  if (is(it, "results")) return read_results(it, right);
  return read_checkpoint(it, right);
}

static void keep(const campaign *it, uint64_t number)
{
  char path[256];
  (void)mkdir("failing", S_IRWXU);
  (void)snprintf(path, sizeof path, "failing/%s-%" PRIu64 ".h5", it->reader, number);
  (void)rename(mutated, path);
}

static outcome try_one(campaign *it, uint64_t number)
{
  bool right = false;
  char const *const way = mutate(&it->damaged, &it->base, &it->other, it->seed, number);
  if (is(it, "resealed")) reseal(it);
  if (same(&it->damaged, &it->base) || same(&it->damaged, &it->other)) return NO_CHANGE;
  store(&it->damaged, mutated);
  nnt_status const status = read_it(it, &right);
  bool const told = strstr(nnt_last_error(), mutated) != NULL;
  if ((status == NNT_ECHECKPOINT || status == NNT_EDATA) && told) return REFUSED;
  if (status == NNT_OK && !is(it, "checkpoint")) {
    return right ? RIGHT : OTHER_VALUES;
  }
  (void)printf("%s, mutation %" PRIu64 " (%s): %s\n", it->reader, number, way,
               status == NNT_OK ? "read, although it is damaged" : nnt_last_error());
  keep(it, number);
  return WRONG;
}

/* Never returns. What HDF5 loses on damaged files is not looked at, hence _exit(). */
static void run_child(campaign *it)
{
#ifndef __SANITIZE_ADDRESS__
  struct rlimit const memory = {(rlim_t)1 << 30, (rlim_t)1 << 30};
  if (setrlimit(RLIMIT_AS, &memory) != 0) give_up("no limit of memory", "");
#endif
  if (nnt_store_init() != NNT_OK) give_up("HDF5", nnt_last_error());
  while (it->tally->number < it->count) {
    (void)alarm(SECONDS_MAX);
    it->tally->outcomes[try_one(it, it->tally->number)]++;
    it->tally->number++;
  }
  (void)fflush(stdout);
  _exit(0);
}

/* Runs children until all is done; returns how many of them were lost. */
static uint64_t run_children(campaign *it)
{
  uint64_t lost = 0;
  while (it->tally->number < it->count) {
    int state = 0;
    (void)fflush(stdout);
    pid_t const child = fork();
    if (child < 0) give_up("cannot fork", "");
    if (child == 0) run_child(it);
    if (waitpid(child, &state, 0) != child) give_up("no child", "");
    if (state == 0) break;
    (void)printf("%s, mutation %" PRIu64 ": %s %d\n", it->reader, it->tally->number,
                 WIFSIGNALED(state) ? "killed by signal" : "ended with code",
                 WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state));
    keep(it, it->tally->number++);
    lost++;
  }
  return lost;
}

/* What the undamaged file holds: it must be readable, or nothing is tested. */
static void learn(campaign *it, const char *file, const char *model)
{
  nnt_model_spec spec;
  nnt_compile compile;
  bool right = false;
  if (nnt_store_init() != NNT_OK || nnt_keras_model_read(model, &spec, &compile) != NNT_OK ||
      nnt_model_create(&it->model, &spec, NULL) != NNT_OK) {
    give_up("no model", nnt_last_error());
  }
  size_t const size = nnt_model_parameter_count(it->model) * sizeof(float);
  it->right = reserve(size);
  it->parameters = reserve(size);
  bool const foreign = is(it, "foreign");
  bool const has_weights = !is(it, "results") && !foreign;
  if (has_weights && nnt_weights_read(file, it->model, it->right) != NNT_OK) {
    give_up("no weights", nnt_last_error());
  }
  store(&it->base, mutated);
  nnt_status const status = read_it(it, &right);
  if (foreign ? status != NNT_EDATA : !right) give_up("not right before damage", file);
}

static int report(const campaign *it, uint64_t lost)
{
  (void)printf("%s: %" PRIu64 " mutations, seed %" PRIu64 ":", it->reader, it->count, it->seed);
  for (int i = 0; i < OUTCOME_COUNT; i++) {
    if (it->tally->outcomes[i] == 0) continue;
    (void)printf(" %" PRIu64 " %s,", it->tally->outcomes[i], outcome_names[i]);
  }
  (void)printf(" %" PRIu64 " crashes\n", lost);
  bool const tested = it->tally->outcomes[REFUSED] > 0;
  return lost == 0 && it->tally->outcomes[WRONG] == 0 && tested ? 0 : 1;
}

int main(int count, char **arguments)
{
  if (count < 6) give_up("usage", "<reader> <count> <seed> <file> <other file> [<model>]");
  campaign it = {.reader = arguments[1],
                 .count = strtoull(arguments[2], NULL, 10),
                 .seed = strtoull(arguments[3], NULL, 10),
                 .base = load(arguments[4]),
                 .other = load(arguments[5])};
  it.damaged.room = 2 * (it.base.count + it.other.count) + ROOM;
  it.damaged.data = reserve(it.damaged.room);
  it.tally =
      mmap(NULL, sizeof *it.tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (it.tally == MAP_FAILED) give_up("no shared memory", "");
  learn(&it, arguments[4], arguments[count > 6 ? 6 : 4]);
  uint64_t const lost = run_children(&it);
  int const code = report(&it, lost);
  nnt_model_destroy(it.model);
  free(it.right);
  free(it.parameters);
  free(it.base.data);
  free(it.other.data);
  free(it.damaged.data);
  (void)munmap(it.tally, sizeof *it.tally);
  return code;
}
