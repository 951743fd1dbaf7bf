#include <stdint.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "lock_sample.h"

static void a_lock_tells_who_holds_it(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char expected[512];
  char host[65] = "";
  char boot[64];
  struct stat facts;
  size_t bytes = 0;
  folder_make(folder);
  path_in(path, folder, "run.lock");
  own_boot_id(boot);
  CU_ASSERT_EQUAL(gethostname(host, sizeof host - 1), 0);
  CU_ASSERT_EQUAL(setenv("SLURM_JOB_ID", "1234", 1), 0);
  mode_t const old = umask(027);
  nnt_lock *const lock = take_lock(folder);
  (void)umask(old);
  CU_ASSERT_EQUAL(unsetenv("SLURM_JOB_ID"), 0);
  CU_ASSERT(stat(path, &facts) == 0 && S_ISREG(facts.st_mode));
  CU_ASSERT_EQUAL(facts.st_mode & 07777, 0640);
  CU_ASSERT_EQUAL(strlen(nnt_lock_run(lock)), 32);
  CU_ASSERT_EQUAL(strspn(nnt_lock_run(lock), "0123456789abcdef"), 32);
  (void)snprintf(expected, sizeof expected,
                 "\nhost: %s\npid: %ld\nboot id: %s\njob: 1234\nrun id: %s\nsince: 20", host,
                 (long)getpid(), boot, nnt_lock_run(lock));
  unsigned char *const text = file_load(path, &bytes);
  text[bytes] = '\0';
  CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text, expected));
  free(text);
  CU_ASSERT_EQUAL(nnt_lock_check(lock), NNT_OK);
  nnt_lock_release(lock);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  folder_remove(folder);
}

static void run_ids_are_new_each_time(void)
{
  char folder[NNT_PATH_SIZE];
  char first[NNT_RUN_ID_SIZE];
  folder_make(folder);
  nnt_lock *lock = take_lock(folder);
  memcpy(first, nnt_lock_run(lock), sizeof first);
  nnt_lock_release(lock);
  lock = take_lock(folder);
  CU_ASSERT_STRING_NOT_EQUAL(first, nnt_lock_run(lock));
  nnt_lock_release(lock);
  folder_remove(folder);
}

/* A stopped holder lives: it may go on. */
static void a_folder_in_use_is_refused(void)
{
  char folder[NNT_PATH_SIZE];
  char pid[32];
  folder_make(folder);
  pid_t const holder = start_holder(folder);
  (void)snprintf(pid, sizeof pid, "(pid %ld on ", (long)holder);
  for (int i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(try_lock(folder), NNT_EBUSY);
    CU_ASSERT(error_has(folder) && error_has(pid) && error_has("since 20"));
    CU_ASSERT(error_has("--output") && error_has("remove run.lock"));
    CU_ASSERT_EQUAL(kill(holder, SIGSTOP), 0);
  }
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  end_holder(holder);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_OK);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  folder_remove(folder);
}

/* A child that takes the lock and dies, but whose lock the kernel keeps for some time, as while a
 * killed process ends its last write: a child of its own has it. */
static pid_t start_ending_holder(const char *folder, long milliseconds)
{
  struct timespec const time = {.tv_sec = milliseconds / 1000,
                                .tv_nsec = milliseconds % 1000 * 1000000};
  siginfo_t ended;
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) {
    nnt_lock *lock = NULL;
    nnt_lock_options const options = {.silence = 0.0};
    if (nnt_lock_take(&lock, folder, &options) == NNT_OK && fork() == 0) {
      (void)nanosleep(&time, NULL);
    }
    _exit(0);
  }
  /* It stays a zombie. */
  CU_ASSERT_EQUAL(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
  return child;
}

static void a_holder_that_is_ending_is_waited_for(void)
{
  char folder[NNT_PATH_SIZE];
  nnt_lock *lock = NULL;
  nnt_lock_options const patient = {.silence = 20.0};
  folder_make(folder);
  pid_t child = start_ending_holder(folder, 300);
  CU_ASSERT_EQUAL(nnt_lock_take(&lock, folder, &patient), NNT_OK);
  nnt_lock_release(lock);
  CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  /* But not for ever. */
  child = start_ending_holder(folder, 2000);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_EBUSY);
  CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
  folder_remove(folder);
}

/* With the usual patience of a minute: who has died on this machine need not be waited for. */
static void the_lock_of_the_dead_is_taken_over_at_once(void)
{
  char folder[NNT_PATH_SIZE];
  char boot[64];
  folder_make(folder);
  end_holder(start_holder(folder));
  double const began = nnt_seconds();
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  nnt_lock_release(take_lock(folder));
  own_boot_id(boot);
  lay_lock(folder, boot, 0);
  nnt_lock_release(take_lock(folder));
  CU_ASSERT(nnt_seconds() - began < 2.0);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  folder_remove(folder);
}

/* All but a moment, in which starters on two machines would notice each other. */
static void an_old_lock_from_elsewhere_is_taken_over_without_watching(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  lay_lock(folder, ANOTHER_BOOT, 3600);
  double const began = nnt_seconds();
  nnt_lock_release(take_lock(folder));
  CU_ASSERT(nnt_seconds() - began < 10.0);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  folder_remove(folder);
}

static void count_words(void *context, const char *text)
{
  int *const times = context;
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "pid 4711 on elsewhere, job 99, since yesterday"));
  (*times)++;
}

static void a_silent_lock_from_elsewhere_is_watched(void)
{
  char folder[NNT_PATH_SIZE];
  int times = 0;
  nnt_lock *lock = NULL;
  nnt_lock_options const options = {.silence = 0.5, .tell = count_words, .context = &times};
  folder_make(folder);
  lay_lock(folder, ANOTHER_BOOT, 0);
  double const began = nnt_seconds();
  CU_ASSERT_EQUAL_FATAL(nnt_lock_take(&lock, folder, &options), NNT_OK);
  CU_ASSERT(nnt_seconds() - began >= 0.5);
  CU_ASSERT_EQUAL(times, 1);
  CU_ASSERT_EQUAL(nnt_lock_check(lock), NNT_OK);
  nnt_lock_release(lock);
  folder_remove(folder);
}

/* The clock of the other machine, which writes the times, may be wrong by any amount. */
static void a_lock_from_elsewhere_that_is_renewed_is_refused(void)
{
  static long const ago[] = {0, 120, -100000};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "run.lock");
  for (size_t i = 0; i < sizeof ago / sizeof *ago; i++) {
    lay_lock(folder, ANOTHER_BOOT, ago[i]);
    (void)fflush(stdout);
    pid_t const child = fork();
    if (child == 0) {
      struct timespec const pause = {.tv_nsec = 20000000};
      struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - ago[i]}};
      for (;;) {
        times[1].tv_sec++;
        (void)utimensat(AT_FDCWD, path, times, 0);
        (void)nanosleep(&pause, NULL);
      }
    }
    CU_ASSERT_EQUAL(try_lock(folder), NNT_EBUSY);
    CU_ASSERT(error_has("pid 4711 on elsewhere, job 99"));
    end_holder(child);
  }
  folder_remove(folder);
}

static void a_lock_that_is_released_while_it_is_watched_is_free(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "run.lock");
  lay_lock(folder, ANOTHER_BOOT, 0);
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) {
    struct timespec const pause = {.tv_nsec = 200000000};
    (void)nanosleep(&pause, NULL);
    _exit(unlink(path) == 0 ? 0 : 1);
  }
  nnt_lock *const lock = take_lock(folder);
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_EQUAL(status, 0);
  CU_ASSERT_EQUAL(nnt_lock_check(lock), NNT_OK);
  nnt_lock_release(lock);
  folder_remove(folder);
}

/* Left by a writer that died in between, by a full disk, or by somebody else. */
static void a_text_that_nobody_understands_is_no_lock(void)
{
  static char const *const texts[] = {"",
                                      "\n",
                                      "host: a\npid: 1\n",
                                      "run id: 0123456789abcdef0123456789abcde\n",
                                      "run id: 0123456789ABCDEF0123456789abcdef\n",
                                      "run id: 0123456789abcdef0123456789abcdef"};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  static char large[100000];
  folder_make(folder);
  path_in(path, folder, "run.lock");
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    file_store(path, texts[i], strlen(texts[i]));
    CU_ASSERT_EQUAL(try_lock(folder), NNT_OK);
  }
  memset(large, 'x', sizeof large);
  file_store(path, large, sizeof large);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_OK);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  folder_remove(folder);
}

static void links_and_other_things_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char other[NNT_PATH_SIZE];
  size_t bytes = 0;
  folder_make(folder);
  path_in(path, folder, "run.lock");
  path_in(other, folder, "other");
  file_store(other, "mine", 4);
  CU_ASSERT_EQUAL(symlink(other, path), 0);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_EIO);
  CU_ASSERT(error_has(path));
  CU_ASSERT_EQUAL(unlink(path), 0);
  CU_ASSERT_EQUAL(link(other, path), 0);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_EIO);
  CU_ASSERT_EQUAL(unlink(path), 0);
  unsigned char *const text = file_load(other, &bytes);
  CU_ASSERT(bytes == 4 && memcmp(text, "mine", 4) == 0);
  free(text);
  CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_EIO);
  CU_ASSERT_EQUAL(unlink(path), 0);
  CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_EIO);
  path_in(path, folder, "none");
  CU_ASSERT_EQUAL(try_lock(path), NNT_EIO);
  CU_ASSERT(error_has("none: No such file or directory"));
  folder_remove(folder);
}

static int lock_on_a_full_disk(const char *folder)
{
  struct rlimit const limit = {10, 10};
  if (nnt_store_init() != NNT_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  nnt_lock *lock = NULL;
  nnt_lock_options const options = {.silence = 0.0};
  if (nnt_lock_take(&lock, folder, &options) != NNT_EIO) return 3;
  return error_has("/run.lock: File too large") ? 0 : 4;
}

static void a_full_disk_keeps_no_lock(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) _exit(lock_on_a_full_disk(folder));
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_EQUAL(status, 0);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  folder_remove(folder);
}

/* Tries when the pipe is closed; a winner keeps the lock until it is killed. */
static void compete(const char *folder, const int gun[2], int results)
{
  nnt_lock *lock = NULL;
  nnt_lock_options const options = {.silence = 0.3};
  char byte = 0;
  (void)close(gun[1]);
  if (read(gun[0], &byte, 1) != 0) _exit(1);
  nnt_status const status = nnt_lock_take(&lock, folder, &options);
  if (status == NNT_OK) byte = 'w';
  if (status == NNT_EBUSY) byte = 'r';
  if (write(results, &byte, 1) != 1) _exit(1);
  for (;;) {
    (void)pause();
  }
}

/* Returns who has won, to be ended with end_holder(). */
static void expect_one_winner(const char *folder)
{
  enum { PROCESSES = 20 };
  pid_t children[PROCESSES];
  int gun[2];
  int results[2];
  int won = 0;
  int refused = 0;
  CU_ASSERT_FATAL(pipe(gun) == 0 && pipe(results) == 0);
  (void)fflush(stdout);
  for (int i = 0; i < PROCESSES; i++) {
    children[i] = fork();
    if (children[i] == 0) compete(folder, gun, results[1]);
  }
  (void)close(gun[0]);
  (void)close(gun[1]);
  for (int i = 0; i < PROCESSES; i++) {
    char byte = 0;
    CU_ASSERT_EQUAL(read(results[0], &byte, 1), 1);
    won += byte == 'w';
    refused += byte == 'r';
  }
  CU_ASSERT_EQUAL(won, 1);
  CU_ASSERT_EQUAL(refused, PROCESSES - 1);
  for (int i = 0; i < PROCESSES; i++) {
    end_holder(children[i]);
  }
  (void)close(results[0]);
  (void)close(results[1]);
}

static void of_many_starters_one_wins(void)
{
  enum { ROUNDS = 20 };
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  /* The first finds none, the others that of the dead winner; then one from elsewhere. */
  for (int i = 0; i < ROUNDS; i++) {
    expect_one_winner(folder);
  }
  lay_lock(folder, ANOTHER_BOOT, 0);
  expect_one_winner(folder);
  CU_ASSERT_EQUAL(try_lock(folder), NNT_OK);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"a lock tells who holds it", a_lock_tells_who_holds_it},
    {"run ids are new each time", run_ids_are_new_each_time},
    {"a holder that is ending is waited for", a_holder_that_is_ending_is_waited_for},
    {"a folder in use is refused", a_folder_in_use_is_refused},
    {"the lock of the dead is taken over at once", the_lock_of_the_dead_is_taken_over_at_once},
    {"an old lock from elsewhere is taken over without watching",
     an_old_lock_from_elsewhere_is_taken_over_without_watching},
    {"a silent lock from elsewhere is watched", a_silent_lock_from_elsewhere_is_watched},
    {"a lock from elsewhere that is renewed is refused",
     a_lock_from_elsewhere_that_is_renewed_is_refused},
    {"a lock that is released while it is watched is free",
     a_lock_that_is_released_while_it_is_watched_is_free},
    {"a text that nobody understands is no lock", a_text_that_nobody_understands_is_no_lock},
    {"links and other things are refused", links_and_other_things_are_refused},
    {"a full disk keeps no lock", a_full_disk_keeps_no_lock},
    {"of many starters one wins", of_many_starters_one_wins},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("lock", tests);
