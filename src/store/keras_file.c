#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nntrain/store.h"
#include "store/hdf5_read.h"
#include "store/keras_read.h"
#include "store/keras_write.h"

enum { JSON_SIZE_MAX = 64 << 20, START_SIZE = 8 };

typedef enum file_kind { IS_JSON, IS_ZIP, IS_OTHER } file_kind;

/* A pipe would be waited for, for ever, and is read only once. */
static nnt_status open_regular(const char *path, FILE **out)
{
  struct stat about;
  int const file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return nnt_fail(NNT_EIO, "cannot open %s: %s", path, strerror(errno));
  nnt_status status = NNT_OK;
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
    status = nnt_fail(NNT_EIO, "cannot read %s: it is not a regular file", path);
  } else {
    *out = fdopen(file, "rb");
    if (*out != NULL) return NNT_OK;
    status = nnt_fail(NNT_EIO, "cannot open %s: %s", path, strerror(errno));
  }
  (void)close(file);
  return status;
}

/* What a file is shows in its first bytes; its name may say anything. */
static nnt_status look_at_start(const char *path, file_kind *out)
{
  char start[START_SIZE + 1] = "";
  FILE *file = NULL;
  NNT_TRY(open_regular(path, &file));
  (void)fread(start, 1, START_SIZE, file);
  bool const bad = ferror(file) != 0;
  int const why = errno;
  (void)fclose(file);
  if (bad) return nnt_fail(NNT_EIO, "cannot read %s: %s", path, strerror(why));
  *out = IS_OTHER;
  if (strncmp(start, "PK\003\004", 4) == 0) *out = IS_ZIP;
  if (start[strspn(start, " \t\r\n")] == '{') *out = IS_JSON;
  return NNT_OK;
}

static nnt_status load_text(const char *path, char **text, size_t *bytes)
{
  FILE *file = NULL;
  NNT_TRY(open_regular(path, &file));
  size_t room = 1 << 16;
  size_t used = 0;
  char *memory = malloc(room);
  /* A short read is the end of the file, or an error. */
  while (memory != NULL) {
    used += fread(memory + used, 1, room - used, file);
    if (used < room || used > JSON_SIZE_MAX) break;
    room *= 2;
    char *const more = realloc(memory, room);
    if (more == NULL) free(memory);
    memory = more;
  }
  bool const bad = ferror(file) != 0;
  int const why = errno;
  (void)fclose(file);
  if (memory == NULL) return nnt_fail(NNT_ENOMEM, "no memory to read %s", path);
  nnt_status status = NNT_OK;
  if (bad) status = nnt_fail(NNT_EIO, "cannot read %s: %s", path, strerror(why));
  if (used > JSON_SIZE_MAX) {
    status = nnt_fail(NNT_EDATA, "%s has more than %d bytes, too many for a model in JSON", path,
                      JSON_SIZE_MAX);
  }
  if (status != NNT_OK) free(memory);
  *text = status == NNT_OK ? memory : NULL;
  *bytes = used;
  return status;
}

/* Keras would take what comes out of the softmax as logits and apply softmax once more. */
static nnt_status check_together(const nnt_json_place *place, const nnt_model_spec *model,
                                 const nnt_compile *compile)
{
  if (!compile->has_loss || !compile->loss.from_logits || !nnt_spec_ends_in_softmax(model)) {
    return NNT_OK;
  }
  return nnt_json_fail(place, "the loss has from_logits, but the model ends in softmax");
}

static nnt_status parse_all(const nnt_json_place *place, const json_t *model_json,
                            const json_t *compile_json, nnt_model_spec *model, nnt_compile *compile)
{
  NNT_TRY(nnt_keras_model_parse(place, model_json, model));
  NNT_TRY(nnt_keras_compile_parse(place, compile_json, compile));
  return check_together(place, model, compile);
}

static nnt_status read_json(const char *path, nnt_model_spec *model, nnt_compile *compile)
{
  nnt_json_place const place = {.file = path, .part = NULL, .bad = NNT_EDATA};
  char *text = NULL;
  size_t bytes = 0;
  json_t *json = NULL;
  NNT_TRY(load_text(path, &text, &bytes));
  nnt_status status = nnt_json_parse(&json, text, bytes, &place);
  free(text);
  if (status != NNT_OK) return status;
  status = parse_all(&place, json, json_object_get(json, "compile_config"), model, compile);
  json_decref(json);
  return status;
}

/* Reads an attribute of the root that holds JSON; *out stays NULL if there is none. */
static nnt_status get_json(const nnt_h5_source *source, const nnt_json_place *place,
                           const char *name, json_t **out)
{
  bool has = false;
  char *text = NULL;
  *out = NULL;
  NNT_TRY(nnt_h5_has(source, "/", name, &has));
  if (!has) return NNT_OK;
  NNT_TRY(nnt_h5_get_text(source, "/", name, &text));
  nnt_status const status = nnt_json_parse(out, text, strlen(text), place);
  free(text);
  return status;
}

static nnt_status read_hdf5(const char *path, nnt_model_spec *model, nnt_compile *compile)
{
  nnt_json_place const place = {.file = path, .part = NULL, .bad = NNT_EDATA};
  nnt_h5_source source;
  json_t *model_json = NULL;
  json_t *training_json = NULL;
  NNT_TRY(nnt_h5_source_open(&source, path, NNT_EDATA, NNT_TRAILER_OPTIONAL));
  nnt_status status = get_json(&source, &place, "model_config", &model_json);
  if (status == NNT_OK) status = get_json(&source, &place, "training_config", &training_json);
  if (status == NNT_OK && model_json == NULL) {
    status =
        nnt_json_fail(&place, "it holds weights at most, and no model; save the whole model, or "
                              "its to_json() text");
  }
  if (status == NNT_OK) status = parse_all(&place, model_json, training_json, model, compile);
  json_decref(training_json);
  json_decref(model_json);
  nnt_h5_source_close(&source);
  return status;
}

nnt_status nnt_keras_model_read(const char *path, nnt_model_spec *model, nnt_compile *compile)
{
  file_kind kind = IS_OTHER;
  NNT_TRY(look_at_start(path, &kind));
  if (kind == IS_JSON) return read_json(path, model, compile);
  if (kind == IS_OTHER) return read_hdf5(path, model, compile);
  return nnt_fail(NNT_EDATA,
                  "%s is a .keras archive, which is not supported; save the model as .h5, or its "
                  "to_json() text",
                  path);
}
