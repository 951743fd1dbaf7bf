#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/lock_sight.h"
#include "store/names.h"
#include "store/temporary.h"

/* A silent lock is looked at so often; and, in the time between two looks: how long a text that is
 * begun may take, and a writer between its last look and its own text. */
enum { LOOKS = 60, UNFINISHED_LOOKS = 2, SETTLE_LOOKS = 3 };

struct nnt_lock {
  int folder; /* follows the folder when it is moved */
  int file;   /* holds the kernel's lock */
  struct stat facts;
  nnt_holder self;
  size_t length;
  char text[NNT_HOLDER_TEXT_SIZE];
  char name[NNT_PATH_SIZE]; /* of the folder */
  char path[NNT_PATH_SIZE];
};

static bool is_own(const nnt_lock *lock, const nnt_lock_sight *seen)
{
  return nnt_same_file(&lock->facts, &seen->facts) && seen->length == lock->length &&
         memcmp(seen->text, lock->text, lock->length) == 0;
}

static nnt_status lost(const nnt_lock *lock, const nnt_lock_sight *seen)
{
  if (seen->known) {
    char who[NNT_HOLDER_LINE_SIZE];
    nnt_holder_describe(&seen->holder, who);
    return nnt_fail(NNT_EBUSY, "another run has taken over %.120s (%s): nothing more is written",
                    lock->name, who);
  }
  return nnt_fail(NNT_EBUSY,
                  "%.180s is no longer that of this run, another may have begun: nothing more is "
                  "written",
                  lock->path);
}

nnt_status nnt_lock_check(const nnt_lock *lock)
{
  nnt_lock_sight seen;
  if (lock == NULL) return NNT_OK;
  int const why = nnt_lock_see(AT_FDCWD, lock->path, &seen);
  if (why == 0 && is_own(lock, &seen)) return NNT_OK;
  if (why == 0 || why == ENOENT || why == ENOTDIR || why == ELOOP) return lost(lock, &seen);
  return nnt_fail(NNT_EIO, "cannot read %s: %s", lock->path, strerror(why));
}

nnt_status nnt_lock_renew(const nnt_lock *lock)
{
  NNT_TRY(nnt_lock_check(lock));
  if (lock == NULL || futimens(lock->file, NULL) == 0) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot renew %s: %s", lock->path, strerror(errno));
}

const char *nnt_lock_run(const nnt_lock *lock) { return lock->self.run; }

void nnt_lock_release(nnt_lock *lock)
{
  nnt_lock_sight seen;
  if (lock == NULL) return;
  if (nnt_lock_see(lock->folder, NNT_LOCK_NAME, &seen) == 0 && is_own(lock, &seen)) {
    (void)unlinkat(lock->folder, NNT_LOCK_NAME, 0);
  }
  if (lock->file >= 0) (void)close(lock->file);
  if (lock->folder >= 0) (void)close(lock->folder);
  free(lock);
}

static nnt_status refuse(const nnt_lock *lock)
{
  nnt_lock_sight seen;
  char who[NNT_HOLDER_LINE_SIZE] = "it has only begun";
  if (nnt_lock_see(AT_FDCWD, lock->path, &seen) == 0 && seen.known) {
    nnt_holder_describe(&seen.holder, who);
  }
  return nnt_fail(NNT_EBUSY,
                  "another run writes to %.160s (%s): wait for its end, give another --output, or "
                  "remove " NNT_LOCK_NAME " there if it is surely dead",
                  lock->name, who);
}

/* What the kernel says of a lock. */
typedef enum claim { CLAIM_TAKEN, CLAIM_HELD, CLAIM_UNKNOWN } claim;

static claim try_flock(int file)
{
  if (flock(file, LOCK_EX | LOCK_NB) == 0) return CLAIM_TAKEN;
  return errno == EWOULDBLOCK ? CLAIM_HELD : CLAIM_UNKNOWN;
}

/* A file that is open for reading does not keep its file system from being made read-only; but NFS
 * locks only what is open for writing. */
static claim claim_file(nnt_lock *lock)
{
  claim const first = try_flock(lock->file);
  if (first != CLAIM_UNKNOWN || errno != EBADF) return first;
  int const writable = openat(lock->folder, NNT_LOCK_NAME, O_RDWR | NNT_LOCK_SAFE);
  if (writable < 0) return CLAIM_UNKNOWN;
  (void)close(lock->file);
  lock->file = writable;
  return try_flock(lock->file);
}

/* created [out] was there no such file?   again [out] is it to be tried again, since others were
 * faster? */
static nnt_status open_file(nnt_lock *lock, bool *created, bool *again)
{
  mode_t const mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  lock->file =
      openat(lock->folder, NNT_LOCK_NAME, O_RDONLY | O_CREAT | O_EXCL | NNT_LOCK_SAFE, mode);
  *created = lock->file >= 0;
  if (lock->file < 0 && errno == EEXIST) {
    lock->file = openat(lock->folder, NNT_LOCK_NAME, O_RDONLY | NNT_LOCK_SAFE);
    *again = lock->file < 0 && errno == ENOENT;
    if (*again) return NNT_OK;
  }
  if (lock->file < 0) return nnt_fail(NNT_EIO, "cannot write %s: %s", lock->path, strerror(errno));
  if (fstat(lock->file, &lock->facts) == 0 && S_ISREG(lock->facts.st_mode)) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot write %s: it is not a regular file", lock->path);
}

/* Whether the name still leads to the file that is open. Another name of the file would be written
 * to as well. */
static bool is_in_place(nnt_lock *lock)
{
  struct stat named;
  return fstat(lock->file, &lock->facts) == 0 &&
         fstatat(lock->folder, NNT_LOCK_NAME, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         nnt_same_file(&lock->facts, &named) && named.st_nlink == 1;
}

/* 0 or errno: puts the own text into the file. */
static int write_text(nnt_lock *lock)
{
  struct stat facts;
  int const file = openat(lock->folder, NNT_LOCK_NAME, O_WRONLY | NNT_LOCK_SAFE);
  if (file < 0) return errno;
  int why = 0;
  if (fstat(file, &facts) != 0 || !nnt_same_file(&facts, &lock->facts)) why = ESTALE;
  size_t done = 0;
  while (why == 0 && done < lock->length) {
    ssize_t const bytes = pwrite(file, lock->text + done, lock->length - done, (off_t)done);
    if (bytes > 0) done += (size_t)bytes;
    if (bytes < 0 && errno != EINTR) why = errno;
  }
  if (why == 0 && (ftruncate(file, (off_t)lock->length) != 0 || fsync(file) != 0)) why = errno;
  (void)close(file);
  return why;
}

static void sleep_for(double seconds)
{
  struct timespec const time = {.tv_sec = (time_t)seconds,
                                .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
  (void)nanosleep(&time, NULL);
}

/* How long ago the file was renewed, by the clock that gives new files their time; 0 if unknown. */
static double age_of(const nnt_lock *lock, const nnt_lock_sight *seen)
{
  char like[NNT_PATH_SIZE];
  char temporary[NNT_PATH_SIZE];
  int file = -1;
  struct stat now;
  int const length = snprintf(like, sizeof like, "%s/%s", lock->name, NNT_RESULTS_NAME);
  if (length < 0 || (size_t)length >= sizeof like) return 0.0;
  if (nnt_temporary_open(like, temporary, &file) != NNT_OK) return 0.0;
  bool const known = fstat(file, &now) == 0;
  (void)unlink(temporary);
  (void)close(file);
  return known ? nnt_seconds_between(seen->facts.st_mtim, now.st_mtim) : 0.0;
}

static bool has_moved(const nnt_lock_sight *before, const nnt_lock_sight *now)
{
  return !nnt_same_file(&before->facts, &now->facts) || before->length != now->length ||
         memcmp(before->text, now->text, now->length) != 0 ||
         nnt_seconds_between(before->facts.st_mtim, now->facts.st_mtim) != 0.0;
}

static void tell_wait(const nnt_lock *lock, const nnt_lock_options *options,
                      const nnt_lock_sight *seen, double seconds)
{
  char text[NNT_MESSAGE_SIZE];
  char who[NNT_HOLDER_LINE_SIZE];
  if (options->tell == NULL) return;
  nnt_holder_describe(&seen->holder, who);
  (void)snprintf(
      text, sizeof text,
      "%.100s was last used by a run on another machine (%s): waiting up to %.0f s for a "
      "sign of life",
      lock->name, who, seconds);
  options->tell(options->context, text);
}

/* Watches a lock that the kernel does not know to be held: NNT_OK if its holder is dead, or if the
 * lock is no longer there, and then it is to be tried again. */
static nnt_status watch(const nnt_lock *lock, const nnt_lock_options *options,
                        const nnt_lock_sight *first, bool *again)
{
  double const pause = options->silence / LOOKS;
  /* A text that nobody can read was never finished: a living writer does that in a moment. */
  int const looks = first->known ? LOOKS : UNFINISHED_LOOKS;
  if (first->known && age_of(lock, first) >= (double)NNT_LOCK_AGE) return NNT_OK;
  if (first->known) tell_wait(lock, options, first, options->silence);
  for (int i = 0; i < looks; i++) {
    nnt_lock_sight now;
    sleep_for(pause);
    *again = nnt_lock_see(lock->folder, NNT_LOCK_NAME, &now) == ENOENT;
    if (*again) return NNT_OK;
    if (has_moved(first, &now)) return refuse(lock);
  }
  return NNT_OK;
}

/* Two machines without common locks may both have found the old holder dead: the one that has
 * written last keeps the lock. Source: Fischer's algorithm, in Lamport, "A fast mutual exclusion
 * algorithm", ACM TOCS 5(1), 1987. */
static nnt_status settle(const nnt_lock *lock, const nnt_lock_options *options)
{
  sleep_for(SETTLE_LOOKS * options->silence / LOOKS);
  return nnt_lock_check(lock);
}

/* Whether the holder is known to be dead: it ran under this kernel, whose locks work, and has none.
 */
static bool is_surely_dead(const nnt_lock *lock, const nnt_lock_sight *seen, claim result)
{
  return result == CLAIM_TAKEN && seen->known && seen->holder.boot[0] != '\0' &&
         strcmp(seen->holder.boot, lock->self.boot) == 0;
}

static nnt_status take_over(nnt_lock *lock, const nnt_lock_options *options, claim result,
                            bool created, bool *again)
{
  nnt_lock_sight seen;
  int why = nnt_lock_see(lock->folder, NNT_LOCK_NAME, &seen);
  if (why != 0) return nnt_fail(NNT_EIO, "cannot read %s: %s", lock->path, strerror(why));
  bool const sure = created || is_surely_dead(lock, &seen, result);
  if (!sure) NNT_TRY(watch(lock, options, &seen, again));
  if (*again) return NNT_OK;
  why = write_text(lock);
  if (why != 0) {
    if (created) (void)unlinkat(lock->folder, NNT_LOCK_NAME, 0);
    return nnt_fail(NNT_EIO, "cannot write %s: %s", lock->path, strerror(why));
  }
  return sure ? nnt_lock_check(lock) : settle(lock, options);
}

/* The kernel keeps the lock of a process that was killed until its last call has ended, and a write
 * to a slow disk takes long: a job that starts again at once need not be refused for that. */
static nnt_status wait_for_end(const nnt_lock *lock, const nnt_lock_options *options, bool *again)
{
  enum { ENDS = 10 * LOOKS };
  for (int i = 0; i < ENDS; i++) {
    nnt_lock_sight seen;
    bool const known = nnt_lock_see(lock->folder, NNT_LOCK_NAME, &seen) == 0 && seen.known;
    if (!known || !nnt_holder_is_ending(&seen.holder, &lock->self)) break;
    sleep_for(options->silence / ENDS);
    *again = try_flock(lock->file) == CLAIM_TAKEN;
    if (*again) return NNT_OK;
  }
  return refuse(lock);
}

static nnt_status try_once(nnt_lock *lock, const nnt_lock_options *options, bool *again)
{
  bool created = false;
  *again = false;
  NNT_TRY(open_file(lock, &created, again));
  if (*again) return NNT_OK;
  claim const result = claim_file(lock);
  if (result == CLAIM_HELD) return wait_for_end(lock, options, again);
  *again = !is_in_place(lock);
  return *again ? NNT_OK : take_over(lock, options, result, created, again);
}

static nnt_status take(nnt_lock *lock, const nnt_lock_options *options)
{
  enum { TRIES = 100 };
  NNT_TRY(nnt_holder_init(&lock->self));
  lock->length = nnt_holder_print(&lock->self, lock->text);
  lock->folder = open(lock->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock->folder < 0) {
    return nnt_fail(NNT_EIO, "cannot open %s: %s", lock->name, strerror(errno));
  }
  for (int i = 0; i < TRIES; i++) {
    bool again = false;
    NNT_TRY(try_once(lock, options, &again));
    if (!again) return NNT_OK;
    if (lock->file >= 0) (void)close(lock->file);
    lock->file = -1;
  }
  return nnt_fail(NNT_EIO, "cannot write %s: it has other names, or others remove it", lock->path);
}

nnt_status nnt_lock_take(nnt_lock **out, const char *folder, const nnt_lock_options *options)
{
  void *memory = NULL;
  nnt_lock_options chosen = *options;
  if (chosen.silence <= 0.0) chosen.silence = NNT_LOCK_SILENCE;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_lock), "the lock of the folder"));
  nnt_lock *const lock = memory;
  lock->folder = lock->file = -1;
  int const length = snprintf(lock->path, sizeof lock->path, "%s/" NNT_LOCK_NAME, folder);
  nnt_status status = NNT_OK;
  if (length < 0 || (size_t)length >= sizeof lock->path) {
    status = nnt_fail(NNT_EIO, "cannot lock %s: the path is too long", folder);
  } else {
    memcpy(lock->name, folder, strlen(folder) + 1);
    status = take(lock, &chosen);
  }
  if (status == NNT_OK) {
    *out = lock;
  } else {
    nnt_lock_release(lock);
  }
  return status;
}
