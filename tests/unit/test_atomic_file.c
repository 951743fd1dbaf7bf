#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/atomic_file.h"
#include "store/temporary.h"
#include "store_sample.h"

static void put(const char *path, const char *first, const char *second)
{
  nnt_piece const pieces[] = {{first, strlen(first)}, {second, strlen(second)}};
  CU_ASSERT_EQUAL(nnt_file_replace(path, NULL, pieces, 2, false), NNT_OK);
}

static void expect_content(const char *path, const char *content)
{
  size_t bytes = 0;
  unsigned char *const data = file_load(path, &bytes);
  CU_ASSERT_EQUAL(bytes, strlen(content));
  CU_ASSERT_EQUAL(memcmp(data, content, bytes), 0);
  free(data);
}

static void a_file_is_replaced_as_a_whole(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "a.h5");
  put(path, "first ", "content");
  expect_content(path, "first content");
  put(path, "", "second");
  expect_content(path, "second");
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  folder_remove(folder);
}

static void print_numbers(FILE *file, const void *context)
{
  int const *const count = context;
  for (int i = 0; i < *count; i++) {
    (void)fprintf(file, "%d ", i);
  }
}

static void what_is_printed_replaces_a_file(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  int const count = 4;
  folder_make(folder);
  path_in(path, folder, "a.json");
  put(path, "a longer ", "content");
  CU_ASSERT_EQUAL(nnt_file_print(path, NULL, print_numbers, &count), NNT_OK);
  expect_content(path, "0 1 2 3 ");
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  CU_ASSERT_EQUAL(nnt_file_print("/dev/null/a.json", NULL, print_numbers, &count), NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "cannot write /dev/null/a.json: Not a directory");
  folder_remove(folder);
}

static void the_umask_decides_who_may_read(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  struct stat facts;
  folder_make(folder);
  path_in(path, folder, "a.h5");
  mode_t const old = umask(027);
  put(path, "x", "");
  (void)umask(old);
  CU_ASSERT_EQUAL(stat(path, &facts), 0);
  CU_ASSERT_EQUAL(facts.st_mode & 0777, 0640);
  folder_remove(folder);
}

static void a_failure_names_the_file_and_why(void)
{
  nnt_piece const piece = {"x", 1};
  CU_ASSERT_EQUAL(nnt_file_replace("/dev/null/a.h5", NULL, &piece, 1, false), NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "cannot write /dev/null/a.h5: Not a directory");
}

static void a_folder_under_the_name_is_left_alone(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_piece const piece = {"x", 1};
  folder_make(folder);
  path_in(path, folder, "a.h5");
  CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
  CU_ASSERT_EQUAL(nnt_file_replace(path, NULL, &piece, 1, false), NNT_EIO);
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  folder_remove(folder);
}

/* A limit on file sizes fails a write after part of the data, as a full disk does. */
static int write_on_a_full_disk(const char *path)
{
  static char data[5000];
  struct rlimit const limit = {1000, 1000};
  nnt_piece const piece = {data, sizeof data};
  if (nnt_store_init() != NNT_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  if (nnt_file_replace(path, NULL, &piece, 1, false) != NNT_EIO) return 3;
  if (strstr(nnt_last_error(), "File too large") == NULL) return 4;
  int const count = 500;
  if (nnt_file_print(path, NULL, print_numbers, &count) != NNT_EIO) return 5;
  return strstr(nnt_last_error(), "File too large") != NULL ? 0 : 6;
}

static void a_full_disk_keeps_the_old_file(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "a.h5");
  put(path, "old", "");
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) _exit(write_on_a_full_disk(path));
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_EQUAL(status, 0);
  expect_content(path, "old");
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  folder_remove(folder);
}

static void leftovers_of_dead_writers_are_removed(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "checkpoint-9.weights.h5.tmp-0123456789abcdef");
  file_store(path, "half", 4);
  path_in(path, folder, "trace.json.tmp-0123456789abcdef");
  file_store(path, "half", 4);
  path_in(path, folder, "notes.txt.tmp-0123456789abcdef");
  file_store(path, "mine", 4);
  path_in(path, folder, "my-trace.json.tmp-0123456789abcdef");
  file_store(path, "mine", 4);
  path_in(path, folder, "trace.json");
  put(path, "x", "");
  CU_ASSERT_EQUAL(folder_count(folder), 3);
  folder_remove(folder);
}

/* A child holds a temporary open until the parent has written and closed the pipe. */
static void the_temporary_of_a_living_writer_stays(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  int ready[2];
  int done[2];
  char byte = 0;
  folder_make(folder);
  path_in(path, folder, "a.h5");
  CU_ASSERT_FATAL(pipe(ready) == 0 && pipe(done) == 0);
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) {
    char temporary[NNT_PATH_SIZE];
    int file = -1;
    (void)close(done[1]);
    bool const good = nnt_temporary_open(path, temporary, &file) == NNT_OK &&
                      write(ready[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 0;
    _exit(good ? 0 : 1);
  }
  CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
  put(path, "x", "");
  CU_ASSERT_EQUAL(folder_count(folder), 2);
  (void)close(done[0]);
  (void)close(done[1]);
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_EQUAL(status, 0);
  put(path, "y", "");
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  (void)close(ready[0]);
  (void)close(ready[1]);
  folder_remove(folder);
}

static int write_often(const char *path)
{
  enum { TIMES = 1000 };
  nnt_piece const piece = {"content", 7};
  for (int i = 0; i < TIMES; i++) {
    if (nnt_file_replace(path, NULL, &piece, 1, false) != NNT_OK) return 1;
  }
  return 0;
}

/* Each removes what it takes for the leftovers of dead writers, just when the other one writes. */
static void two_writers_in_a_folder_leave_each_other_alone(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "a.h5");
  (void)fflush(stdout);
  pid_t const child = fork();
  if (child == 0) _exit(write_often(path));
  CU_ASSERT_EQUAL(write_often(path), 0);
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_EQUAL(status, 0);
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  folder_remove(folder);
}

static void folders_are_made_with_their_parents(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  struct stat facts;
  folder_make(folder);
  path_in(path, folder, "a//b/c/");
  CU_ASSERT_EQUAL(nnt_folder_create(path), NNT_OK);
  CU_ASSERT_EQUAL(nnt_folder_create(path), NNT_OK);
  CU_ASSERT(stat(path, &facts) == 0 && S_ISDIR(facts.st_mode));
  CU_ASSERT_EQUAL(nnt_folder_create("/dev/null/x"), NNT_EIO);
  CU_ASSERT_EQUAL(nnt_folder_create(""), NNT_EIO);
  CU_ASSERT_EQUAL(rmdir(path), 0);
  path_in(path, folder, "a/b");
  CU_ASSERT_EQUAL(rmdir(path), 0);
  folder_remove(folder);
}

static void a_run_shows_in_its_folder(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  bool has = true;
  folder_make(folder);
  path_in(path, folder, "none");
  CU_ASSERT_EQUAL(nnt_folder_has_run(path, &has), NNT_OK);
  CU_ASSERT_FALSE(has);
  path_in(path, folder, "checkpoint-007.weights.h5");
  file_store(path, "", 0);
  CU_ASSERT_EQUAL(nnt_folder_has_run(folder, &has), NNT_OK);
  CU_ASSERT_FALSE(has);
  path_in(path, folder, "checkpoint-7.weights.h5");
  file_store(path, "", 0);
  CU_ASSERT_EQUAL(nnt_folder_has_run(folder, &has), NNT_OK);
  CU_ASSERT_TRUE(has);
  (void)remove(path);
  path_in(path, folder, "results.h5");
  file_store(path, "", 0);
  CU_ASSERT_EQUAL(nnt_folder_has_run(folder, &has), NNT_OK);
  CU_ASSERT_TRUE(has);
  CU_ASSERT_EQUAL(nnt_folder_has_run(path, &has), NNT_EIO);
  folder_remove(folder);
}

static void a_run_is_moved_to_the_first_free_name(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char expected[NNT_PATH_SIZE];
  char moved[NNT_PATH_SIZE];
  folder_make(folder);
  for (int i = 1; i <= 2; i++) {
    path_in(path, folder, "run/");
    path_in(expected, folder, i == 1 ? "run.1" : "run.2");
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    CU_ASSERT_EQUAL(nnt_folder_move_aside(path, moved), NNT_OK);
    CU_ASSERT_STRING_EQUAL(moved, expected);
    CU_ASSERT_EQUAL(access(expected, F_OK), 0);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
  }
  CU_ASSERT_EQUAL(nnt_folder_move_aside(path, moved), NNT_EIO);
  folder_remove(folder);
}

static void a_folder_is_tried_for_writing(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  CU_ASSERT_EQUAL(nnt_folder_check_writable(folder), NNT_OK);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  path_in(path, folder, "none");
  CU_ASSERT_EQUAL(nnt_folder_check_writable(path), NNT_EIO);
  CU_ASSERT_EQUAL(nnt_folder_check_writable("/dev/null"), NNT_EIO);
  folder_remove(folder);
}

static void a_file_is_tried_for_writing(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  path_in(path, folder, "a.json");
  CU_ASSERT_EQUAL(nnt_file_check_writable(path), NNT_OK);
  CU_ASSERT_EQUAL(folder_count(folder), 0);
  put(path, "old", "");
  CU_ASSERT_EQUAL(nnt_file_check_writable(path), NNT_OK);
  expect_content(path, "old");
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  CU_ASSERT_EQUAL(nnt_file_check_writable(folder), NNT_EIO);
  path_in(path, folder, "none/a.json");
  CU_ASSERT_EQUAL(nnt_file_check_writable(path), NNT_EIO);
  folder_remove(folder);
}

/* A pipe stands for all that is no file; a device like /dev/null would be lost to a faulty check.
 */
static void what_is_no_file_is_left_alone(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char expected[NNT_PATH_SIZE + 64];
  int const count = 4;
  nnt_piece const piece = {"x", 1};
  struct stat facts;
  folder_make(folder);
  path_in(path, folder, "pipe");
  (void)snprintf(expected, sizeof expected, "cannot write %s: it is not a regular file", path);
  CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
  CU_ASSERT_EQUAL(nnt_file_check_writable(path), NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), expected);
  CU_ASSERT_EQUAL(nnt_file_print(path, NULL, print_numbers, &count), NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), expected);
  CU_ASSERT_EQUAL(nnt_file_replace(path, NULL, &piece, 1, false), NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), expected);
  CU_ASSERT(stat(path, &facts) == 0 && S_ISFIFO(facts.st_mode));
  CU_ASSERT_EQUAL(folder_count(folder), 1);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"a file is replaced as a whole", a_file_is_replaced_as_a_whole},
    {"what is printed replaces a file", what_is_printed_replaces_a_file},
    {"the umask decides who may read", the_umask_decides_who_may_read},
    {"a failure names the file and why", a_failure_names_the_file_and_why},
    {"a folder under the name is left alone", a_folder_under_the_name_is_left_alone},
    {"a full disk keeps the old file", a_full_disk_keeps_the_old_file},
    {"leftovers of dead writers are removed", leftovers_of_dead_writers_are_removed},
    {"the temporary of a living writer stays", the_temporary_of_a_living_writer_stays},
    {"two writers in a folder leave each other alone",
     two_writers_in_a_folder_leave_each_other_alone},
    {"folders are made with their parents", folders_are_made_with_their_parents},
    {"a run shows in its folder", a_run_shows_in_its_folder},
    {"a run is moved to the first free name", a_run_is_moved_to_the_first_free_name},
    {"a folder is tried for writing", a_folder_is_tried_for_writing},
    {"a file is tried for writing", a_file_is_tried_for_writing},
    {"what is no file is left alone", what_is_no_file_is_left_alone},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("atomic file", tests);
