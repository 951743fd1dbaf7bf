#include "store/checkpoint_layout.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/names.h"

char const nnt_store_version[] = NNTRAIN_VERSION;

nnt_checkpoint_field const nnt_checkpoint_fields[NNT_CHECKPOINT_FIELD_COUNT] = {
    {"step", false, offsetof(nnt_checkpoint, position.step)},
    {"epoch", false, offsetof(nnt_checkpoint, position.epoch)},
    {"batch", false, offsetof(nnt_checkpoint, position.batch)},
    {"epoch_loss", true, offsetof(nnt_checkpoint, position.epoch_loss)},
    {"epoch_correct", false, offsetof(nnt_checkpoint, position.epoch_correct)},
    {"epoch_samples", false, offsetof(nnt_checkpoint, position.epoch_samples)},
    {"epoch_seconds", true, offsetof(nnt_checkpoint, position.epoch_seconds)},
    {"microbatches", false, offsetof(nnt_checkpoint, microbatches)},
    {"seed", false, offsetof(nnt_checkpoint, seed)},
};

char const *const nnt_epoch_columns[NNT_EPOCH_COLUMNS] = {
    "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"};
char const *const nnt_step_columns[NNT_STEP_COLUMNS] = {"loss", "accuracy", "learning_rate"};

/* The history is stored column by column straight from the records. */
_Static_assert(sizeof(nnt_epoch_record) == NNT_EPOCH_COLUMNS * sizeof(double),
               "a table of doubles");
_Static_assert(sizeof(nnt_step_record) == NNT_STEP_COLUMNS * sizeof(float), "a table of floats");

void nnt_tensor_path(const nnt_model_spec *spec, const nnt_tensor *tensor, char *out, size_t size)
{
  char key[NNT_KEY_SIZE];
  nnt_layer_key(spec, tensor->layer, key);
  (void)snprintf(out, size, "/layers/%s/vars/%d", key, tensor->is_kernel ? 0 : 1);
}

size_t nnt_slot_number(size_t slots, size_t tensor, size_t slot)
{
  return 2 + tensor * slots + slot;
}

void nnt_checkpoint_free(nnt_checkpoint *checkpoint)
{
  free(checkpoint->parameters);
  for (size_t i = 0; i < NNT_SLOTS_MAX; i++) {
    free(checkpoint->slots[i]);
  }
  free(checkpoint->history.epochs);
  free(checkpoint->history.steps);
  for (size_t i = 0; i < checkpoint->setting_count; i++) {
    free(checkpoint->settings[i].value);
  }
  free(checkpoint->settings);
  *checkpoint = (nnt_checkpoint){0};
}
