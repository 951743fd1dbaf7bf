#include "train/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static nnt_status reserve(void **records, size_t *room, size_t count, size_t size)
{
  if (count <= *room) return NNT_OK;
  size_t const doubled = *room > count / 2 ? *room * 2 : count;
  size_t bytes = 0;
  void *grown = NULL;
  if (nnt_size_multiply(doubled, size, &bytes)) grown = realloc(*records, bytes);
  if (grown == NULL) return nnt_fail(NNT_ENOMEM, "no memory for the history of %zu records", count);
  *records = grown;
  *room = doubled;
  return NNT_OK;
}

nnt_status nnt_history_reserve(nnt_history *history, nnt_history_room *room, size_t epochs,
                               size_t steps)
{
  void *records = history->epochs;
  NNT_TRY(reserve(&records, &room->epochs, epochs, sizeof *history->epochs));
  history->epochs = records;
  records = history->steps;
  NNT_TRY(reserve(&records, &room->steps, steps, sizeof *history->steps));
  history->steps = records;
  return NNT_OK;
}

void nnt_history_append(nnt_history *to, const nnt_history *from)
{
  size_t const epochs = from->epoch_count - to->epoch_count;
  size_t const steps = from->step_count - to->step_count;
  if (epochs > 0) {
    memcpy(to->epochs + to->epoch_count, from->epochs + to->epoch_count,
           epochs * sizeof *to->epochs);
  }
  if (steps > 0) {
    memcpy(to->steps + to->step_count, from->steps + to->step_count, steps * sizeof *to->steps);
  }
  to->epoch_count = from->epoch_count;
  to->step_count = from->step_count;
}
