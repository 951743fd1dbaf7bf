#include "base/helpers.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/futex.h"
#include "base/memory.h"
#include "base/thread.h"

enum { LINE = 64, SPINS = 20000, STACK = 1 << 20 };

typedef struct helper {
  nnt_helpers *all;
  size_t number;
  pthread_t thread;
} helper;

struct nnt_helpers {
  nnt_helpers_work *work;
  void *context;
  bool spins;
  size_t count; /* threads that run */
  /* Written by the main thread: */
  _Alignas(LINE) _Atomic uint64_t post;
  _Atomic uint32_t posts; /* how many there were, modulo 2^32: the futex */
  atomic_bool must_end;
  /* Written by helpers: */
  _Alignas(LINE) _Atomic uint32_t sleepers;
  _Alignas(LINE) helper helpers[];
};

/* Waits for another post than the `seen`-th, and returns which it is. */
static uint32_t wait_for_post(nnt_helpers *it, uint32_t seen)
{
  for (int i = 0; it->spins && i < SPINS; i++) {
    uint32_t const posts = atomic_load_explicit(&it->posts, memory_order_acquire);
    if (posts != seen) return posts;
    nnt_pause();
  }
  /* Either the main thread sees the sleeper and wakes it, or the sleeper sees the post. */
  (void)atomic_fetch_add(&it->sleepers, 1);
  uint32_t posts = atomic_load(&it->posts);
  for (; posts == seen; posts = atomic_load(&it->posts)) {
    nnt_futex_sleep(&it->posts, seen);
  }
  (void)atomic_fetch_sub(&it->sleepers, 1);
  return posts;
}

static void *run(void *context)
{
  helper const *const self = context;
  nnt_helpers *const it = self->all;
  for (uint32_t seen = 0;;) {
    seen = wait_for_post(it, seen);
    if (atomic_load(&it->must_end)) return NULL;
    it->work(it->context, self->number, atomic_load_explicit(&it->post, memory_order_acquire));
  }
}

nnt_status nnt_helpers_create(nnt_helpers **out, size_t count, bool spins, nnt_helpers_work *work,
                              void *context)
{
  *out = NULL;
  if (count == 0) return NNT_OK;
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_helpers) + count * sizeof(helper), "threads"));
  nnt_helpers *const it = memory;
  it->work = work;
  it->context = context;
  it->spins = spins;
  nnt_status status = NNT_OK;
  for (size_t i = 0; i < count && status == NNT_OK; i++) {
    it->helpers[i].all = it;
    it->helpers[i].number = i;
    status = nnt_thread_start(&it->helpers[i].thread, run, &it->helpers[i], STACK);
    if (status == NNT_OK) it->count++;
  }
  if (status != NNT_OK) {
    nnt_helpers_destroy(it);
    return status;
  }
  *out = it;
  return NNT_OK;
}

void nnt_helpers_destroy(nnt_helpers *helpers)
{
  if (helpers == NULL) return;
  atomic_store(&helpers->must_end, true);
  nnt_helpers_post(helpers, 0);
  for (size_t i = 0; i < helpers->count; i++) {
    (void)pthread_join(helpers->helpers[i].thread, NULL);
  }
  free(helpers);
}

void nnt_helpers_post(nnt_helpers *helpers, uint64_t post)
{
  if (helpers == NULL) return;
  /* A helper that reads this post instead of the one it has been told of does no harm. */
  atomic_store_explicit(&helpers->post, post, memory_order_release);
  (void)atomic_fetch_add(&helpers->posts, 1);
  if (atomic_load(&helpers->sleepers) > 0) nnt_futex_wake(&helpers->posts);
}
