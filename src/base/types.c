#include "nntrain/types.h"

#include <string.h>

#define X(name, text) text,
char const *const nnt_activation_names[NNT_ACTIVATION_COUNT] = {NNT_ACTIVATION_LIST(X)};
char const *const nnt_initializer_names[NNT_INITIALIZER_COUNT] = {NNT_INITIALIZER_LIST(X)};
char const *const nnt_loss_names[NNT_LOSS_COUNT] = {NNT_LOSS_LIST(X)};
char const *const nnt_optimizer_names[NNT_OPTIMIZER_COUNT] = {NNT_OPTIMIZER_LIST(X)};
char const *const nnt_exchange_names[NNT_EXCHANGE_COUNT] = {NNT_EXCHANGE_LIST(X)};
char const *const nnt_isa_names[NNT_ISA_COUNT] = {NNT_ISA_LIST(X)};
#undef X

int nnt_name_find(const char *const *names, size_t count, const char *name)
{
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return (int)i;
  }
  return -1;
}

nnt_optimizer nnt_optimizer_default(nnt_optimizer_kind kind)
{
  nnt_optimizer optimizer = {.kind = kind, .learning_rate = 0.01};
  if (kind == NNT_SGD) return optimizer;
  optimizer.learning_rate = 0.001;
  optimizer.beta_1 = 0.9;
  optimizer.beta_2 = 0.999;
  optimizer.epsilon = 1e-7;
  if (kind == NNT_ADAMW) optimizer.weight_decay = 0.004;
  return optimizer;
}
