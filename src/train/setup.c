#include "train/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "nntrain/store.h"

/* Local, on a node's leader: opens the data; on other ranks nothing happens. */
static nnt_status open_source(nnt_source **source, nnt_data_info *info, const nnt_comm *comm,
                              const nnt_config *config)
{
  if (!nnt_comm_is_node_leader(comm)) return NNT_OK;
  nnt_source_options const options = {.path = config->data,
                                      .train_samples = config->train_samples,
                                      .test_samples = config->test_samples};
  NNT_TRY(nnt_source_open(source, info, &options));
  return nnt_fault("data", nnt_comm_rank(comm));
}

/* Collective: every node has the data of rank 0's node. */
static nnt_status compare_digests(const nnt_comm *comm, char digest[NNT_SHA256_TEXT_SIZE])
{
  char expected[NNT_SHA256_TEXT_SIZE] = "";
  memcpy(expected, digest, sizeof expected);
  nnt_comm_broadcast(comm, expected, sizeof expected);
  nnt_status status = NNT_OK;
  if (nnt_comm_is_node_leader(comm) && strcmp(expected, digest) != 0) {
    status = nnt_fail(NNT_EDATA, "the data on this node differ from those of rank 0's node");
  }
  memcpy(digest, expected, sizeof expected);
  return nnt_comm_agree(comm, status);
}

static nnt_status cut_parts(nnt_data *data, const nnt_config *config)
{
  void const *const memory = nnt_node_memory_bytes(data->memory);
  data->train = nnt_data_train(&data->info, memory);
  data->test = nnt_data_test(&data->info, memory);
  data->validation = data->test;
  if (config->validation.kind == NNT_VALIDATION_NONE) data->validation.count = 0;
  if (config->validation.kind == NNT_VALIDATION_HOLDOUT) {
    uint64_t const held = config->validation.samples;
    if (held >= data->train.count) {
      return nnt_fail(NNT_EUSAGE, "--validation %llu leaves none of the %zu training samples",
                      (unsigned long long)held, data->train.count);
    }
    nnt_samples const all = data->train;
    size_t const kept = all.count - (size_t)held;
    data->train = nnt_samples_part(&all, (nnt_range){0, kept});
    data->validation = nnt_samples_part(&all, (nnt_range){kept, (size_t)held});
  }
  return NNT_OK;
}

/* Collective: the leaders read into the node's memory. */
static nnt_status load(nnt_data *data, const nnt_comm *comm, nnt_source *source)
{
  nnt_status status = nnt_node_memory_create(&data->memory, comm, data->info.bytes);
  if (status != NNT_OK) return status;
  if (nnt_comm_is_node_leader(comm)) {
    status = nnt_source_load(source, nnt_node_memory_bytes(data->memory), data->digest);
  }
  if (status == NNT_OK) status = nnt_fault("load", nnt_comm_rank(comm));
  NNT_TRY(nnt_comm_agree(comm, status));
  nnt_node_memory_publish(data->memory);
  return compare_digests(comm, data->digest);
}

nnt_status nnt_data_create(nnt_data *out, const nnt_comm *comm, const nnt_config *config)
{
  memset(out, 0, sizeof *out);
  nnt_source *source = NULL;
  nnt_status status = nnt_comm_agree(comm, open_source(&source, &out->info, comm, config));
  if (status == NNT_OK) {
    /* Sizes must agree before anything is read; whether contents do is seen afterwards. */
    size_t const bytes = out->info.bytes;
    nnt_comm_broadcast(comm, &out->info, sizeof out->info);
    if (nnt_comm_is_node_leader(comm) && bytes != out->info.bytes) {
      status = nnt_fail(NNT_EDATA, "the data on this node differ from those of rank 0's node");
    }
    status = nnt_comm_agree(comm, status);
  }
  if (status == NNT_OK) status = load(out, comm, source);
  if (status == NNT_OK) status = cut_parts(out, config);
  nnt_source_destroy(source);
  if (status != NNT_OK) nnt_data_destroy(out);
  return status;
}

void nnt_data_destroy(nnt_data *data)
{
  nnt_node_memory_destroy(data->memory);
  data->memory = NULL;
}

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

nnt_status nnt_setup_model(nnt_model **out, const nnt_comm *comm, nnt_config *config,
                           const nnt_data_info *info)
{
  void *memory = NULL;
  NNT_TRY(nnt_comm_agree(
      comm, nnt_memory_create(&memory, 1, sizeof(nnt_model_spec), "the architecture")));
  nnt_model_spec *const spec = memory;
  nnt_status status = NNT_OK;
  if (nnt_comm_rank(comm) == 0) status = make_spec(spec, config, info);
  status = nnt_comm_follow(comm, status);
  nnt_model *model = NULL;
  if (status == NNT_OK) {
    nnt_comm_broadcast(comm, spec, sizeof *spec);
    nnt_comm_broadcast(comm, config, sizeof *config);
    status = nnt_model_create(&model, spec);
    if (status == NNT_OK) status = nnt_setup_check_fit(model, info);
    if (status == NNT_OK) status = nnt_fault("model", nnt_comm_rank(comm));
    status = nnt_comm_agree(comm, status);
  }
  free(spec);
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
  if (config->init_from[0] == '\0') {
    nnt_model_initialize(model, config->seed, parameters);
    return NNT_OK;
  }
  nnt_status status = NNT_OK;
  if (nnt_comm_rank(comm) == 0) status = nnt_weights_read(config->init_from, model, parameters);
  NNT_TRY(nnt_comm_follow(comm, status));
  nnt_comm_broadcast(comm, parameters, nnt_model_parameter_count(model) * sizeof *parameters);
  return NNT_OK;
}
