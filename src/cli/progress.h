/** What a run tells the user on standard output: banner, progress, results. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "kernels/blas_core.h"
#include "nntrain/train.h"

/** How to speak, and what has been said. */
typedef struct nnt_progress {
  const nnt_config *config;    /* borrowed; outlives the progress */
  const nnt_blas_choice *blas; /* borrowed; outlives the progress */
  bool bar;                    /* redraw a bar; else one line an epoch */
  bool lines;
  double drawn_at; /* time of the last redraw */
  int drawn_width; /* columns of the bar on screen */
} nnt_progress;

/** Local; cannot fail. */
void nnt_progress_init(nnt_progress *progress, const nnt_config *config,
                       const nnt_blas_choice *blas);

/** The observer that prints; valid as long as `progress`.
 *  Local; cannot fail. Errors of printing stay in stdout, see ferror(). */
nnt_observer nnt_progress_observer(nnt_progress *progress);

#endif
