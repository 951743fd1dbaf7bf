/** What ranks of one node exchange through memory that they share: no copies, no messages. */
#ifndef COMM_NEIGHBOURS_H
#define COMM_NEIGHBOURS_H

#include "base/team.h"
#include "comm/exchange_private.h"

/** Where the ranks of a node meet in a step. */
typedef enum nnt_meeting {
  NNT_MEET_GRADIENTS, /* sums of subtrees and tails are there */
  NNT_MEET_SEGMENTS,  /* updated segments are there, and nobody reads gradients any more */
  NNT_MEETINGS
} nnt_meeting;

struct nnt_neighbours {
  nnt_node_memory *memory;
  nnt_team team;
  size_t me;                     /* the calling rank's place in the node */
  int *place;                    /* (ranks) the place of each in this node, or -1 */
  float **gradients;             /* (ranks of the node) each one's sums of subtrees */
  nnt_tail *tails;               /* (ranks of the node) */
  float *segments;               /* (P) */
  uint32_t rounds[NNT_MEETINGS]; /* how often the ranks have met at each */
};

/** Shares memory among the ranks of the node. The exchange knows its subtrees already.
 *  Collective; NNT_ENOMEM. The caller owns *out: nnt_neighbours_destroy(). */
NNT_MUST_CHECK nnt_status nnt_neighbours_create(nnt_neighbours **out, const nnt_exchange *exchange);

/** Collective over the node; does nothing for NULL; cannot fail. */
void nnt_neighbours_destroy(nnt_neighbours *neighbours);

/** Waits for the other ranks of the node. Collective over the node; cannot fail. */
void nnt_neighbours_meet(nnt_neighbours *neighbours, nnt_meeting meeting);

/** Is this rank on our node? Local; cannot fail. */
static inline bool nnt_is_near(const nnt_neighbours *neighbours, int rank)
{
  return neighbours->place[rank] >= 0;
}

#endif
