/* The table of options: values from text and back, who overrides whom, and what has no effect. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "nntrain/config.h"
#include "same_config.h"
#include "suite.h"

static nnt_config config;
static char text[NNT_VALUE_SIZE];

/* Everything by its name, as users do it. */
static nnt_status set(const char *name, const char *value, nnt_origin origin)
{
  return nnt_config_set(&config, nnt_option_find(name)->id, value, origin);
}

static nnt_status ask(const char *name, const char *value)
{
  return set(name, value, NNT_FROM_COMMAND_LINE);
}

static const char *text_of(const char *name)
{
  nnt_config_text(&config, nnt_option_find(name)->id, text);
  return text;
}

static bool is_refused(const char *name, const char *value)
{
  nnt_config const before = config;
  return ask(name, value) == NNT_EUSAGE && strstr(nnt_last_error(), name) != NULL &&
         same_config(&before, &config);
}

static void every_option_is_complete(void)
{
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    nnt_option const *const option = nnt_option_at((nnt_option_id)id);
    CU_ASSERT_EQUAL(option->id, (nnt_option_id)id);
    CU_ASSERT_PTR_EQUAL(nnt_option_find(option->name), option);
    CU_ASSERT(strlen(option->help) > 0);
    CU_ASSERT(strlen(option->name) < NNT_NAME_SIZE);
    int groups = 0;
    for (int i = 0; i < NNT_GROUP_COUNT; i++) {
      groups += strcmp(option->group, nnt_option_groups[i]) == 0;
    }
    CU_ASSERT_EQUAL(groups, 1);
  }
}

/* The tutorial's programs: 784-500-10, sigmoid, SGD 0.5; 20 epochs of 128 and 1000 steps of 100. */
static void recipes_are_the_tutorials(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  CU_ASSERT_STRING_EQUAL(text_of("hidden"), "500");
  CU_ASSERT_STRING_EQUAL(text_of("activation"), "sigmoid");
  CU_ASSERT_STRING_EQUAL(text_of("init"), "glorot_uniform");
  CU_ASSERT_STRING_EQUAL(text_of("loss"), "categorical_crossentropy");
  CU_ASSERT_STRING_EQUAL(text_of("optimizer"), "sgd");
  CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.5");
  CU_ASSERT_STRING_EQUAL(text_of("batch-size"), "128");
  CU_ASSERT_STRING_EQUAL(text_of("epochs"), "20");
  CU_ASSERT_STRING_EQUAL(text_of("steps"), "");
  CU_ASSERT_STRING_EQUAL(text_of("validation"), "test");
  CU_ASSERT_STRING_EQUAL(text_of("exchange"), "tree");
  CU_ASSERT_EQUAL(ask("recipe", "tensorflow"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("hidden"), "500");
  CU_ASSERT_STRING_EQUAL(text_of("init"), "normal:1");
  CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.5");
  CU_ASSERT_STRING_EQUAL(text_of("batch-size"), "100");
  CU_ASSERT_STRING_EQUAL(text_of("steps"), "1000");
  CU_ASSERT_STRING_EQUAL(text_of("validation"), "none");
  CU_ASSERT_EQUAL(nnt_config_check(&config), NNT_OK);
}

static void values_are_kept_exactly(void)
{
  static char const *const values[][2] = {
      {"hidden", "300,100"},         {"hidden", "none"},
      {"hidden", "16777216"},        {"init", "normal:0.05"},
      {"init", "normal:1e-20"},      {"init", "he_uniform"},
      {"validation", "5000"},        {"validation", "none"},
      {"checkpoint-every", "90s"},   {"checkpoint-every", "3epochs"},
      {"resume", "never"},           {"resume", "a folder/checkpoint-5.weights.h5"},
      {"learning-rate", "1e-30"},    {"learning-rate", "1e+06"},
      {"beta-2", "0.9999999"},       {"seed", "18446744073709551615"},
      {"steps", "9007199254740992"},
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    nnt_config_init(&config, NNT_RECIPE_KERAS);
    CU_ASSERT_EQUAL(ask(values[i][0], values[i][1]), NNT_OK);
    CU_ASSERT_STRING_EQUAL(text_of(values[i][0]), values[i][1]);
  }
}

static void short_forms_have_a_meaning(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  CU_ASSERT_EQUAL(ask("init", "normal"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("init"), "normal:0.05");
  static char const *const intervals[][2] = {
      {"500", "500steps"}, {"1step", "1steps"}, {"1 epoch", "1epochs"},
      {"2min", "120s"},    {"90 s", "90s"},     {"2147483647min", "128849018820s"}};
  for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
    CU_ASSERT_EQUAL(ask("checkpoint-every", intervals[i][0]), NNT_OK);
    CU_ASSERT_STRING_EQUAL(text_of("checkpoint-every"), intervals[i][1]);
  }
  CU_ASSERT_EQUAL(ask("quiet", NULL), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("quiet"), "true");
  CU_ASSERT_EQUAL(ask("quiet", "false"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("quiet"), "false");
}

/* The text is the shortest one, and gives the same bits back. */
static void numbers_come_back_to_the_bit(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  uint64_t bits = 1;
  for (int i = 0; i < 2000; i++) {
    bits = bits * 6364136223846793005U + 1442695040888963407U;
    double const value = ldexp((double)(bits >> 11U) + 1.0, -53 - i % 90);
    (void)snprintf(text, sizeof text, "%.17g", value);
    CU_ASSERT_EQUAL(ask("weight-decay", text), NNT_OK);
    CU_ASSERT_EQUAL(config.optimizer.weight_decay, value);
    CU_ASSERT_EQUAL(ask("weight-decay", text_of("weight-decay")), NNT_OK);
    CU_ASSERT_EQUAL(config.optimizer.weight_decay, value);
  }
  CU_ASSERT_EQUAL(ask("weight-decay", "0.10000000000000001"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("weight-decay"), "0.1");
}

static void what_is_no_value_changes_nothing(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  static char const *const counts[] = {
      "",  " 5", "5 ",  "+5",   "-5",         "5x",
      "0", "5.", "0x5", "2e3",  "2147483648", "18446744073709551621",
      "५", "5,", "nan", "5\n5", "NULL"};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    CU_ASSERT(is_refused("batch-size", counts[i]));
  }
  static char const *const reals[] = {"",     "0",     "-1",   "nan",   "inf",  "1e7", "1e-31",
                                      "1e99", "1e999", "0x1p", "1,5",   " 1",   "1 ",  "e",
                                      ".",    "1e",    "--1",  "0.5.5", "1e+-1"};
  for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
    CU_ASSERT(is_refused("learning-rate", reals[i]));
  }
  CU_ASSERT(is_refused("seed", "18446744073709551616"));
  CU_ASSERT(is_refused("quiet", "yes"));
  CU_ASSERT(is_refused("quiet", ""));
  CU_ASSERT(is_refused("epochs", NULL));
  CU_ASSERT(is_refused("init", "glorot_uniform_and_a_tail_longer_than_any_name"));
  CU_ASSERT(is_refused("init", "normal:"));
  CU_ASSERT(is_refused("checkpoint-every", "5 "));
  CU_ASSERT(is_refused("checkpoint-every", "5 h"));
}

static void long_values_have_a_limit(void)
{
  static char path[NNT_PATH_SIZE + 1];
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  memset(path, 'x', NNT_PATH_SIZE);
  CU_ASSERT(is_refused("output", path));
  CU_ASSERT(is_refused("resume", path));
  path[NNT_PATH_SIZE - 1] = '\0';
  CU_ASSERT_EQUAL(ask("output", path), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("output"), path);
  char list[3 * (NNT_HIDDEN_MAX + 1)];
  for (size_t i = 0; i <= NNT_HIDDEN_MAX; i++) {
    memcpy(list + 3 * i, "16,", 3);
  }
  list[sizeof list - 1] = '\0';
  CU_ASSERT(is_refused("hidden", list));
  list[sizeof list - 4] = '\0';
  CU_ASSERT_EQUAL(ask("hidden", list), NNT_OK);
  CU_ASSERT_EQUAL(config.hidden_count, NNT_HIDDEN_MAX);
  CU_ASSERT_STRING_EQUAL(text_of("hidden"), list);
}

/* Model beats recipe, file beats model, command line beats file, in whatever order they come. */
static void the_later_origin_wins_in_any_order(void)
{
  static char const *const values[] = {
      [NNT_FROM_MODEL] = "0.1", [NNT_FROM_FILE] = "0.2", [NNT_FROM_COMMAND_LINE] = "0.3"};
  for (int first = NNT_FROM_MODEL; first <= NNT_FROM_COMMAND_LINE; first++) {
    for (int second = NNT_FROM_MODEL; second <= NNT_FROM_COMMAND_LINE; second++) {
      nnt_config_init(&config, NNT_RECIPE_KERAS);
      CU_ASSERT_EQUAL(set("learning-rate", values[first], (nnt_origin)first), NNT_OK);
      CU_ASSERT_EQUAL(set("learning-rate", values[second], (nnt_origin)second), NNT_OK);
      CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), values[first > second ? first : second]);
      CU_ASSERT_EQUAL(ask("recipe", "tensorflow"), NNT_OK);
      CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), values[first > second ? first : second]);
    }
  }
  CU_ASSERT_EQUAL(set("learning-rate", "-1", NNT_FROM_FILE), NNT_EUSAGE);
}

static void an_optimizer_brings_its_own_settings(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  CU_ASSERT_EQUAL(ask("epsilon", "1e-5"), NNT_OK);
  CU_ASSERT_EQUAL(ask("optimizer", "adamw"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.001");
  CU_ASSERT_STRING_EQUAL(text_of("beta-1"), "0.9");
  CU_ASSERT_STRING_EQUAL(text_of("beta-2"), "0.999");
  CU_ASSERT_STRING_EQUAL(text_of("weight-decay"), "0.004");
  CU_ASSERT_STRING_EQUAL(text_of("epsilon"), "1e-05");
  CU_ASSERT_EQUAL(ask("optimizer", "sgd"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.5");
  CU_ASSERT_STRING_EQUAL(text_of("weight-decay"), "0");
}

static void epochs_and_steps_replace_each_other(void)
{
  nnt_config_init(&config, NNT_RECIPE_TENSORFLOW);
  CU_ASSERT_EQUAL(ask("epochs", "3"), NNT_OK);
  CU_ASSERT_EQUAL(config.steps, 0);
  CU_ASSERT_EQUAL(nnt_config_check(&config), NNT_OK);
  CU_ASSERT_EQUAL(set("steps", "7", NNT_FROM_FILE), NNT_OK);
  CU_ASSERT_EQUAL(config.steps, 0);
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  CU_ASSERT_EQUAL(set("epochs", "3", NNT_FROM_FILE), NNT_OK);
  CU_ASSERT_EQUAL(ask("steps", "7"), NNT_OK);
  CU_ASSERT_EQUAL(config.steps, 7);
  CU_ASSERT_EQUAL(nnt_config_check(&config), NNT_OK);
  CU_ASSERT_EQUAL(ask("epochs", "3"), NNT_OK);
  CU_ASSERT_EQUAL(nnt_config_check(&config), NNT_EUSAGE);
}

/* What a model's file says may be without effect; what the user says may not. */
static void only_the_user_is_told_about_unused_options(void)
{
  static char const *const unused[][2] = {
      {"momentum", "0.9"}, {"nesterov", "true"}, {"label-smoothing", "0.1"}};
  for (size_t i = 0; i < sizeof unused / sizeof *unused; i++) {
    for (int origin = NNT_FROM_MODEL; origin <= NNT_FROM_COMMAND_LINE; origin++) {
      nnt_config_init(&config, NNT_RECIPE_KERAS);
      CU_ASSERT_EQUAL(ask("optimizer", "adam"), NNT_OK);
      CU_ASSERT_EQUAL(ask("loss", "mean_squared_error"), NNT_OK);
      CU_ASSERT_EQUAL(nnt_config_check(&config), NNT_OK);
      CU_ASSERT_EQUAL(set(unused[i][0], unused[i][1], (nnt_origin)origin), NNT_OK);
      CU_ASSERT_FALSE(nnt_config_uses(&config, nnt_option_find(unused[i][0])->id));
      CU_ASSERT_EQUAL(nnt_config_check(&config), origin == NNT_FROM_MODEL ? NNT_OK : NNT_EUSAGE);
    }
  }
}

/* One insertion, deletion, replacement or swap of neighbours is near; another word is not. */
static void near_names_are_found(void)
{
  static char const *const near[][2] = {
      {"batchsize", "batch-size"},   {"batch_size", "batch-size"}, {"btach-size", "batch-size"},
      {"epoch", "epochs"},           {"epocsh", "epochs"},         {"sede", "seed"},
      {"learning", "learning-rate"}, {"beta", "beta-1"},           {"momemtun", "momentum"}};
  for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
    nnt_option const *const found = nnt_option_nearest(near[i][0]);
    CU_ASSERT_PTR_EQUAL(found, nnt_option_find(near[i][1]));
    CU_ASSERT_PTR_NOT_NULL(found);
  }
  CU_ASSERT_PTR_NULL(nnt_option_nearest(""));
  CU_ASSERT_PTR_NULL(nnt_option_nearest("x"));
  CU_ASSERT_PTR_NULL(nnt_option_nearest("wavelength"));
  memset(text, 'e', 400);
  text[400] = '\0';
  CU_ASSERT_PTR_NULL(nnt_option_nearest(text));
}

static CU_TestInfo tests[] = {
    {"every option is complete", every_option_is_complete},
    {"recipes are the tutorial's", recipes_are_the_tutorials},
    {"values are kept exactly", values_are_kept_exactly},
    {"short forms have a meaning", short_forms_have_a_meaning},
    {"numbers come back to the bit", numbers_come_back_to_the_bit},
    {"what is no value changes nothing", what_is_no_value_changes_nothing},
    {"long values have a limit", long_values_have_a_limit},
    {"the later origin wins in any order", the_later_origin_wins_in_any_order},
    {"an optimizer brings its own settings", an_optimizer_brings_its_own_settings},
    {"epochs and steps replace each other", epochs_and_steps_replace_each_other},
    {"only the user is told about unused options", only_the_user_is_told_about_unused_options},
    {"near names are found", near_names_are_found},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("config", tests);
