#include "nntrain/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/atomic_file.h"
#include "store/names.h"

/* Makes `part` of the path. */
static nnt_status make_one(const char *part, const char *path)
{
  if (mkdir(part, S_IRWXU | S_IRWXG | S_IRWXO) == 0) return NNT_OK;
  int why = errno;
  struct stat facts;
  if (stat(part, &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) return NNT_OK;
    why = ENOTDIR;
  }
  if (strcmp(part, path) == 0) {
    return nnt_fail(NNT_EIO, "cannot make the folder %s: %s", path, strerror(why));
  }
  return nnt_fail(NNT_EIO, "cannot make the folder %.200s: %.200s: %s", path, part, strerror(why));
}

nnt_status nnt_folder_create(const char *path)
{
  char part[NNT_PATH_SIZE];
  size_t const length = strlen(path);
  if (length == 0 || length >= sizeof part) {
    return nnt_fail(NNT_EIO, "cannot make the folder '%s': the path is %s", path,
                    length == 0 ? "empty" : "too long");
  }
  memcpy(part, path, length + 1);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    NNT_TRY(make_one(part, path));
    *slash = '/';
  }
  return make_one(part, path);
}

nnt_status nnt_folder_has_run(const char *path, bool *out)
{
  *out = false;
  DIR *const entries = opendir(path);
  if (entries == NULL && errno == ENOENT) return NNT_OK;
  if (entries == NULL) {
    return nnt_fail(NNT_EIO, "cannot read the folder %s: %s", path, strerror(errno));
  }
  for (struct dirent *it = readdir(entries); it != NULL && !*out; it = readdir(entries)) {
    uint64_t step = 0;
    *out = nnt_checkpoint_name_step(it->d_name, &step) || strcmp(it->d_name, NNT_RESULTS_NAME) == 0;
  }
  (void)closedir(entries);
  return NNT_OK;
}

nnt_status nnt_folder_move_aside(const char *path, char moved_to[NNT_PATH_SIZE])
{
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') {
    length--;
  }
  for (unsigned i = 1;; i++) {
    int const size = snprintf(moved_to, NNT_PATH_SIZE, "%.*s.%u", (int)length, path, i);
    if (size < 0 || size >= NNT_PATH_SIZE) {
      return nnt_fail(NNT_EIO, "cannot move %s aside: the path is too long", path);
    }
    struct stat facts;
    if (lstat(moved_to, &facts) == 0) continue;
    if (errno == ENOENT && rename(path, moved_to) == 0) return NNT_OK;
    return nnt_fail(NNT_EIO, "cannot move %s aside to %s: %s", path, moved_to, strerror(errno));
  }
}

nnt_status nnt_folder_check_writable(const char *path)
{
  char probe[NNT_PATH_SIZE];
  int const length = snprintf(probe, sizeof probe, "%s/%s", path, NNT_RESULTS_NAME);
  if (length < 0 || (size_t)length >= sizeof probe) {
    return nnt_fail(NNT_EIO, "cannot write to the folder %s: the path is too long", path);
  }
  return nnt_file_check_writable(probe);
}
