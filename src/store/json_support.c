#include "store/json_support.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

nnt_status nnt_json_fail(const nnt_json_place *place, const char *format, ...)
{
  char what[NNT_MESSAGE_SIZE] = "";
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (place->part == NULL) return nnt_fail(place->bad, "%s: %s", place->file, what);
  return nnt_fail(place->bad, "%s: %s: %s", place->file, place->part, what);
}

nnt_status nnt_json_parse(json_t **out, const char *text, size_t bytes, const nnt_json_place *place)
{
  json_error_t error;
  *out = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
  if (*out != NULL) return NNT_OK;
  return nnt_json_fail(place, "not valid JSON: line %d, column %d: %s", error.line, error.column,
                       error.text);
}

nnt_status nnt_json_text(json_t *json, char **out)
{
  if (json == NULL) return nnt_fail(NNT_EINTERNAL, "a setting cannot be described in JSON");
  *out = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17));
  json_decref(json);
  return *out != NULL ? NNT_OK : nnt_fail(NNT_ENOMEM, "no memory for a description in JSON");
}

nnt_status nnt_json_number(const nnt_json_place *place, const json_t *object, const char *key,
                           double low, double high, double *out)
{
  json_t const *const member = json_object_get(object, key);
  if (member == NULL || json_is_null(member)) return NNT_OK;
  double const number = json_number_value(member);
  /* Written so that NaN, which JSON has no word for, would fail too. */
  if (json_is_number(member) && number >= low && number <= high) {
    *out = number;
    return NNT_OK;
  }
  return nnt_json_fail(place, "%s must be a number from %g to %g", key, low, high);
}

nnt_status nnt_json_flag(const nnt_json_place *place, const json_t *object, const char *key,
                         bool *out)
{
  json_t const *const member = json_object_get(object, key);
  if (member == NULL || json_is_null(member)) return NNT_OK;
  if (!json_is_boolean(member)) return nnt_json_fail(place, "%s must be true or false", key);
  *out = json_is_true(member);
  return NNT_OK;
}

nnt_status nnt_json_size(const nnt_json_place *place, const json_t *object, const char *key,
                         size_t most, size_t *out)
{
  json_t const *const member = json_object_get(object, key);
  if (member == NULL || json_is_null(member)) return NNT_OK;
  json_int_t const number = json_integer_value(member);
  if (!json_is_integer(member) || number < 1 || (unsigned long long)number > most) {
    return nnt_json_fail(place, "%s must be an integer from 1 to %zu", key, most);
  }
  *out = (size_t)number;
  return NNT_OK;
}

nnt_status nnt_json_refuse(const nnt_json_place *place, const json_t *object, const char *key)
{
  json_t const *const member = json_object_get(object, key);
  if (member == NULL || json_is_null(member) || json_is_false(member)) return NNT_OK;
  if (json_is_number(member) && json_number_value(member) == 0.0) return NNT_OK;
  if (json_is_string(member) && json_string_length(member) == 0) return NNT_OK;
  return nnt_json_fail(place, "the setting %s is not supported", key);
}

static bool starts_with(const char *text, const char *start)
{
  return strncmp(text, start, strlen(start)) == 0;
}

/* Keras names the Python module of a class; a class of the user's own may have a name of Keras's.
 */
static bool is_foreign(const json_t *module)
{
  if (!json_is_string(module)) return false;
  char const *const name = json_string_value(module);
  return !starts_with(name, "keras") && !starts_with(name, "tf_keras") &&
         !starts_with(name, "tensorflow") && strcmp(name, "builtins") != 0;
}

nnt_status nnt_json_thing(const nnt_json_place *place, const json_t *json, const char *what,
                          const char **name, const json_t **config)
{
  static char const prefix[] = "Custom>";
  *name = NULL;
  *config = NULL;
  if (json == NULL || json_is_null(json)) return NNT_OK;
  if (json_is_string(json)) {
    *name = json_string_value(json);
    return NNT_OK;
  }
  char const *const class = json_string_value(json_object_get(json, "class_name"));
  if (class == NULL) {
    return nnt_json_fail(place, "%s must be a name, or an object with a class_name", what);
  }
  json_t const *const module = json_object_get(json, "module");
  if (is_foreign(module)) {
    return nnt_json_fail(place,
                         "%s is the class %s of the module %s; only those of Keras are known", what,
                         class, json_string_value(module));
  }
  json_t const *const settings = json_object_get(json, "config");
  *name = starts_with(class, prefix) ? class + strlen(prefix) : class;
  if (json_is_object(settings)) *config = settings;
  if (json_is_string(settings) && strcmp(class, "function") == 0) {
    *name = json_string_value(settings);
  }
  return NNT_OK;
}
