/* Preloaded into the program (LD_PRELOAD): lets one chosen call on the files of one folder fail, or
 * kills the program there; shakes the wall clock; lets a rank go away in the middle of training.
 *
 * - FAULT_FOLDER: calls on this folder and the files in it count; its real path
 * - FAULT_CALL: the number of the call that is meant, from 1
 * - FAULT_FILE: only calls on files with this in their names have numbers (default: all)
 * - FAULT_HOW: what happens there: kill, ENOSPC, EIO, full (ENOSPC there and from there on), slow
 *   (there and from there on, whatever needs the disk takes a fifth of a second), stuck (takes six
 *   seconds), short (half of a write), garbled (a write of other bytes), EINTR (of a write), USR1,
 *   TERM
 * - FAULT_LOG: a line for each call that has a number: <number> <call> <path> = <result>
 * - FAULT_CLOCK: the wall clock is wrong by so many seconds, back and forth at each reading
 * - FAULT_LEAVE: the program leaves by _exit(0) when it reads the steady clock for this time
 * - FAULT_RANK: the rank that all this is for (default 0)
 *
 * Names of temporary files are random and MPI has many calls of its own, so strace cannot tell the
 * calls of a save from others; this can. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

typedef enum kind { OTHER, SPACE, WRITE } kind; /* SPACE and WRITE need room on the disk */
typedef enum verdict { GO_ON, FAIL, HALF, GARBLE } verdict;

typedef struct call {
  char const *name;
  char path[2 * PATH_MAX];
  long number; /* 0: not counted */
  verdict verdict;
} call;

static struct {
  char const *folder; /* NULL: nothing is counted */
  char const *file;   /* NULL: all files count */
  char const *how;
  long target;
  long leave;
  long clock;
  int log;
} settings = {.log = -1};
static atomic_long calls;
static atomic_long readings;

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static long number_of(const char *variable)
{
  char const *const text = getenv(variable);
  return text == NULL ? 0 : strtol(text, NULL, 10);
}

__attribute__((constructor)) static void read_settings(void)
{
  if (number_of("OMPI_COMM_WORLD_RANK") != number_of("FAULT_RANK")) return;
  char const *const log = getenv("FAULT_LOG");
  settings.how = getenv("FAULT_HOW");
  settings.target = number_of("FAULT_CALL");
  settings.leave = number_of("FAULT_LEAVE");
  settings.clock = number_of("FAULT_CLOCK");
  if (log != NULL) {
    settings.log = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  }
  settings.file = getenv("FAULT_FILE");
  settings.folder = getenv("FAULT_FOLDER");
}

static void note(const call *it, const char *result)
{
  char line[3 * PATH_MAX];
  int const length =
      snprintf(line, sizeof line, "%ld %s %s = %s\n", it->number, it->name, it->path, result);
  if (settings.log < 0 || length <= 0) return;
  if (REAL(write)(settings.log, line, (size_t)length) != length) abort();
}

static bool in_folder(const char *path)
{
  size_t const length = strlen(settings.folder);
  return strncmp(path, settings.folder, length) == 0 &&
         (path[length] == '\0' || path[length] == '/');
}

/* Of a path in the folder. */
static bool counts(const char *path)
{
  return settings.file == NULL || strstr(path + strlen(settings.folder), settings.file) != NULL;
}

static void path_of(int file, char out[PATH_MAX])
{
  char entry[64];
  (void)snprintf(entry, sizeof entry, "/proc/self/fd/%d", file);
  ssize_t const length = readlink(entry, out, PATH_MAX - 1);
  out[length < 0 ? 0 : length] = '\0';
}

static verdict judge(const call *it, kind what)
{
  long const reached = it->number > 0 ? it->number : atomic_load(&calls);
  char const *const how = settings.how;
  if (how == NULL || settings.target == 0 || reached < settings.target) return GO_ON;
  if (strcmp(how, "full") == 0 && what != OTHER) {
    errno = ENOSPC;
    return FAIL;
  }
  if (strcmp(how, "slow") == 0 && what != OTHER) {
    (void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
  }
  if (it->number != settings.target) return GO_ON;
  if (strcmp(how, "stuck") == 0) (void)nanosleep(&(struct timespec){.tv_sec = 6}, NULL);
  if (strcmp(how, "kill") == 0) {
    note(it, "killed");
    (void)kill(getpid(), SIGKILL);
  }
  if (strcmp(how, "USR1") == 0) (void)raise(SIGUSR1);
  if (strcmp(how, "TERM") == 0) (void)raise(SIGTERM);
  if (strcmp(how, "short") == 0 && what == WRITE) return HALF;
  if (strcmp(how, "garbled") == 0 && what == WRITE) return GARBLE;
  if (strcmp(how, "EINTR") == 0 && what == WRITE) {
    errno = EINTR;
    return FAIL;
  }
  if (strcmp(how, "ENOSPC") != 0 && strcmp(how, "EIO") != 0) return GO_ON;
  errno = strcmp(how, "EIO") == 0 ? EIO : ENOSPC;
  return FAIL;
}

/* Counts the call, if the path is one that counts, and says what is to become of it. */
static void begin(call *it, const char *name, int folder, const char *path, kind what)
{
  it->number = 0;
  it->verdict = GO_ON;
  if (settings.folder == NULL) return;
  int const before = errno;
  char base[PATH_MAX] = "";
  bool const relative = path == NULL || path[0] != '/';
  if (relative && folder != AT_FDCWD) path_of(folder, base);
  (void)snprintf(it->path, sizeof it->path, "%s%s%s", base,
                 path == NULL || base[0] == '\0' ? "" : "/", path == NULL ? "" : path);
  errno = before;
  if (!in_folder(it->path)) return;
  it->name = name;
  if (counts(it->path)) it->number = atomic_fetch_add(&calls, 1) + 1;
  it->verdict = judge(it, what);
}

static void begin_file(call *it, const char *name, int file, kind what)
{
  begin(it, name, file, NULL, what);
}

/* Tells the log what the call has returned, and hands it on. */
static ssize_t end(const call *it, ssize_t result)
{
  if (it->number == 0) return result;
  int const error = errno;
  char text[32];
  (void)snprintf(text, sizeof text, "%zd", result);
  note(it, result < 0 ? strerror(error) : text);
  errno = error;
  return result;
}

static int open_in(const char *name, int folder, const char *path, int flags, mode_t mode)
{
  call it;
  begin(&it, name, folder, path, (flags & O_CREAT) != 0 ? SPACE : OTHER);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(openat)(folder, path, flags, mode));
}

static mode_t mode_of(int flags, va_list arguments)
{
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

/* The C library's own names of parameters are reserved ones. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int open(const char *path, int flags, ...)
{
  va_list arguments;
  va_start(arguments, flags);
  mode_t const mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_in("open", AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
  va_list arguments;
  va_start(arguments, flags);
  mode_t const mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_in("openat", folder, path, flags, mode);
}

/* As a disk does that has gone bad: one byte is another one, and nobody is told. */
static ssize_t write_garbled(int file, const void *data, size_t bytes)
{
  unsigned char *const other = malloc(bytes);
  if (other == NULL || bytes == 0) abort();
  memcpy(other, data, bytes);
  other[bytes / 2] ^= 1U;
  ssize_t const written = REAL(write)(file, other, bytes);
  free(other);
  return written;
}

ssize_t write(int file, const void *data, size_t bytes)
{
  call it;
  begin_file(&it, "write", file, WRITE);
  if (it.verdict == FAIL) return end(&it, -1);
  if (it.verdict == GARBLE) return end(&it, write_garbled(file, data, bytes));
  return end(&it, REAL(write)(file, data, it.verdict == HALF ? (bytes + 1) / 2 : bytes));
}

ssize_t pwrite(int file, const void *data, size_t bytes, off_t at)
{
  call it;
  begin_file(&it, "pwrite", file, WRITE);
  if (it.verdict == FAIL) return end(&it, -1);
  return end(&it, REAL(pwrite)(file, data, it.verdict == HALF ? (bytes + 1) / 2 : bytes, at));
}

ssize_t writev(int file, const struct iovec *pieces, int count)
{
  call it;
  begin_file(&it, "writev", file, WRITE);
  if (it.verdict == FAIL) return end(&it, -1);
  return end(&it, REAL(writev)(file, pieces, it.verdict == HALF ? 1 : count));
}

int ftruncate(int file, off_t length)
{
  call it;
  begin_file(&it, "ftruncate", file, SPACE);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(ftruncate)(file, length));
}

int fsync(int file)
{
  call it;
  begin_file(&it, "fsync", file, SPACE);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(fsync)(file));
}

int fdatasync(int file)
{
  call it;
  begin_file(&it, "fdatasync", file, SPACE);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(fdatasync)(file));
}

/* As in the kernel, the descriptor is gone even if closing reports a failure. */
int close(int file)
{
  call it;
  begin_file(&it, "close", file, OTHER);
  int const error = errno;
  int const closed = REAL(close)(file);
  if (it.verdict == FAIL) errno = error;
  return (int)end(&it, it.verdict == FAIL ? -1 : closed);
}

int renameat(int from, const char *old, int to, const char *new)
{
  call it;
  begin(&it, "rename", to, new, SPACE);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(renameat)(from, old, to, new));
}

int rename(const char *old, const char *new) { return renameat(AT_FDCWD, old, AT_FDCWD, new); }

int linkat(int from, const char *old, int to, const char *new, int flags)
{
  call it;
  begin(&it, "link", to, new, SPACE);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(linkat)(from, old, to, new, flags));
}

int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int unlinkat(int folder, const char *path, int flags)
{
  call it;
  begin(&it, "unlink", folder, path, OTHER);
  return (int)end(&it, it.verdict == FAIL ? -1 : REAL(unlinkat)(folder, path, flags));
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

/* By how much the wall clock is wrong this time: ahead, right, behind, right, ... */
static time_t clock_error(void)
{
  static time_t const direction[] = {1, 0, -1, 0};
  return settings.clock == 0 ? 0 : settings.clock * direction[atomic_fetch_add(&readings, 1) % 4];
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
  static __typeof__(&clock_gettime) real;
  if (real == NULL) real = REAL(clock_gettime);
  int const result = real(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += clock_error();
  if (clock == CLOCK_MONOTONIC && settings.leave > 0 &&
      atomic_fetch_add(&readings, 1) + 1 == settings.leave) {
    _exit(0); /* exit() would take things away from its other threads */
  }
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
  int const result = REAL(gettimeofday)(now, zone);
  now->tv_sec += clock_error();
  return result;
}

time_t time(time_t *out)
{
  time_t const now = REAL(time)(NULL) + clock_error();
  if (out != NULL) *out = now;
  return now;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
