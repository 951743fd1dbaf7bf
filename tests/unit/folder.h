/** A test's own folder. */
#ifndef UNIT_FOLDER_H
#define UNIT_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nntrain/types.h"
#include "suite.h"

static inline void folder_make(char folder[NNT_PATH_SIZE])
{
  char const *const base = getenv("TMPDIR");
  (void)snprintf(folder, NNT_PATH_SIZE, "%s/nntrain-test-XXXXXX", base == NULL ? "/tmp" : base);
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
}

static inline void path_in(char path[NNT_PATH_SIZE], const char *folder, const char *name)
{
  int const length = snprintf(path, NNT_PATH_SIZE, "%s/%s", folder, name);
  CU_ASSERT_FATAL(length > 0 && length < NNT_PATH_SIZE);
}

/* Removes a folder with what is in it: files and empty folders. */
static inline void folder_remove(const char *folder)
{
  DIR *const entries = opendir(folder);
  CU_ASSERT_PTR_NOT_NULL(entries);
  if (entries == NULL) return;
  for (struct dirent *it = readdir(entries); it != NULL; it = readdir(entries)) {
    if (it->d_name[0] == '.') continue;
    char path[NNT_PATH_SIZE];
    path_in(path, folder, it->d_name);
    CU_ASSERT_EQUAL(remove(path), 0);
  }
  (void)closedir(entries);
  CU_ASSERT_EQUAL(remove(folder), 0);
}

#endif
