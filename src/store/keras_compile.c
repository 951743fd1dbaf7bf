#include <string.h>

#include "nntrain/optim.h"
#include "store/keras_read.h"

static double const setting_max = 1e9;
static double const below_one = 1.0 - 1e-12;

static nnt_status parse_learning_rate(const nnt_json_place *place, const json_t *config,
                                      double *out)
{
  json_t const *rate = json_object_get(config, "learning_rate");
  char const *const key = rate != NULL ? "learning_rate" : "lr";
  if (rate == NULL) rate = json_object_get(config, key);
  if (!json_is_object(rate)) return nnt_json_number(place, config, key, 0.0, setting_max, out);
  char const *const class = json_string_value(json_object_get(rate, "class_name"));
  return nnt_json_fail(place, "the learning-rate schedule %s is not supported, only a number",
                       class == NULL ? "?" : class);
}

/* A decay of false is how some versions of Keras 2 say that there is none. */
static nnt_status parse_weight_decay(const nnt_json_place *place, const json_t *config, double *out)
{
  if (json_is_false(json_object_get(config, "weight_decay"))) {
    *out = 0.0;
    return NNT_OK;
  }
  return nnt_json_number(place, config, "weight_decay", 0.0, setting_max, out);
}

static nnt_status parse_settings(const nnt_json_place *place, const json_t *config,
                                 nnt_optimizer *out)
{
  static char const *const refused[] = {
      "clipnorm", "clipvalue",         "use_ema", "gradient_accumulation_steps",
      "amsgrad",  "loss_scale_factor", "decay",
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    NNT_TRY(nnt_json_refuse(place, config, refused[i]));
  }
  NNT_TRY(parse_learning_rate(place, config, &out->learning_rate));
  NNT_TRY(parse_weight_decay(place, config, &out->weight_decay));
  NNT_TRY(nnt_json_number(place, config, "global_clipnorm", 0.0, setting_max, &out->clip_norm));
  if (out->kind == NNT_SGD) {
    NNT_TRY(nnt_json_number(place, config, "momentum", 0.0, 1.0, &out->momentum));
    NNT_TRY(nnt_json_flag(place, config, "nesterov", &out->nesterov));
    /* Keras looks at nesterov only where there is momentum. */
    out->nesterov = out->nesterov && out->momentum != 0.0;
    return NNT_OK;
  }
  NNT_TRY(nnt_json_number(place, config, "beta_1", 0.0, below_one, &out->beta_1));
  NNT_TRY(nnt_json_number(place, config, "beta_2", 0.0, below_one, &out->beta_2));
  return nnt_json_number(place, config, "epsilon", 0.0, setting_max, &out->epsilon);
}

static nnt_status parse_optimizer(const nnt_json_place *file, const json_t *json, nnt_compile *out)
{
  static char const *const classes[NNT_OPTIMIZER_COUNT] = {"SGD", "Adam", "AdamW"};
  nnt_json_place place = *file;
  place.part = "optimizer";
  char const *name = NULL;
  json_t const *config = NULL;
  NNT_TRY(nnt_json_thing(&place, json, "it", &name, &config));
  if (name == NULL) return NNT_OK;
  int kind = nnt_name_find(classes, NNT_OPTIMIZER_COUNT, name);
  if (kind < 0) kind = nnt_name_find(nnt_optimizer_names, NNT_OPTIMIZER_COUNT, name);
  if (kind < 0) {
    return nnt_json_fail(&place, "%s is not supported, only SGD, Adam and AdamW", name);
  }
  out->optimizer = nnt_optimizer_default((nnt_optimizer_kind)kind);
  out->has_optimizer = true;
  return parse_settings(&place, config, &out->optimizer);
}

/* Keras's names of each loss, as a function and as a class. */
static struct {
  char const *name;
  nnt_loss_kind kind;
} const losses[] = {
    {"categorical_crossentropy", NNT_CATEGORICAL_CROSSENTROPY},
    {"CategoricalCrossentropy", NNT_CATEGORICAL_CROSSENTROPY},
    {"sparse_categorical_crossentropy", NNT_SPARSE_CATEGORICAL_CROSSENTROPY},
    {"SparseCategoricalCrossentropy", NNT_SPARSE_CATEGORICAL_CROSSENTROPY},
    {"mean_squared_error", NNT_MEAN_SQUARED_ERROR},
    {"MeanSquaredError", NNT_MEAN_SQUARED_ERROR},
    {"mse", NNT_MEAN_SQUARED_ERROR},
    {"MSE", NNT_MEAN_SQUARED_ERROR},
};

static nnt_status check_reduction(const nnt_json_place *place, const json_t *config)
{
  json_t const *const reduction = json_object_get(config, "reduction");
  if (reduction == NULL || json_is_null(reduction)) return NNT_OK;
  char const *const name = json_string_value(reduction);
  if (name != NULL && (strcmp(name, "sum_over_batch_size") == 0 || strcmp(name, "auto") == 0)) {
    return NNT_OK;
  }
  return nnt_json_fail(place, "the reduction %s is not supported, only sum_over_batch_size",
                       name == NULL ? "?" : name);
}

static nnt_status parse_loss_settings(const nnt_json_place *place, const json_t *config,
                                      nnt_loss *out)
{
  NNT_TRY(check_reduction(place, config));
  NNT_TRY(nnt_json_refuse(place, config, "ignore_class"));
  NNT_TRY(nnt_keras_dtype_check(place, config));
  double axis = -1.0;
  NNT_TRY(nnt_json_number(place, config, "axis", -1.0, -1.0, &axis));
  if (out->kind != NNT_CATEGORICAL_CROSSENTROPY) {
    NNT_TRY(nnt_json_refuse(place, config, "label_smoothing"));
  }
  NNT_TRY(nnt_json_number(place, config, "label_smoothing", 0.0, 1.0, &out->label_smoothing));
  return nnt_json_flag(place, config, "from_logits", &out->from_logits);
}

static nnt_status parse_loss(const nnt_json_place *file, const json_t *json, nnt_compile *out)
{
  nnt_json_place place = *file;
  place.part = "loss";
  char const *name = NULL;
  json_t const *config = NULL;
  if (json_is_array(json) ||
      (json_is_object(json) && json_object_get(json, "class_name") == NULL)) {
    return nnt_json_fail(&place, "several losses are not supported");
  }
  NNT_TRY(nnt_json_thing(&place, json, "it", &name, &config));
  if (name == NULL) return NNT_OK;
  for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
    if (strcmp(name, losses[i].name) != 0) continue;
    out->loss.kind = losses[i].kind;
    out->has_loss = true;
    return parse_loss_settings(&place, config, &out->loss);
  }
  return nnt_json_fail(&place,
                       "%s is not supported, only categorical_crossentropy, "
                       "sparse_categorical_crossentropy and mean_squared_error",
                       name);
}

nnt_status nnt_keras_compile_parse(const nnt_json_place *place, const json_t *json,
                                   nnt_compile *out)
{
  *out = (nnt_compile){0};
  if (json == NULL || json_is_null(json)) return NNT_OK;
  json_t const *const optimizer = json_object_get(json, "optimizer");
  json_t const *const legacy = json_object_get(json, "optimizer_config");
  NNT_TRY(nnt_json_refuse(place, json, "loss_weights"));
  NNT_TRY(parse_optimizer(place, optimizer != NULL ? optimizer : legacy, out));
  return parse_loss(place, json_object_get(json, "loss"), out);
}
