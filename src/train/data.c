/* The data of a run: read once per node. */
#include "train/data.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"

/* Local, on a node's leader: opens the data; on other ranks nothing happens. */
static nnt_status open_source(nnt_data *data, const nnt_comm *comm, const nnt_config *config)
{
  if (!nnt_comm_is_node_leader(comm)) return NNT_OK;
  nnt_source_options const options = {.path = config->data,
                                      .train_samples = config->train_samples,
                                      .test_samples = config->test_samples};
  NNT_TRY(nnt_source_open(&data->source, &data->info, &options));
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

/* What a leader has read, while it is decided in which form the node keeps it. */
typedef struct plain_data {
  void *memory;         /* NULL on other ranks */
  nnt_samples parts[2]; /* training, test; elsewhere only what is known of them */
  uint64_t nonzeros[2];
} plain_data;

/* Local. */
static void see_parts(plain_data *plain, const nnt_data_info *info, const void *memory)
{
  plain->parts[0] = nnt_data_train(info, memory);
  plain->parts[1] = nnt_data_test(info, memory);
}

/* Local, on a leader. */
static nnt_status read_plain(plain_data *plain, nnt_data *data)
{
  NNT_TRY(nnt_memory_create(&plain->memory, data->info.bytes, 1, "the data"));
  NNT_TRY(nnt_source_load(data->source, plain->memory, data->digest));
  see_parts(plain, &data->info, plain->memory);
  for (int part = 0; part < 2; part++) {
    plain->nonzeros[part] = nnt_samples_nonzeros(&plain->parts[part]);
  }
  return NNT_OK;
}

static bool wants_sparse(const plain_data *plain, const nnt_data_info *info,
                         nnt_first_layer first_layer)
{
  if (info->features > NNT_SPARSE_FEATURES_MAX) return false;
  if (first_layer != NNT_FIRST_LAYER_AUTO) return first_layer == NNT_FIRST_LAYER_SPARSE;
  double const pixels = (double)info->train_count * (double)info->features;
  return (double)plain->nonzeros[0] <= nnt_sparse_density_max * pixels;
}

/* Collective: the leaders fill the node's memory with the sparse form. */
static nnt_status share_sparse(nnt_data *data, const nnt_comm *comm, const plain_data *plain)
{
  size_t const first = nnt_sparse_bytes(&plain->parts[0], plain->nonzeros[0]);
  size_t const second = nnt_sparse_bytes(&plain->parts[1], plain->nonzeros[1]);
  NNT_TRY(nnt_node_memory_create(&data->memory, comm, first + second));
  char *const bytes = nnt_node_memory_bytes(data->memory);
  if (plain->memory != NULL) {
    nnt_sparse_build(&plain->parts[0], plain->nonzeros[0], bytes);
    nnt_sparse_build(&plain->parts[1], plain->nonzeros[1], bytes + first);
  }
  nnt_node_memory_publish(data->memory);
  data->train = nnt_sparse_view(&plain->parts[0], plain->nonzeros[0], bytes);
  data->test = nnt_sparse_view(&plain->parts[1], plain->nonzeros[1], bytes + first);
  data->is_sparse = true;
  return NNT_OK;
}

/* Collective: the same with the plain form. */
static nnt_status share_plain(nnt_data *data, const nnt_comm *comm, const plain_data *plain)
{
  NNT_TRY(nnt_node_memory_create(&data->memory, comm, data->info.bytes));
  void *const bytes = nnt_node_memory_bytes(data->memory);
  if (plain->memory != NULL) memcpy(bytes, plain->memory, data->info.bytes);
  nnt_node_memory_publish(data->memory);
  data->train = nnt_data_train(&data->info, bytes);
  data->test = nnt_data_test(&data->info, bytes);
  return NNT_OK;
}

/* Collective: the leaders read, and share what they have read with their nodes. */
static nnt_status load(nnt_data *data, const nnt_comm *comm, nnt_first_layer first_layer)
{
  plain_data plain = {.memory = NULL};
  uint64_t const bytes = data->info.bytes;
  NNT_TRY(nnt_room_check(comm, "the data", nnt_comm_is_node_leader(comm) ? bytes : 0, bytes));
  see_parts(&plain, &data->info, NULL);
  nnt_status status = NNT_OK;
  if (nnt_comm_is_node_leader(comm)) status = read_plain(&plain, data);
  if (status == NNT_OK) status = nnt_fault("load", nnt_comm_rank(comm));
  status = nnt_comm_agree(comm, status);
  if (status == NNT_OK) status = compare_digests(comm, data->digest);
  if (status == NNT_OK) {
    nnt_comm_broadcast(comm, plain.nonzeros, sizeof plain.nonzeros);
    status = wants_sparse(&plain, &data->info, first_layer) ? share_sparse(data, comm, &plain)
                                                            : share_plain(data, comm, &plain);
  }
  free(plain.memory);
  return status;
}

nnt_status nnt_data_open(nnt_data *out, const nnt_comm *comm, const nnt_config *config)
{
  NNT_TRY(nnt_comm_agree(comm, open_source(out, comm, config)));
  /* Sizes must agree before anything is read; whether contents do is seen afterwards. */
  size_t const bytes = out->info.bytes;
  nnt_comm_broadcast(comm, &out->info, sizeof out->info);
  nnt_status status = NNT_OK;
  if (nnt_comm_is_node_leader(comm) && bytes != out->info.bytes) {
    status = nnt_fail(NNT_EDATA, "the data on this node differ from those of rank 0's node");
  }
  return nnt_comm_agree(comm, status);
}

nnt_status nnt_data_load(nnt_data *data, const nnt_comm *comm, const nnt_config *config,
                         bool begins_dense)
{
  nnt_first_layer const first_layer =
      begins_dense ? (nnt_first_layer)config->first_layer : NNT_FIRST_LAYER_DENSE;
  NNT_TRY(load(data, comm, first_layer));
  nnt_source_destroy(data->source);
  data->source = NULL;
  return cut_parts(data, config);
}

void nnt_data_destroy(nnt_data *data)
{
  nnt_source_destroy(data->source);
  nnt_node_memory_destroy(data->memory);
  data->source = NULL;
  data->memory = NULL;
}
