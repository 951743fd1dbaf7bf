#include "store/lock_sight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/lock.h"

int nnt_lock_see(int folder, const char *path, nnt_lock_sight *out)
{
  memset(out, 0, sizeof *out);
  int const file = openat(folder, path, O_RDONLY | NNT_LOCK_SAFE);
  if (file < 0) return errno;
  int why = fstat(file, &out->facts) == 0 ? 0 : errno;
  if (why == 0 && !S_ISREG(out->facts.st_mode)) why = ELOOP;
  while (why == 0 && out->length < sizeof out->text) {
    ssize_t const bytes = read(file, out->text + out->length, sizeof out->text - out->length);
    if (bytes == 0) break;
    if (bytes > 0) out->length += (size_t)bytes;
    if (bytes < 0 && errno != EINTR) why = errno;
  }
  (void)close(file);
  out->known = why == 0 && nnt_holder_parse(out->text, out->length, &out->holder);
  return why;
}

bool nnt_lock_look(const char *folder, nnt_lock_sign *out)
{
  char path[NNT_PATH_SIZE];
  nnt_lock_sight seen;
  nnt_holder self;
  struct timespec now;
  int const length = snprintf(path, sizeof path, "%s/" NNT_LOCK_NAME, folder);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  if (nnt_lock_see(AT_FDCWD, path, &seen) != 0 || !seen.known) return false;
  bool const is_ours = nnt_holder_init(&self) == NNT_OK && seen.holder.boot[0] != '\0' &&
                       strcmp(seen.holder.boot, self.boot) == 0;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  out->age = nnt_seconds_between(seen.facts.st_mtim, now);
  out->is_silent = out->age >= (double)(is_ours ? NNT_LOCK_SILENCE : NNT_LOCK_AGE);
  nnt_holder_describe(&seen.holder, out->holder);
  return true;
}
