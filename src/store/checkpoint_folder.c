#include "store/checkpoint_folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/lock.h"
#include "store/names.h"

/* The steps of a folder's checkpoints, newest first. */
typedef struct steps {
  size_t count;
  size_t room;
  uint64_t *step;
} steps;

static int newest_first(const void *a, const void *b)
{
  uint64_t const x = *(const uint64_t *)a;
  uint64_t const y = *(const uint64_t *)b;
  return (x < y) - (x > y);
}

static nnt_status add_step(steps *list, uint64_t step)
{
  if (list->count == list->room) {
    size_t const room = 2 * list->room + 16;
    uint64_t *const more = realloc(list->step, room * sizeof *more);
    if (more == NULL) return nnt_fail(NNT_ENOMEM, "no memory for a list of checkpoints");
    list->step = more;
    list->room = room;
  }
  list->step[list->count++] = step;
  return NNT_OK;
}

/* The caller frees list->step, in any case. */
static nnt_status list_steps(const char *folder, steps *list)
{
  *list = (steps){0};
  DIR *const entries = opendir(folder);
  if (entries == NULL && errno == ENOENT) return NNT_OK;
  if (entries == NULL) {
    return nnt_fail(NNT_EIO, "cannot read the folder %s: %s", folder, strerror(errno));
  }
  nnt_status status = NNT_OK;
  for (struct dirent *it = readdir(entries); it != NULL && status == NNT_OK;
       it = readdir(entries)) {
    uint64_t step = 0;
    if (nnt_checkpoint_name_step(it->d_name, &step)) status = add_step(list, step);
  }
  (void)closedir(entries);
  if (list->count > 0) qsort(list->step, list->count, sizeof *list->step, newest_first);
  return status;
}

static bool make_path(const char *folder, uint64_t step, char path[NNT_PATH_SIZE])
{
  char name[NNT_CHECKPOINT_NAME_SIZE];
  nnt_checkpoint_name(step, name);
  int const length = snprintf(path, NNT_PATH_SIZE, "%s/%s", folder, name);
  return length > 0 && length < NNT_PATH_SIZE;
}

void nnt_checkpoint_prune(const char *folder, const nnt_lock *lock, uint64_t step, size_t keep)
{
  steps list;
  nnt_status const status = list_steps(folder, &list);
  size_t kept = 0;
  for (size_t i = 0; status == NNT_OK && i < list.count; i++) {
    char path[NNT_PATH_SIZE];
    if (list.step[i] > step) continue;
    kept++;
    if (kept <= 1 || kept <= keep || !make_path(folder, list.step[i], path)) continue;
    if (nnt_lock_check(lock) != NNT_OK) break;
    (void)unlink(path);
  }
  free(list.step);
}

/* Reads one checkpoint, and makes sure that it is the one its name says. */
static nnt_status read_one(const char *path, uint64_t step, nnt_checkpoint *out)
{
  NNT_TRY(nnt_checkpoint_read(path, out));
  uint64_t const found = out->position.step;
  if (found == step) return NNT_OK;
  nnt_checkpoint_free(out);
  return nnt_fail(NNT_ECHECKPOINT, "%s holds step %" PRIu64 ", which is not what its name says",
                  path, found);
}

static nnt_status read_newest(const char *folder, const steps *list, nnt_checkpoint *out,
                              bool *found, char path[NNT_PATH_SIZE], nnt_damage *damaged,
                              size_t damaged_max, size_t *damaged_count)
{
  for (size_t i = 0; i < list->count; i++) {
    if (!make_path(folder, list->step[i], path)) {
      return nnt_fail(NNT_EIO, "cannot read checkpoints in %s: the path is too long", folder);
    }
    nnt_status const status = read_one(path, list->step[i], out);
    *found = status == NNT_OK;
    if (*found) return NNT_OK;
    /* Damage and unreadable places on a disk are passed over; lack of memory would hit them all. */
    if (status != NNT_ECHECKPOINT && status != NNT_EIO) return status;
    if (*damaged_count < damaged_max) {
      (void)snprintf(damaged[(*damaged_count)++].message, NNT_MESSAGE_SIZE, "%s", nnt_last_error());
    }
  }
  if (list->count == 0) return NNT_OK;
  return nnt_fail(NNT_ECHECKPOINT, "none of the %zu checkpoints in %s is valid; the last tried: %s",
                  list->count, folder, nnt_last_error());
}

nnt_status nnt_checkpoint_find(const char *folder, nnt_checkpoint *out, bool *found,
                               char path[NNT_PATH_SIZE], nnt_damage *damaged, size_t damaged_max,
                               size_t *damaged_count)
{
  *found = false;
  *damaged_count = 0;
  steps list;
  nnt_status status = list_steps(folder, &list);
  if (status == NNT_OK) {
    status = read_newest(folder, &list, out, found, path, damaged, damaged_max, damaged_count);
  }
  free(list.step);
  return status;
}
