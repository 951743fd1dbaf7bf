/** Reading and writing JSON with messages that name file and setting. */
#ifndef STORE_JSON_SUPPORT_H
#define STORE_JSON_SUPPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "nntrain/status.h"

/** Where one is in a document, for messages, and what a malformed one is. */
typedef struct nnt_json_place {
  char const *file;
  char const *part; /* "layer dense" */
  nnt_status bad;   /* NNT_EDATA or NNT_ECHECKPOINT */
} nnt_json_place;

/** Parses a document. Depth is limited to 2048 by the library; equal keys, numbers that do not fit
 *  and NUL characters are errors.
 *  Local; place->bad. The caller owns *out: json_decref(). */
NNT_MUST_CHECK nnt_status nnt_json_parse(json_t **out, const char *text, size_t bytes,
                                         const nnt_json_place *place);

/** The document as one line of ASCII; numbers keep all their bits. Takes over `json`; NULL means
 *  that it could not be built.
 *  Local; NNT_EINTERNAL, NNT_ENOMEM. The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_json_text(json_t *json, char **out);

/** "file: part: what". Local; returns place->bad. */
NNT_MUST_CHECK nnt_status nnt_json_fail(const nnt_json_place *place, const char *format, ...)
    NNT_PRINTF(2, 3);

/** Members of `object`; one that is absent or null leaves *out as it is.
 *  A number must lie in [low, high]; a size is an integer from 1 to `most`.
 *  Local; place->bad. */
NNT_MUST_CHECK nnt_status nnt_json_number(const nnt_json_place *place, const json_t *object,
                                          const char *key, double low, double high, double *out);
NNT_MUST_CHECK nnt_status nnt_json_flag(const nnt_json_place *place, const json_t *object,
                                        const char *key, bool *out);
NNT_MUST_CHECK nnt_status nnt_json_size(const nnt_json_place *place, const json_t *object,
                                        const char *key, size_t most, size_t *out);

/** Fails, naming it, if the member is there and is neither null, false, 0 nor "".
 *  Local; place->bad. */
NNT_MUST_CHECK nnt_status nnt_json_refuse(const nnt_json_place *place, const json_t *object,
                                          const char *key);

/** A thing that Keras names either by a string or by {"class_name": ..., "config": ...}.
 *  name   [out] of its class, without the prefix "Custom>" that Keras 2 gives to its optimizers;
 *                for a function, its own name; NULL if the thing is absent or null. Borrowed from
 *                `json`
 *  config [out] the settings, or NULL. Borrowed from `json`
 *  Local; place->bad, also for a class that is not one of Keras's. */
NNT_MUST_CHECK nnt_status nnt_json_thing(const nnt_json_place *place, const json_t *json,
                                         const char *what, const char **name,
                                         const json_t **config);

#endif
