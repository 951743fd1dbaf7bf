/** What the tests of the lock share: locks of others, and processes that hold one. */
#ifndef UNIT_LOCK_SAMPLE_H
#define UNIT_LOCK_SAMPLE_H

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "store/lock.h"
#include "store_sample.h"

/* The kernel's own words. */
static inline void own_boot_id(char out[64])
{
  FILE *const file = fopen("/proc/sys/kernel/random/boot_id", "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fscanf(file, "%63s", out), 1);
  (void)fclose(file);
}

/* Lays a lock into the folder that nobody holds, from a kernel with this boot id. */
static inline void lay_lock(const char *folder, const char *boot, long seconds_ago)
{
  char path[NNT_PATH_SIZE];
  char text[512];
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
  path_in(path, folder, "run.lock");
  int const length = snprintf(text, sizeof text,
                              "a heading\nhost: elsewhere\npid: 4711\nboot id: %s\njob: 99\n"
                              "run id: 0123456789abcdef0123456789abcdef\nsince: yesterday\n",
                              boot);
  file_store(path, text, (size_t)length);
  if (seconds_ago == 0) return;
  times[1] = (struct timespec){.tv_sec = time(NULL) - seconds_ago};
  CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, times, 0), 0);
}

#define ANOTHER_BOOT "11111111-2222-3333-4444-555555555555"

static inline nnt_lock *take_lock(const char *folder)
{
  nnt_lock *lock = NULL;
  nnt_lock_options const options = {.silence = 0.0};
  CU_ASSERT_EQUAL_FATAL(nnt_lock_take(&lock, folder, &options), NNT_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(lock);
  return lock;
}

static inline nnt_status try_lock(const char *folder)
{
  nnt_lock *lock = NULL;
  nnt_lock_options const options = {.silence = 0.3};
  nnt_status const status = nnt_lock_take(&lock, folder, &options);
  CU_ASSERT_EQUAL(status == NNT_OK, lock != NULL);
  nnt_lock_release(lock);
  return status;
}

static inline bool error_has(const char *words) { return strstr(nnt_last_error(), words) != NULL; }

/* A child that holds the lock of the folder until it is killed. */
static inline pid_t start_holder(const char *folder)
{
  int ready[2];
  char byte = 0;
  CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) {
    nnt_lock *lock = NULL;
    nnt_lock_options const options = {.silence = 0.0};
    bool const held = nnt_lock_take(&lock, folder, &options) == NNT_OK;
    if (!held || write(ready[1], &byte, 1) != 1) _exit(1);
    for (;;) {
      (void)pause();
    }
  }
  (void)close(ready[1]);
  CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
  (void)close(ready[0]);
  return child;
}

static inline void end_holder(pid_t child)
{
  int status = 0;
  CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT(WIFSIGNALED(status));
}

#endif
