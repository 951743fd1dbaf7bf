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
  CU_ASSERT_STRING_EQUAL(text_of("exchange"), "auto");
  CU_ASSERT_EQUAL(ask("recipe", "tensorflow"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("hidden"), "500");
  CU_ASSERT_STRING_EQUAL(text_of("activation"), "sigmoid");
  CU_ASSERT_STRING_EQUAL(text_of("loss"), "categorical_crossentropy");
  CU_ASSERT_STRING_EQUAL(text_of("optimizer"), "sgd");
  CU_ASSERT_STRING_EQUAL(text_of("init"), "normal:1");
  CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.5");
  CU_ASSERT_STRING_EQUAL(text_of("batch-size"), "100");
  CU_ASSERT_STRING_EQUAL(text_of("steps"), "1000");
  CU_ASSERT_STRING_EQUAL(text_of("validation"), "none");
  CU_ASSERT_EQUAL(nnt_config_check(&config), NNT_OK);
}

/* Every option in the table's order; where it has bounds, the bounds and what is just outside. */
static struct {
  char const *name;
  char const *kept[4];
  char const *refused[4];
} const legal[NNT_OPTION_COUNT] = {
    {"recipe", {"tensorflow"}, {"torch"}},
    {"data", {"a folder/of data"}, {""}},
    {"train-samples", {"1", "2147483647"}, {"0", "2147483648"}},
    {"test-samples", {"1", "2147483647"}, {"0", "2147483648"}},
    {"validation", {"test", "none", "1", "2147483647"}, {"0", "2147483648"}},
    {"hidden", {"none", "1,16777216"}, {"0", "16777217"}},
    {"activation", {"softplus"}, {"soft"}},
    {"model", {"m.keras"}, {""}},
    {"init", {"he_uniform", "normal:1e-20", "normal:1e+06"}, {"normal:0", "normal:1000001"}},
    {"init-from", {"w.h5"}, {""}},
    {"epochs", {"1", "2147483647"}, {"0", "2147483648"}},
    {"steps", {"1", "9007199254740992"}, {"0", "9007199254740993"}},
    {"batch-size", {"1", "2147483647"}, {"0", "2147483648"}},
    {"optimizer", {"adamw"}, {"rmsprop"}},
    {"learning-rate", {"1e-30", "1e+06"}, {"9e-31", "1000001"}},
    {"momentum", {"0", "0.9999999"}, {"-1e-9", "1"}},
    {"nesterov", {"true"}, {"1"}},
    {"beta-1", {"0", "0.9999999"}, {"-1e-9", "1"}},
    {"beta-2", {"0", "0.9999999"}, {"-1e-9", "1"}},
    {"epsilon", {"1e-30", "1"}, {"9e-31", "1.1"}},
    {"weight-decay", {"0", "1e+06"}, {"-1e-9", "1000001"}},
    {"clip-norm", {"0", "1e+30"}, {"-1e-9", "1.1e30"}},
    {"l2", {"0", "1e+06"}, {"-1e-9", "1000001"}},
    {"loss", {"sparse_categorical_crossentropy"}, {"hinge"}},
    {"label-smoothing", {"0", "0.9999999"}, {"-1e-9", "1"}},
    {"seed", {"0", "18446744073709551615"}, {"-1", "18446744073709551616"}},
    {"no-shuffle", {"true"}, {"1"}},
    {"microbatches", {"1", "65536"}, {"0", "65537"}},
    {"exchange", {"auto", "shared", "tree", "allreduce"}, {"ring"}},
    {"threads", {"auto", "1", "1024"}, {"0", "1025", "aut"}},
    {"first-layer", {"auto", "sparse", "dense"}, {"1"}},
    {"instructions", {"auto", "baseline", "avx2", "avx512"}, {"avx"}},
    {"blas-core", {"auto", "keep"}, {"Haswell"}},
    {"output", {"."}, {""}},
    {"resume", {"never", "auto", "require", "a/checkpoint-5.weights.h5"}, {""}},
    {"fresh", {"true"}, {"1"}},
    {"time-limit", {"auto", "none", "1s", "2147483647s"}, {"0s", "2147483648s", "60", "never"}},
    {"checkpoint-every",
     {"auto", "1steps", "2147483647steps", "2147483647s"},
     {"0", "2147483648", "2147483648s", "35791395min"}},
    {"keep", {"1", "1000000"}, {"0", "1000001"}},
    {"verify", {"true", "false"}, {"1"}},
    {"strict-io", {"true", "false"}, {"1"}},
    {"stall-timeout", {"0", "600", "1000000"}, {"1000001", "-1", "1.5", "10min"}},
    {"check-replicas", {"0", "1", "2147483647"}, {"2147483648", "-1", "100steps"}},
    {"dry-run", {"true", "false"}, {"yes", "1"}},
    {"progress", {"none"}, {"some"}},
    {"quiet", {"true"}, {"1"}},
    {"verbose", {"true"}, {"1"}},
    {"trace", {"t.json"}, {""}},
};

static void every_option_keeps_what_is_legal(void)
{
  for (size_t id = 0; id < NNT_OPTION_COUNT; id++) {
    CU_ASSERT_STRING_EQUAL(legal[id].name, nnt_option_at((nnt_option_id)id)->name);
    for (size_t i = 0; i < 4 && legal[id].kept[i] != NULL; i++) {
      nnt_config_init(&config, NNT_RECIPE_KERAS);
      CU_ASSERT_EQUAL(ask(legal[id].name, legal[id].kept[i]), NNT_OK);
      CU_ASSERT_STRING_EQUAL(text_of(legal[id].name), legal[id].kept[i]);
    }
  }
}

static void every_option_refuses_what_is_not(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  for (size_t id = 0; id < NNT_OPTION_COUNT; id++) {
    for (size_t i = 0; i < 4 && legal[id].refused[i] != NULL; i++) {
      CU_ASSERT(is_refused(legal[id].name, legal[id].refused[i]));
    }
  }
}

static void short_forms_have_a_meaning(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  CU_ASSERT_EQUAL(ask("init", "normal"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("init"), "normal:0.05");
  static char const *const intervals[][2] = {
      {"500", "500steps"}, {"1step", "1steps"}, {"1 epoch", "1epochs"},
      {"2min", "120s"},    {"90 s", "90s"},     {"35791394min", "2147483640s"}};
  for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
    CU_ASSERT_EQUAL(ask("checkpoint-every", intervals[i][0]), NNT_OK);
    CU_ASSERT_STRING_EQUAL(text_of("checkpoint-every"), intervals[i][1]);
  }
  CU_ASSERT_EQUAL(ask("time-limit", "2:30:00"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("time-limit"), "9000s");
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

/* Keras 3: Adam(0.001, 0.9, 0.999, 1e-7), AdamW the same with weight_decay 0.004. */
static void an_optimizer_brings_its_own_settings(void)
{
  static char const *const optimizers[][2] = {{"adam", "0"}, {"adamw", "0.004"}};
  for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
    nnt_config_init(&config, NNT_RECIPE_KERAS);
    CU_ASSERT_EQUAL(ask("optimizer", optimizers[i][0]), NNT_OK);
    CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.001");
    CU_ASSERT_STRING_EQUAL(text_of("beta-1"), "0.9");
    CU_ASSERT_STRING_EQUAL(text_of("beta-2"), "0.999");
    CU_ASSERT_STRING_EQUAL(text_of("epsilon"), "1e-07");
    CU_ASSERT_STRING_EQUAL(text_of("weight-decay"), optimizers[i][1]);
  }
}

/* What the user has set stays, whatever comes before or after it. */
static void an_optimizer_leaves_what_the_user_has_set(void)
{
  nnt_config_init(&config, NNT_RECIPE_KERAS);
  CU_ASSERT_EQUAL(ask("epsilon", "1e-5"), NNT_OK);
  CU_ASSERT_EQUAL(ask("optimizer", "adamw"), NNT_OK);
  CU_ASSERT_EQUAL(ask("beta-1", "0.8"), NNT_OK);
  CU_ASSERT_STRING_EQUAL(text_of("epsilon"), "1e-05");
  CU_ASSERT_STRING_EQUAL(text_of("beta-1"), "0.8");
  CU_ASSERT_STRING_EQUAL(text_of("learning-rate"), "0.001");
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
    {"every option keeps what is legal", every_option_keeps_what_is_legal},
    {"every option refuses what is not", every_option_refuses_what_is_not},
    {"short forms have a meaning", short_forms_have_a_meaning},
    {"numbers come back to the bit", numbers_come_back_to_the_bit},
    {"what is no value changes nothing", what_is_no_value_changes_nothing},
    {"long values have a limit", long_values_have_a_limit},
    {"the later origin wins in any order", the_later_origin_wins_in_any_order},
    {"an optimizer brings its own settings", an_optimizer_brings_its_own_settings},
    {"an optimizer leaves what the user has set", an_optimizer_leaves_what_the_user_has_set},
    {"epochs and steps replace each other", epochs_and_steps_replace_each_other},
    {"only the user is told about unused options", only_the_user_is_told_about_unused_options},
    {"near names are found", near_names_are_found},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("config", tests);
