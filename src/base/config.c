#include "nntrain/config.h"

#include <stdio.h>
#include <string.h>

#include "base/config_table.h"

const nnt_option *nnt_option_find(const char *name)
{
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    nnt_option const *const option = nnt_option_at((nnt_option_id)id);
    if (strcmp(option->name, name) == 0) return option;
  }
  return NULL;
}

static const char *option_name(size_t i, const void *context)
{
  (void)context;
  return nnt_option_at((nnt_option_id)i)->name;
}

const nnt_option *nnt_option_nearest(const char *name)
{
  char const *const nearest = nnt_nearest(name, option_name, NNT_OPTION_COUNT, NULL);
  return nearest == NULL ? NULL : nnt_option_find(nearest);
}

static void set_path(char out[NNT_PATH_SIZE], const char *path)
{
  (void)snprintf(out, NNT_PATH_SIZE, "%s", path);
}

/* What both programs of the tutorial have in common: 784-500-10, sigmoid, plain SGD 0.5. */
static void init_common(nnt_config *config)
{
  memset(config, 0, sizeof *config);
  config->hidden[0] = 500;
  config->hidden_count = 1;
  config->activation = NNT_SIGMOID;
  config->optimizer = nnt_optimizer_default(NNT_SGD);
  config->optimizer.learning_rate = 0.5;
  config->loss.kind = NNT_CATEGORICAL_CROSSENTROPY;
  config->seed = 1;
  config->exchange = NNT_EXCHANGE_AUTO;
  set_path(config->output, "nntrain-out");
  config->checkpoint_every = (nnt_interval){NNT_INTERVAL_AUTO, 0};
  config->keep = 2;
  config->stall_timeout = 600;
  config->check_replicas = 100;
}

void nnt_config_init(nnt_config *config, nnt_recipe recipe)
{
  init_common(config);
  config->recipe = (int)recipe;
  if (recipe == NNT_RECIPE_KERAS) {
    config->init.kind = NNT_GLOROT_UNIFORM;
    config->epochs = 20;
    config->batch_size = 128;
    config->validation.kind = NNT_VALIDATION_TEST;
  } else {
    config->init = (nnt_initializer){.kind = NNT_NORMAL, .stddev = 1.0};
    config->epochs = 1;
    config->steps = 1000;
    config->batch_size = 100;
    config->validation.kind = NNT_VALIDATION_NONE;
  }
}

static void copy_option(nnt_config *to, const nnt_config *from, nnt_option_id id)
{
  nnt_row const *const row = nnt_row_at(id);
  memcpy((char *)to + row->offset, (char const *)from + row->offset, row->size);
}

/* Options that still come from the recipe take its values again; with another optimizer than the
 * recipe's, its settings are Keras's defaults. The recipe's number of steps gives way to epochs
 * that somebody asked for. */
static void settle(nnt_config *config)
{
  nnt_config recipe;
  nnt_config_init(&recipe, (nnt_recipe)config->recipe);
  nnt_optimizer_kind const kind = config->origin[NNT_OPTION_OPTIMIZER] == NNT_FROM_RECIPE
                                      ? recipe.optimizer.kind
                                      : config->optimizer.kind;
  if (kind != recipe.optimizer.kind) recipe.optimizer = nnt_optimizer_default(kind);
  if (config->origin[NNT_OPTION_EPOCHS] > config->origin[NNT_OPTION_STEPS]) config->steps = 0;
  if (config->origin[NNT_OPTION_EPOCHS] > NNT_FROM_RECIPE) recipe.steps = 0;
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    if (id == NNT_OPTION_RECIPE || config->origin[id] != NNT_FROM_RECIPE) continue;
    copy_option(config, &recipe, (nnt_option_id)id);
  }
}

nnt_status nnt_config_set(nnt_config *config, nnt_option_id id, const char *text, nnt_origin origin)
{
  nnt_config changed = *config;
  NNT_TRY(nnt_row_parse(nnt_row_at(id), text, &changed));
  if (origin < (nnt_origin)config->origin[id]) return NNT_OK;
  *config = changed;
  config->origin[id] = (unsigned char)origin;
  settle(config);
  return NNT_OK;
}

/* Why an option has no effect, or NULL if it has one. */
static const char *why_unused(const nnt_config *config, nnt_option_id id)
{
  bool const is_sgd = config->optimizer.kind == NNT_SGD;
  switch (id) {
  case NNT_OPTION_MOMENTUM:
    return is_sgd ? NULL : "with another optimizer than sgd";
  case NNT_OPTION_NESTEROV:
    if (!is_sgd) return "with another optimizer than sgd";
    return config->optimizer.momentum > 0.0 ? NULL : "without --momentum";
  case NNT_OPTION_BETA_1:
  case NNT_OPTION_BETA_2:
  case NNT_OPTION_EPSILON:
    return is_sgd ? "with the optimizer sgd" : NULL;
  case NNT_OPTION_HIDDEN:
  case NNT_OPTION_ACTIVATION:
    return config->model[0] != '\0' ? "with --model" : NULL;
  case NNT_OPTION_INIT:
    if (config->init_from[0] != '\0') return "with --init-from";
    return config->model[0] != '\0' ? "with --model, which has its own initializers" : NULL;
  case NNT_OPTION_EPOCHS:
    return config->steps != 0 ? "with --steps" : NULL;
  case NNT_OPTION_LABEL_SMOOTHING:
    return config->loss.kind == NNT_CATEGORICAL_CROSSENTROPY
               ? NULL
               : "with another loss than categorical_crossentropy";
  default:
    return NULL;
  }
}

bool nnt_config_uses(const nnt_config *config, nnt_option_id id)
{
  char text[NNT_VALUE_SIZE];
  nnt_config_text(config, id, text);
  return text[0] != '\0' && why_unused(config, id) == NULL;
}

static bool is_users(const nnt_config *config, nnt_option_id id)
{
  return config->origin[id] >= NNT_FROM_FILE;
}

/* An option of the user's without effect. */
static nnt_status check_effects(const nnt_config *config)
{
  for (int i = 0; i < NNT_OPTION_COUNT; i++) {
    nnt_option_id const id = (nnt_option_id)i;
    char const *const why = why_unused(config, id);
    if (!is_users(config, id) || why == NULL) continue;
    /* A flag that is off asks for nothing; steps on the command line override epochs in a file. */
    if (id == NNT_OPTION_NESTEROV && !config->optimizer.nesterov) continue;
    if (id == NNT_OPTION_EPOCHS) continue;
    return nnt_fail(NNT_EUSAGE, "--%s has no effect %s", nnt_option_at(id)->name, why);
  }
  return NNT_OK;
}

nnt_status nnt_config_check(const nnt_config *config)
{
  if (is_users(config, NNT_OPTION_STEPS) &&
      config->origin[NNT_OPTION_EPOCHS] == config->origin[NNT_OPTION_STEPS]) {
    return nnt_fail(NNT_EUSAGE, "--epochs and --steps contradict each other: give one");
  }
  if (config->quiet && config->verbose) {
    return nnt_fail(NNT_EUSAGE, "--quiet and --verbose contradict each other: give one");
  }
  if (config->fresh &&
      (config->resume.kind == NNT_RESUME_REQUIRE || config->resume.kind == NNT_RESUME_FILE)) {
    return nnt_fail(NNT_EUSAGE, "--fresh starts anew, --resume %s does not: give one",
                    config->resume.kind == NNT_RESUME_FILE ? config->resume.file : "require");
  }
  return check_effects(config);
}
