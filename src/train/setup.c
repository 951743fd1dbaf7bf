#include "train/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/fault.h"
#include "base/memory.h"
#include "nntrain/store.h"

static nnt_status set_real(nnt_config *config, nnt_option_id id, double value)
{
  char text[64];
  (void)snprintf(text, sizeof text, "%.17g", value);
  return nnt_config_set(config, id, text, NNT_FROM_MODEL);
}

/* The options that a model's compile_config sets, unless the user has set them. */
static nnt_status take_over_optimizer(nnt_config *config, const nnt_optimizer *optimizer)
{
  NNT_TRY(nnt_config_set(config, NNT_OPTION_OPTIMIZER, nnt_optimizer_names[optimizer->kind],
                         NNT_FROM_MODEL));
  /* Another optimizer by option: then the settings of the model's one mean nothing. */
  if (config->optimizer.kind != optimizer->kind) return NNT_OK;
  NNT_TRY(set_real(config, NNT_OPTION_LEARNING_RATE, optimizer->learning_rate));
  NNT_TRY(set_real(config, NNT_OPTION_WEIGHT_DECAY, optimizer->weight_decay));
  NNT_TRY(set_real(config, NNT_OPTION_CLIP_NORM, optimizer->clip_norm));
  if (optimizer->kind == NNT_SGD) {
    NNT_TRY(set_real(config, NNT_OPTION_MOMENTUM, optimizer->momentum));
    return nnt_config_set(config, NNT_OPTION_NESTEROV, optimizer->nesterov ? "true" : "false",
                          NNT_FROM_MODEL);
  }
  NNT_TRY(set_real(config, NNT_OPTION_BETA_1, optimizer->beta_1));
  NNT_TRY(set_real(config, NNT_OPTION_BETA_2, optimizer->beta_2));
  return set_real(config, NNT_OPTION_EPSILON, optimizer->epsilon);
}

static nnt_status take_over(nnt_config *config, const nnt_compile *compile)
{
  if (compile->has_optimizer) NNT_TRY(take_over_optimizer(config, &compile->optimizer));
  if (!compile->has_loss) return NNT_OK;
  NNT_TRY(
      nnt_config_set(config, NNT_OPTION_LOSS, nnt_loss_names[compile->loss.kind], NNT_FROM_MODEL));
  if (config->origin[NNT_OPTION_LOSS] == NNT_FROM_MODEL) {
    config->loss.from_logits = compile->loss.from_logits;
    return set_real(config, NNT_OPTION_LABEL_SMOOTHING, compile->loss.label_smoothing);
  }
  return NNT_OK;
}

/* --l2 speaks for all kernels; without it a Keras model keeps its own penalties. */
static void set_penalties(nnt_model_spec *spec, const nnt_config *config)
{
  if (config->model[0] != '\0' && config->origin[NNT_OPTION_L2] < NNT_FROM_FILE) return;
  for (size_t i = 0; i < spec->layer_count; i++) {
    if (spec->layers[i].kind == NNT_DENSE) spec->layers[i].l2 = config->l2;
  }
}

nnt_isa nnt_setup_isa(const nnt_config *config)
{
  return config->instructions == 0 ? nnt_isa_best() : (nnt_isa)(config->instructions - 1);
}

/* As many threads as leave every rank of the node its share of the cores. */
static uint64_t default_threads(const nnt_comm *comm)
{
  int const ranks = nnt_comm_size(comm) / nnt_comm_nodes(comm);
  int64_t threads = nnt_comm_cores(comm) / (ranks > 0 ? ranks : 1);
  return threads < 1 ? 1 : (uint64_t)threads;
}

static nnt_status check_instructions(const nnt_config *config)
{
  nnt_isa const isa = nnt_setup_isa(config);
  if (nnt_isa_runs(isa)) return NNT_OK;
  return nnt_fail(NNT_EUSAGE, "--instructions %s: this processor does not run them",
                  nnt_isa_names[isa]);
}

nnt_status nnt_setup_means(nnt_config *config, const nnt_comm *comm, const nnt_data *data)
{
  NNT_TRY(nnt_comm_agree(comm, check_instructions(config)));
  bool const one_node = nnt_comm_nodes(comm) == 1;
  if (config->exchange == NNT_EXCHANGE_SHARED && !one_node) {
    return nnt_fail(NNT_EUSAGE,
                    "--exchange shared: the ranks are on %d nodes, and only those of one can share "
                    "memory; take tree, which gives the same bits",
                    nnt_comm_nodes(comm));
  }
  if (config->exchange == NNT_EXCHANGE_AUTO) {
    config->exchange = one_node ? NNT_EXCHANGE_SHARED : NNT_EXCHANGE_TREE;
  }
  if (config->threads == 0) config->threads = default_threads(comm);
  nnt_comm_broadcast(comm, &config->threads, sizeof config->threads);
  bool const asked = config->first_layer == NNT_FIRST_LAYER_SPARSE;
  config->first_layer = data->is_sparse ? NNT_FIRST_LAYER_SPARSE : NNT_FIRST_LAYER_DENSE;
  if (!asked || data->is_sparse) return NNT_OK;
  return nnt_fail(NNT_EUSAGE,
                  "--first-layer sparse: the model does not begin with a dense layer, or has more "
                  "than %d inputs",
                  NNT_SPARSE_FEATURES_MAX);
}

/* Local, on rank 0. */
static nnt_status make_spec(nnt_model_spec *spec, nnt_config *config, const nnt_data_info *info)
{
  if (config->model[0] == '\0') {
    NNT_TRY(nnt_model_spec_dense(spec, info->features, config->hidden, config->hidden_count,
                                 (nnt_activation)config->activation, info->classes, config->init));
  } else {
    nnt_compile compile = {.has_optimizer = false};
    NNT_TRY(nnt_keras_model_read(config->model, spec, &compile));
    NNT_TRY(take_over(config, &compile));
    NNT_TRY(nnt_config_check(config));
  }
  set_penalties(spec, config);
  return NNT_OK;
}

nnt_status nnt_setup_spec(nnt_model_spec **out, const nnt_comm *comm, nnt_config *config,
                          const nnt_data_info *info)
{
  void *memory = NULL;
  NNT_TRY(nnt_comm_agree(
      comm, nnt_memory_create(&memory, 1, sizeof(nnt_model_spec), "the architecture")));
  nnt_model_spec *const spec = memory;
  nnt_status status = NNT_OK;
  if (nnt_comm_rank(comm) == 0) status = make_spec(spec, config, info);
  status = nnt_comm_follow(comm, status);
  if (status != NNT_OK) {
    free(spec);
    return status;
  }
  nnt_comm_broadcast(comm, spec, sizeof *spec);
  nnt_comm_broadcast(comm, config, sizeof *config);
  *out = spec;
  return NNT_OK;
}

nnt_status nnt_setup_model(nnt_model **out, const nnt_comm *comm, const nnt_model_spec *spec,
                           const nnt_config *config, const nnt_data_info *info)
{
  nnt_model_plan const plan = {.isa = nnt_setup_isa(config),
                               .sparse_input = config->first_layer == NNT_FIRST_LAYER_SPARSE};
  nnt_model *model = NULL;
  nnt_status status = nnt_model_create(&model, spec, &plan);
  if (status == NNT_OK) status = nnt_setup_check_fit(model, info);
  if (status == NNT_OK) status = nnt_fault("model", nnt_comm_rank(comm));
  status = nnt_comm_agree(comm, status);
  if (status != NNT_OK) {
    nnt_model_destroy(model);
    return status;
  }
  *out = model;
  return NNT_OK;
}

nnt_status nnt_setup_check_fit(const nnt_model *model, const nnt_data_info *info)
{
  size_t const features = nnt_model_features(model);
  if (features != info->features) {
    return nnt_fail(NNT_EDATA, "the model takes %zu values a sample, but the images of %s have %zu",
                    features, info->description, info->features);
  }
  size_t const outputs = nnt_model_outputs(model);
  if (outputs < info->classes) {
    return nnt_fail(NNT_EDATA, "the model has %zu outputs, but %s has labels up to %zu", outputs,
                    info->description, info->classes - 1);
  }
  return NNT_OK;
}

nnt_status nnt_setup_parameters(const nnt_comm *comm, const nnt_config *config,
                                const nnt_model *model, float *parameters)
{
  nnt_status status = NNT_OK;
  if (nnt_comm_rank(comm) == 0 && config->init_from[0] != '\0') {
    status = nnt_weights_read(config->init_from, model, parameters);
  } else if (nnt_comm_rank(comm) == 0) {
    nnt_model_initialize(model, config->seed, parameters);
  }
  return nnt_comm_follow(comm, status);
}
