#include "cli/help.h"

#include <stdbool.h>
#include <string.h>

enum { WIDTH = 79, TEXT_COLUMN = 29 };

/* Prints words up to the end of a line of `text`, from `column` on; further lines begin at
 * `indent`. Returns what is behind that line. */
static const char *print_line(FILE *stream, const char *text, size_t column, size_t indent)
{
  size_t const length = strcspn(text, "\n");
  char const *const end = text + length;
  /* What fits keeps its spaces. */
  if (column + length <= WIDTH) {
    (void)fprintf(stream, "%.*s\n", (int)length, text);
    return end;
  }
  for (char const *word = text; word < end; word += strspn(word, " ")) {
    size_t const size = strcspn(word, " \n");
    bool const begins = word == text;
    if (!begins && column + 1 + size > WIDTH) {
      (void)fprintf(stream, "\n%*s", (int)indent, "");
      column = indent;
    } else if (!begins) {
      (void)fputc(' ', stream);
      column++;
    }
    (void)fprintf(stream, "%.*s", (int)size, word);
    column += size;
    word += size;
  }
  (void)fputc('\n', stream);
  return end;
}

void nnt_help_text(FILE *stream, const char *text)
{
  while (*text != '\0') {
    text = print_line(stream, text, 0, 0);
    if (*text == '\n') text++;
  }
}

static void print_option(FILE *stream, const struct argp_option *option)
{
  bool const has_short = option->key > ' ' && option->key < 127;
  char const *const value = option->arg == NULL ? "" : option->arg;
  int column = has_short ? fprintf(stream, "  -%c, ", option->key) : fprintf(stream, "      ");
  column += fprintf(stream, "--%s%s%s", option->name, *value == '\0' ? "" : "=", value);
  if (column > TEXT_COLUMN - 2) {
    (void)fputc('\n', stream);
    column = 0;
  }
  (void)fprintf(stream, "%*s", TEXT_COLUMN - column, "");
  (void)print_line(stream, option->doc, TEXT_COLUMN, TEXT_COLUMN);
}

/* The option of `group` whose name comes next behind `name`; NULL if there is none. */
static const struct argp_option *next_in(const struct argp_option *options, int group,
                                         const char *name)
{
  struct argp_option const *next = NULL;
  for (struct argp_option const *it = options; it->name != NULL || it->doc != NULL; it++) {
    if (it->group != group || it->name == NULL || strcmp(it->name, name) <= 0) continue;
    if (next == NULL || strcmp(it->name, next->name) < 0) next = it;
  }
  return next;
}

void nnt_help_options(FILE *stream, const struct argp_option *options)
{
  for (struct argp_option const *it = options; it->name != NULL || it->doc != NULL; it++) {
    if (it->name != NULL) continue;
    (void)fprintf(stream, "\n %s\n", it->doc);
    struct argp_option const *option = next_in(options, it->group, "");
    for (; option != NULL; option = next_in(options, it->group, option->name)) {
      print_option(stream, option);
    }
  }
}
