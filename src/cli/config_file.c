/* The configuration file, by libinih. */
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/options.h"

/* What the callbacks of libinih share. It reads line by line through read_line(), so the line
 * number is known when a value arrives, and a line that its buffer would cut is noticed. */
typedef struct reader {
  FILE *file;
  char const *path;
  nnt_config *config;
  int line;
  bool seen[NNT_OPTION_COUNT];
  nnt_status status;
} reader;

static nnt_status here(const reader *self, nnt_status status)
{
  char message[NNT_MESSAGE_SIZE];
  (void)snprintf(message, sizeof message, "%s", nnt_last_error());
  return nnt_fail(status, "%.200s:%d: %s", self->path, self->line, message);
}

static char *read_line(char *buffer, int size, void *stream)
{
  reader *const self = stream;
  if (self->status != NNT_OK || fgets(buffer, size, self->file) == NULL) return NULL;
  self->line++;
  size_t const length = strlen(buffer);
  if (length + 1 == (size_t)size && buffer[length - 1] != '\n') {
    self->status = nnt_fail(NNT_EUSAGE, "%.200s:%d: the line is longer than %d characters",
                            self->path, self->line, size - 2);
    return NULL;
  }
  return buffer;
}

static nnt_status set_option(reader *self, const char *section, const char *name, const char *value)
{
  nnt_option const *const option = nnt_option_find(name);
  if (option == NULL) return nnt_options_unknown(name);
  if (section[0] != '\0' && strcmp(section, option->group) != 0) {
    return nnt_fail(NNT_EUSAGE, "'%s' belongs to section [%s], not [%.60s]", name, option->group,
                    section);
  }
  if (self->seen[option->id]) return nnt_fail(NNT_EUSAGE, "'%s' is given twice", name);
  self->seen[option->id] = true;
  return nnt_config_set(self->config, option->id, value, NNT_FROM_FILE);
}

static int take_value(void *user, const char *section, const char *name, const char *value)
{
  reader *const self = user;
  if (self->status != NNT_OK) return 1;
  nnt_status const status = set_option(self, section, name, value);
  if (status != NNT_OK) self->status = here(self, status);
  return 1;
}

nnt_status nnt_config_file_read(const char *path, nnt_config *config)
{
  struct stat about;
  FILE *const file = fopen(path, "r");
  if (file == NULL) return nnt_fail(NNT_EIO, "cannot open %s: %s", path, strerror(errno));
  reader self = {.file = file, .path = path, .config = config};
  int error = 0;
  if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
    self.status = nnt_fail(NNT_EIO, "%s is a folder, not a configuration file", path);
  } else {
    error = ini_parse_stream(read_line, &self, take_value, &self);
    if (ferror(file) != 0) self.status = nnt_fail(NNT_EIO, "cannot read %s", path);
  }
  (void)fclose(file);
  if (self.status == NNT_OK && error != 0) {
    return nnt_fail(NNT_EUSAGE, "%s:%d: not of the form 'name = value'", path, error);
  }
  return self.status;
}

void nnt_config_file_print(const nnt_config *config, FILE *stream)
{
  static char const *const groups[] = {"data",     "model", "optimisation",
                                       "parallel", "run",   "output"};
  char value[NNT_VALUE_SIZE];
  for (size_t group = 0; group < sizeof groups / sizeof *groups; group++) {
    (void)fprintf(stream, "%s[%s]\n", group == 0 ? "" : "\n", groups[group]);
    for (int i = 0; i < NNT_OPTION_COUNT; i++) {
      nnt_option_id const id = (nnt_option_id)i;
      nnt_option const *const option = nnt_option_at(id);
      if (strcmp(option->group, groups[group]) != 0) continue;
      nnt_config_text(config, id, value);
      (void)fprintf(stream, "%s%s = %s\n", nnt_config_uses(config, id) ? "" : "; ", option->name,
                    value);
    }
  }
}
