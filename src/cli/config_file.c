/* The configuration file, by libinih. */
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/options.h"

/* libinih reads line by line through read_line(), so the line number is known when a value arrives,
 * and what its buffer would cut is noticed. */
enum { LINES_MAX = 100000 };
typedef struct lines {
  FILE *file;
  char const *path;
  int line;
  nnt_status status;
} lines;

static char *refuse_line(lines *self, const char *why)
{
  self->status = nnt_fail(NNT_EUSAGE, "%.200s:%d: %s", self->path, self->line, why);
  return NULL;
}

static char *refuse_long_line(lines *self, int most)
{
  char why[64];
  (void)snprintf(why, sizeof why, "the line is longer than %d characters", most);
  return refuse_line(self, why);
}

/* Without the blanks before it: libinih would take an indented line for a continuation. */
static char *read_line(char *buffer, int size, void *stream)
{
  lines *const self = stream;
  if (self->status != NNT_OK) return NULL;
  if (++self->line > LINES_MAX) return refuse_line(self, "the file has too many lines");
  size_t length = 0;
  int c = getc(self->file);
  while (c == ' ' || c == '\t') {
    c = getc(self->file);
  }
  for (; c != '\n' && c != EOF; c = getc(self->file)) {
    if (c == '\0') return refuse_line(self, "the line holds a zero byte");
    if (length + 2 >= (size_t)size) return refuse_long_line(self, size - 2);
    buffer[length++] = (char)c;
  }
  if (c == EOF && length == 0) return NULL;
  buffer[length++] = '\n';
  buffer[length] = '\0';
  return buffer;
}

typedef struct reader {
  lines lines;
  nnt_config *config;
  bool seen[NNT_OPTION_COUNT];
} reader;

static nnt_status unknown_option(const char *name)
{
  nnt_option const *const nearest = nnt_option_nearest(name);
  if (nearest == NULL) return nnt_fail(NNT_EUSAGE, "unknown option '%.80s', see --help", name);
  return nnt_fail(NNT_EUSAGE, "unknown option '%.80s'; did you mean '%s'?", name, nearest->name);
}

static nnt_status set_option(reader *self, const char *section, const char *name, const char *value)
{
  nnt_option const *const option = nnt_option_find(name);
  if (option == NULL) return unknown_option(name);
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
  if (self->lines.status != NNT_OK) return 1;
  if (set_option(self, section, name, value) != NNT_OK) {
    char message[NNT_MESSAGE_SIZE];
    (void)snprintf(message, sizeof message, "%s", nnt_last_error());
    (void)refuse_line(&self->lines, message);
  }
  return 1;
}

nnt_status nnt_config_file_read(const char *path, nnt_config *config)
{
  struct stat about;
  FILE *const file = fopen(path, "r");
  if (file == NULL) return nnt_fail(NNT_EIO, "cannot open %s: %s", path, strerror(errno));
  reader self = {.lines = {.file = file, .path = path}, .config = config};
  int error = 0;
  if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
    self.lines.status = nnt_fail(NNT_EIO, "%s is a folder, not a configuration file", path);
  } else {
    error = ini_parse_stream(read_line, &self.lines, take_value, &self);
    if (ferror(file) != 0) self.lines.status = nnt_fail(NNT_EIO, "cannot read %s", path);
  }
  (void)fclose(file);
  if (self.lines.status == NNT_OK && error != 0) {
    return nnt_fail(NNT_EUSAGE, "%s:%d: not of the form 'name = value'", path, error);
  }
  return self.lines.status;
}

typedef struct expectation {
  char const *value;
  bool is_met;
} expectation;

static int compare_value(void *user, const char *section, const char *name, const char *value)
{
  expectation *const self = user;
  (void)section;
  (void)name;
  self->is_met = strcmp(value, self->value) == 0;
  return 1;
}

/* The format knows no quotes: some values cannot stand in a file. It is asked, not imitated. */
static nnt_status check_value(const char *name, const char *value)
{
  char text[NNT_NAME_SIZE + NNT_VALUE_SIZE];
  int const length = snprintf(text, sizeof text, "%s = %s\n", name, value);
  FILE *const file = fmemopen(text, (size_t)length, "r");
  if (file == NULL) return nnt_fail(NNT_ENOMEM, "no memory to check the configuration");
  lines from = {.file = file, .path = "-"};
  expectation expected = {.value = value};
  int const error = ini_parse_stream(read_line, &from, compare_value, &expected);
  (void)fclose(file);
  if (error == 0 && from.status == NNT_OK && expected.is_met) return NNT_OK;
  return nnt_fail(
      NNT_EUSAGE,
      "--%s '%.80s' cannot stand in a configuration file: it is too long, or has blanks "
      "at an end, a line break or ' ;' in it",
      name, value);
}

/* A model brings its own optimizer and loss, which an option in a file would override. */
static bool is_left_to_the_model(const nnt_config *config, nnt_option_id id)
{
  return config->model[0] != '\0' && config->origin[id] < NNT_FROM_FILE &&
         id >= NNT_OPTION_OPTIMIZER && id <= NNT_OPTION_LABEL_SMOOTHING;
}

static bool is_printed(const nnt_config *config, nnt_option_id id)
{
  return nnt_config_uses(config, id) && !is_left_to_the_model(config, id);
}

static void print_option(const nnt_config *config, const nnt_option *option, FILE *stream)
{
  char value[NNT_VALUE_SIZE];
  nnt_config_text(config, option->id, value);
  (void)fprintf(stream, "# %s%s\n%s%s = %s\n", option->help,
                is_left_to_the_model(config, option->id) ? "; the model may say otherwise" : "",
                is_printed(config, option->id) ? "" : "; ", option->name, value);
}

nnt_status nnt_config_file_print(const nnt_config *config, FILE *stream)
{
  char value[NNT_VALUE_SIZE];
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    if (!is_printed(config, (nnt_option_id)id)) continue;
    nnt_config_text(config, (nnt_option_id)id, value);
    NNT_TRY(check_value(nnt_option_at((nnt_option_id)id)->name, value));
  }
  for (int group = 0; group < NNT_GROUP_COUNT; group++) {
    (void)fprintf(stream, "%s[%s]\n", group == 0 ? "" : "\n", nnt_option_groups[group]);
    for (int id = 0; id < NNT_OPTION_COUNT; id++) {
      nnt_option const *const option = nnt_option_at((nnt_option_id)id);
      if (strcmp(option->group, nnt_option_groups[group]) == 0) {
        print_option(config, option, stream);
      }
    }
  }
  return NNT_OK;
}
