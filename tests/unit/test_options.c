/* The command line and the configuration file, as the program reads them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "same_config.h"
#include "suite.h"

enum { ARGUMENTS_MAX = 16 };

static nnt_options options;
static char file_name[] = "/tmp/nntrain-options-XXXXXX";

static int make_file(void)
{
  int const file = mkstemp(file_name);
  if (file >= 0) (void)close(file);
  return file < 0;
}

static int remove_file(void) { return unlink(file_name); }

static void write_file(const char *content, size_t length)
{
  FILE *const file = fopen(file_name, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fwrite(content, 1, length, file), length);
  CU_ASSERT_EQUAL(fclose(file), 0);
}

/* argv is the program's to reorder, so each call gets a copy. The list ends with NULL. */
static nnt_status parse(const char *const *arguments)
{
  char *argv[ARGUMENTS_MAX] = {strdup("nntrain")};
  int argc = 1;
  for (; arguments[argc - 1] != NULL && argc + 1 < ARGUMENTS_MAX; argc++) {
    argv[argc] = strdup(arguments[argc - 1]);
  }
  char *copies[ARGUMENTS_MAX];
  memcpy(copies, argv, sizeof copies);
  nnt_status const status = nnt_options_parse(&options, argc, argv);
  for (int i = 0; i < argc; i++) {
    free(copies[i]);
  }
  return status;
}

#define PARSE(...) parse((char const *[]){__VA_ARGS__, NULL})

static void nothing_is_the_tutorial(void)
{
  CU_ASSERT_EQUAL(parse((char const *[]){NULL}), NNT_OK);
  CU_ASSERT_EQUAL(options.action, NNT_ACTION_TRAIN);
  nnt_config expected;
  nnt_config_init(&expected, NNT_RECIPE_KERAS);
  CU_ASSERT(same_config(&options.config, &expected));
}

static void actions_are_understood_anywhere(void)
{
  CU_ASSERT_EQUAL(PARSE("train"), NNT_OK);
  CU_ASSERT_EQUAL(options.action, NNT_ACTION_TRAIN);
  CU_ASSERT_EQUAL(PARSE("--epochs", "3", "--help", "train"), NNT_OK);
  CU_ASSERT_EQUAL(options.action, NNT_ACTION_HELP);
  CU_ASSERT_EQUAL(PARSE("-V"), NNT_OK);
  CU_ASSERT_EQUAL(options.action, NNT_ACTION_VERSION);
  CU_ASSERT_EQUAL(PARSE("--print-config", "--seed=5"), NNT_OK);
  CU_ASSERT_EQUAL(options.action, NNT_ACTION_PRINT_CONFIG);
  CU_ASSERT_EQUAL(options.config.seed, 5);
}

static void names_may_be_cut_short(void)
{
  CU_ASSERT_EQUAL(PARSE("--learn", "0.25", "--no-sh", "--epo=7"), NNT_OK);
  CU_ASSERT_EQUAL(options.config.optimizer.learning_rate, 0.25);
  CU_ASSERT(options.config.no_shuffle);
  CU_ASSERT_EQUAL(options.config.epochs, 7);
  CU_ASSERT_EQUAL(PARSE("--be", "0.5"), NNT_EUSAGE);
}

/* Silently, and without ending the process: this very test goes on. */
static void what_is_wrong_is_named(void)
{
  static char const *const wrong[][3] = {
      {"--bogus", NULL, "'bogus'"},
      {"--epoch", NULL, "--epochs needs"},
      {"--quiet=1", NULL, "--quiet"},
      {"-q", NULL, "'-q'"},
      {"--epochs", "0", "--epochs '0'"},
      {"trane", NULL, "'trane'"},
      {"train", "--btch-size", "batch-size"},
      {"--quiet", "--verbose", "--verbose"},
      {"--config", "/", "/"},
      {"--config", "/nowhere/x.ini", "/nowhere/x.ini"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    nnt_status const status = PARSE(wrong[i][0], wrong[i][1]);
    CU_ASSERT_EQUAL(status, strcmp(wrong[i][0], "--config") == 0 ? NNT_EIO : NNT_EUSAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), wrong[i][2]));
  }
}

static void the_command_line_beats_the_file(void)
{
  static char const content[] =
      "recipe = tensorflow\nseed = 5\nlearning-rate = 0.25\nquiet = true\n";
  write_file(content, strlen(content));
  CU_ASSERT_EQUAL(PARSE("--config", file_name, "--seed", "6"), NNT_OK);
  CU_ASSERT_EQUAL(options.config.seed, 6);
  CU_ASSERT_EQUAL(options.config.optimizer.learning_rate, 0.25);
  CU_ASSERT_EQUAL(options.config.steps, 1000);
  CU_ASSERT(options.config.quiet);
  CU_ASSERT_EQUAL(PARSE("--seed", "6", "--recipe", "keras", "--config", file_name), NNT_OK);
  CU_ASSERT_EQUAL(options.config.seed, 6);
  CU_ASSERT_EQUAL(options.config.steps, 0);
  CU_ASSERT_EQUAL(options.config.batch_size, 128);
}

/* Whatever bytes a file holds, it is read or refused. */
static void no_file_does_harm(void)
{
  char content[4096] = "";
  unsigned state = 1;
  unsigned accepted = 0;
  for (int round = 0; round < 300; round++) {
    static char const alphabet[] = "epochs=1;#[]\n\n\n \t:\\\"\xff";
    size_t const length = (size_t)(round * 13 % (int)sizeof content);
    for (size_t i = 0; i < length; i++) {
      state = state * 1103515245U + 12345U;
      content[i] = alphabet[(state >> 16U) % sizeof alphabet];
    }
    write_file(content, length);
    nnt_status const status = PARSE("--config", file_name);
    CU_ASSERT(status == NNT_OK || status == NNT_EUSAGE);
    accepted += status == NNT_OK;
  }
  CU_ASSERT(accepted < 300);
}

static void print_and_read(void)
{
  nnt_config const printed = options.config;
  FILE *const file = fopen(file_name, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(nnt_config_file_print(&printed, file), NNT_OK);
  CU_ASSERT_EQUAL(fclose(file), 0);
  CU_ASSERT_EQUAL(PARSE("--config", file_name), NNT_OK);
}

static void what_is_printed_reads_back(void)
{
  CU_ASSERT_EQUAL(PARSE("--hidden=7,8", "--activation=gelu", "--init=normal:0.3", "--batch-size=99",
                        "--learning-rate=0.30000000000000004", "--momentum=0.9", "--nesterov",
                        "--clip-norm=1e-7", "--label-smoothing=0.1", "--data=a folder",
                        "--checkpoint-every=5min", "--time-limit=3h", "--resume=b/c.h5",
                        "--seed=18446744073709551615", "--no-shuffle"),
                  NNT_OK);
  nnt_config const first = options.config;
  print_and_read();
  char before[NNT_VALUE_SIZE];
  char after[NNT_VALUE_SIZE];
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    nnt_config_text(&first, (nnt_option_id)id, before);
    nnt_config_text(&options.config, (nnt_option_id)id, after);
    CU_ASSERT_STRING_EQUAL(before, after);
  }
}

/* A model's optimizer must not give way to the recipe's because that one has been printed. */
static void what_is_printed_leaves_the_model_its_optimizer(void)
{
  CU_ASSERT_EQUAL(PARSE("--model=m.json", "--learning-rate=0.25"), NNT_OK);
  print_and_read();
  CU_ASSERT_EQUAL(options.config.optimizer.learning_rate, 0.25);
  CU_ASSERT_EQUAL(nnt_config_set(&options.config, NNT_OPTION_OPTIMIZER, "adam", NNT_FROM_MODEL),
                  NNT_OK);
  CU_ASSERT_EQUAL(options.config.optimizer.kind, NNT_ADAM);
  CU_ASSERT_EQUAL(options.config.optimizer.learning_rate, 0.25);
  for (int id = NNT_OPTION_MOMENTUM; id <= NNT_OPTION_LABEL_SMOOTHING; id++) {
    CU_ASSERT_EQUAL(options.config.origin[id], NNT_FROM_RECIPE);
  }
}

/* The program may start itself again with the same arguments. */
static void arguments_stay_in_order(void)
{
  char words[][12] = {"nntrain", "train", "--seed", "5", "--quiet"};
  enum { COUNT = sizeof words / sizeof *words };
  char *argv[COUNT + 1] = {NULL};
  for (size_t i = 0; i < COUNT; i++) {
    argv[i] = words[i];
  }
  CU_ASSERT_EQUAL(nnt_options_parse(&options, COUNT, argv), NNT_OK);
  CU_ASSERT_EQUAL(options.config.seed, 5);
  for (size_t i = 0; i < COUNT; i++) {
    CU_ASSERT_PTR_EQUAL(argv[i], words[i]);
  }
}

static void what_can_be_read_only_once_is_noticed(void)
{
  write_file("seed = 5\n", 9);
  CU_ASSERT_EQUAL(PARSE("--seed", "6"), NNT_OK);
  CU_ASSERT_TRUE(options.repeatable);
  CU_ASSERT_EQUAL(PARSE("--config", file_name), NNT_OK);
  CU_ASSERT_TRUE(options.repeatable);
  CU_ASSERT_EQUAL(PARSE("--config", "/dev/null"), NNT_OK);
  CU_ASSERT_FALSE(options.repeatable);
}

static void help_names_every_option(void)
{
  char *text = NULL;
  size_t size = 0;
  FILE *const stream = open_memstream(&text, &size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
  nnt_options_help(stream);
  CU_ASSERT_EQUAL(fclose(stream), 0);
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    char name[NNT_NAME_SIZE];
    (void)snprintf(name, sizeof name, "--%s", nnt_option_at((nnt_option_id)id)->name);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, name));
  }
  for (char const *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
    CU_ASSERT(strcspn(line, "\n") <= 80);
  }
  free(text);
}

static CU_TestInfo tests[] = {
    {"nothing is the tutorial", nothing_is_the_tutorial},
    {"actions are understood anywhere", actions_are_understood_anywhere},
    {"names may be cut short", names_may_be_cut_short},
    {"what is wrong is named", what_is_wrong_is_named},
    {"the command line beats the file", the_command_line_beats_the_file},
    {"no file does harm", no_file_does_harm},
    {"what is printed reads back", what_is_printed_reads_back},
    {"what is printed leaves the model its optimizer",
     what_is_printed_leaves_the_model_its_optimizer},
    {"arguments stay in order", arguments_stay_in_order},
    {"what can be read only once is noticed", what_can_be_read_only_once_is_noticed},
    {"help names every option", help_names_every_option},
    CU_TEST_INFO_NULL,
};
CU_SuiteInfo test_suites[] = {{"options", make_file, remove_file, NULL, NULL, tests},
                              CU_SUITE_INFO_NULL};
