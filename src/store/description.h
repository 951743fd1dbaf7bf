/** nntrain's own description of what it trains: every member of the structures, exactly. */
#ifndef STORE_DESCRIPTION_H
#define STORE_DESCRIPTION_H

#include "nntrain/model.h"
#include "nntrain/status.h"
#include "nntrain/types.h"

/** Local; NNT_EINTERNAL (a number is not finite), NNT_ENOMEM. The caller owns *out: free(). */
NNT_MUST_CHECK nnt_status nnt_model_describe(const nnt_model_spec *model, char **out);
NNT_MUST_CHECK nnt_status nnt_training_describe(const nnt_loss *loss,
                                                const nnt_optimizer *optimizer, char **out);

/** The reverse. file [in] for the message. Local; NNT_ECHECKPOINT. */
NNT_MUST_CHECK nnt_status nnt_model_understand(const char *text, const char *file,
                                               nnt_model_spec *out);
NNT_MUST_CHECK nnt_status nnt_training_understand(const char *text, const char *file,
                                                  nnt_loss *loss, nnt_optimizer *optimizer);

#endif
