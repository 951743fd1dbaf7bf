/* A run whose lock is lost changes nothing more in the folder. */
#include "lock_sample.h"
#include "store/atomic_file.h"
#include "store/checkpoint_folder.h"

typedef struct fixture {
  char folder[NNT_PATH_SIZE];
  char lock_path[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_lock *lock;
} fixture;

static void set_up(fixture *it)
{
  folder_make(it->folder);
  path_in(it->lock_path, it->folder, "run.lock");
  path_in(it->path, it->folder, "a.h5");
  file_store(it->path, "old", 3);
  it->lock = take_lock(it->folder);
}

static void expect_old(const fixture *it)
{
  size_t bytes = 0;
  unsigned char *const data = file_load(it->path, &bytes);
  CU_ASSERT(bytes == 3 && memcmp(data, "old", 3) == 0);
  free(data);
}

static void print_new(FILE *file, const void *context)
{
  (void)context;
  (void)fputs("new", file);
}

/* Nothing can be written, in no way, and nothing is tidied up. */
static void expect_no_writing(const fixture *it, const char *why)
{
  nnt_piece const piece = {"new", 3};
  char leftover[NNT_PATH_SIZE];
  path_in(leftover, it->folder, "b.h5.tmp-0123456789abcdef");
  file_store(leftover, "half", 4);
  size_t const files = folder_count(it->folder);
  for (int way = 0; way < 4; way++) {
    nnt_status const status = way == 0   ? nnt_file_replace(it->path, it->lock, &piece, 1, false)
                              : way == 1 ? nnt_file_print(it->path, it->lock, print_new, NULL)
                              : way == 2 ? nnt_lock_renew(it->lock)
                                         : nnt_lock_check(it->lock);
    CU_ASSERT_EQUAL(status, NNT_EBUSY);
    CU_ASSERT(error_has(it->folder) && error_has(why));
  }
  expect_old(it);
  CU_ASSERT_EQUAL(folder_count(it->folder), files);
  CU_ASSERT_EQUAL(unlink(leftover), 0);
}

static void what_is_held_may_be_written(void)
{
  fixture it;
  nnt_piece const piece = {"new", 3};
  size_t bytes = 0;
  set_up(&it);
  CU_ASSERT_EQUAL(nnt_file_replace(it.path, it.lock, &piece, 1, false), NNT_OK);
  CU_ASSERT_EQUAL(nnt_file_print(it.path, it.lock, print_new, NULL), NNT_OK);
  unsigned char *const data = file_load(it.path, &bytes);
  CU_ASSERT(bytes == 3 && memcmp(data, "new", 3) == 0);
  free(data);
  nnt_lock_release(it.lock);
  CU_ASSERT_EQUAL(folder_count(it.folder), 1);
  folder_remove(it.folder);
}

static void a_removed_lock_is_lost(void)
{
  fixture it;
  set_up(&it);
  CU_ASSERT_EQUAL(unlink(it.lock_path), 0);
  expect_no_writing(&it, "nothing more is written");
  nnt_lock_release(it.lock);
  folder_remove(it.folder);
}

/* The new run may have ended, too, and its lock with it. */
static void the_lock_of_a_newer_run_is_left_alone(void)
{
  fixture it;
  char pid[64];
  set_up(&it);
  CU_ASSERT_EQUAL(unlink(it.lock_path), 0);
  pid_t const holder = start_holder(it.folder);
  (void)snprintf(pid, sizeof pid, "(pid %ld on ", (long)holder);
  expect_no_writing(&it, pid);
  nnt_lock_release(it.lock);
  CU_ASSERT_EQUAL(folder_count(it.folder), 2);
  CU_ASSERT_EQUAL(try_lock(it.folder), NNT_EBUSY);
  end_holder(holder);
  CU_ASSERT_EQUAL(try_lock(it.folder), NNT_OK);
  folder_remove(it.folder);
}

/* As on file systems whose locks do not reach over all machines. */
static void a_lock_that_is_taken_over_in_place_is_lost(void)
{
  fixture it;
  struct stat before;
  struct stat after;
  set_up(&it);
  CU_ASSERT_EQUAL(stat(it.lock_path, &before), 0);
  lay_lock(it.folder, ANOTHER_BOOT, 0);
  CU_ASSERT_EQUAL(stat(it.lock_path, &after), 0);
  CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
  expect_no_writing(&it, "(pid 4711 on elsewhere, job 99");
  nnt_lock_release(it.lock);
  CU_ASSERT_EQUAL(folder_count(it.folder), 2);
  folder_remove(it.folder);
}

/* The same words in another file are those of a copied folder. */
static void a_copy_of_the_lock_is_not_the_lock(void)
{
  fixture it;
  size_t bytes = 0;
  char moved[NNT_PATH_SIZE];
  set_up(&it);
  path_in(moved, it.folder, "moved");
  unsigned char *const text = file_load(it.lock_path, &bytes);
  CU_ASSERT_EQUAL(rename(it.lock_path, moved), 0);
  file_store(it.lock_path, text, bytes);
  free(text);
  expect_no_writing(&it, "another run has taken over");
  nnt_lock_release(it.lock);
  CU_ASSERT_EQUAL(folder_count(it.folder), 3);
  folder_remove(it.folder);
}

/* The lock is lost while the file is written: the last look is right before the rename. */
static void print_slowly(FILE *file, const void *context)
{
  fixture const *const it = context;
  (void)fputs("new", file);
  CU_ASSERT_EQUAL(unlink(it->lock_path), 0);
}

static void a_lock_that_is_lost_while_writing_saves_the_old_file(void)
{
  fixture it;
  set_up(&it);
  CU_ASSERT_EQUAL(nnt_file_print(it.path, it.lock, print_slowly, &it), NNT_EBUSY);
  expect_old(&it);
  CU_ASSERT_EQUAL(folder_count(it.folder), 1);
  nnt_lock_release(it.lock);
  folder_remove(it.folder);
}

static void old_checkpoints_of_another_run_stay(void)
{
  fixture it;
  char path[NNT_PATH_SIZE];
  set_up(&it);
  for (int step = 1; step <= 3; step++) {
    char name[64];
    (void)snprintf(name, sizeof name, "checkpoint-%d.weights.h5", step);
    path_in(path, it.folder, name);
    file_store(path, "x", 1);
  }
  nnt_checkpoint_prune(it.folder, it.lock, 3, 2);
  CU_ASSERT_EQUAL(folder_count(it.folder), 4);
  CU_ASSERT_EQUAL(unlink(it.lock_path), 0);
  nnt_checkpoint_prune(it.folder, it.lock, 3, 1);
  CU_ASSERT_EQUAL(folder_count(it.folder), 3);
  nnt_lock_release(it.lock);
  folder_remove(it.folder);
}

static void checkpoints_and_results_want_the_lock(void)
{
  fixture it;
  char path[NNT_PATH_SIZE];
  nnt_checkpoint checkpoint;
  nnt_history const history = {.epoch_count = 0};
  nnt_results const results = {.history = &history,
                               .data_description = "none",
                               .data_digest = "",
                               .parameter_digest = "",
                               .advice = "",
                               .ranks = 1};
  set_up(&it);
  sample_checkpoint(&checkpoint, 0);
  CU_ASSERT_EQUAL(unlink(it.lock_path), 0);
  nnt_checkpoint_policy const policy = {.keep = 1, .lock = it.lock};
  CU_ASSERT_EQUAL(nnt_checkpoint_write(it.folder, &checkpoint, &policy, path), NNT_EBUSY);
  path_in(path, it.folder, "results.h5");
  CU_ASSERT_EQUAL(nnt_results_write(path, it.lock, &results), NNT_EBUSY);
  CU_ASSERT_EQUAL(folder_count(it.folder), 1);
  nnt_checkpoint_free(&checkpoint);
  nnt_lock_release(it.lock);
  folder_remove(it.folder);
}

/* A folder that is moved aside takes its lock along. */
static void the_lock_of_a_moved_folder_is_released(void)
{
  fixture it;
  char moved[NNT_PATH_SIZE];
  set_up(&it);
  CU_ASSERT_EQUAL(nnt_folder_move_aside(it.folder, moved), NNT_OK);
  CU_ASSERT_EQUAL(nnt_lock_check(it.lock), NNT_EBUSY);
  CU_ASSERT_EQUAL(folder_count(moved), 2);
  nnt_lock_release(it.lock);
  CU_ASSERT_EQUAL(folder_count(moved), 1);
  folder_remove(moved);
}

static void a_renewed_lock_has_a_new_time(void)
{
  fixture it;
  struct stat facts;
  struct timespec const old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  set_up(&it);
  CU_ASSERT_EQUAL(utimensat(AT_FDCWD, it.lock_path, old, 0), 0);
  CU_ASSERT_EQUAL(nnt_lock_renew(it.lock), NNT_OK);
  CU_ASSERT(stat(it.lock_path, &facts) == 0 && time(NULL) - facts.st_mtime < 60);
  CU_ASSERT_EQUAL(nnt_lock_renew(NULL), NNT_OK);
  CU_ASSERT_EQUAL(nnt_lock_check(NULL), NNT_OK);
  nnt_lock_release(it.lock);
  nnt_lock_release(NULL);
  folder_remove(it.folder);
}

static CU_TestInfo tests[] = {
    {"what is held may be written", what_is_held_may_be_written},
    {"a removed lock is lost", a_removed_lock_is_lost},
    {"the lock of a newer run is left alone", the_lock_of_a_newer_run_is_left_alone},
    {"a lock that is taken over in place is lost", a_lock_that_is_taken_over_in_place_is_lost},
    {"a copy of the lock is not the lock", a_copy_of_the_lock_is_not_the_lock},
    {"a lock that is lost while writing saves the old file",
     a_lock_that_is_lost_while_writing_saves_the_old_file},
    {"old checkpoints of another run stay", old_checkpoints_of_another_run_stay},
    {"checkpoints and results want the lock", checkpoints_and_results_want_the_lock},
    {"the lock of a moved folder is released", the_lock_of_a_moved_folder_is_released},
    {"a renewed lock has a new time", a_renewed_lock_has_a_new_time},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("lost lock", tests);
