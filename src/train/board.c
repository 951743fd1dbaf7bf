#include "train/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/supply.h"

static void place(nnt_board *board, const nnt_board_shape *shape, size_t workspace,
                  nnt_supply *from)
{
  size_t const rows = shape->workspace.rows;
  board->team = nnt_supply_take(from, nnt_team_bytes(shape->phases, shape->workers), 1);
  board->arena = nnt_supply_take(from, shape->arena, sizeof(float));
  board->gradient = nnt_supply_take(from, shape->gradient, sizeof(float));
  for (size_t i = 0; i < shape->slots; i++) {
    board->slots[i] = nnt_supply_take(from, shape->slot_size, sizeof(float));
  }
  board->penalties = nnt_supply_take(from, shape->tiles, sizeof(double));
  board->squares = nnt_supply_take(from, shape->tiles, sizeof(double));
  board->sums = nnt_supply_take(from, shape->tiles, sizeof *board->sums);
  board->findings = nnt_supply_take(from, NNT_FINDINGS, sizeof *board->findings);
  board->leaves = nnt_supply_take(from, shape->workspace.leaves, sizeof(nnt_tally));
  for (size_t i = 0; i < 2; i++) {
    board->rows[i].sample = nnt_supply_take(from, rows, sizeof(size_t));
    board->rows[i].labels = nnt_supply_take(from, rows, sizeof(uint16_t));
  }
  board->flags = nnt_supply_take(from, shape->ranks, sizeof *board->flags);
  board->outcomes = nnt_supply_take(from, NNT_RECORDS, sizeof(nnt_step_outcome));
  board->workspace = nnt_supply_take(from, workspace, 1);
}

/* Local; NNT_ENOMEM. */
static nnt_status count_bytes(const nnt_model *model, const nnt_board_shape *shape,
                              size_t *workspace, size_t *bytes)
{
  nnt_board probe = {.own = NULL};
  nnt_supply counted = {.fits = true};
  NNT_TRY(nnt_workspace_bytes(model, shape->workspace, workspace));
  place(&probe, shape, *workspace, &counted);
  if (!counted.fits) return nnt_fail(NNT_ENOMEM, "the training step needs too much to address");
  *bytes = counted.used;
  return NNT_OK;
}

nnt_status nnt_board_create(nnt_board *out, const nnt_comm *comm, const nnt_model *model,
                            const nnt_board_shape *shape)
{
  size_t workspace = 0;
  size_t bytes = 0;
  nnt_supply from = {.fits = true};
  nnt_status status = count_bytes(model, shape, &workspace, &bytes);
  if (comm == NULL) {
    if (status == NNT_OK) status = nnt_memory_create(&out->own, bytes, 1, "the training step");
    from.base = out->own;
  } else {
    NNT_TRY(nnt_comm_agree(comm, status));
    NNT_TRY(nnt_node_memory_create(&out->shared, comm, bytes));
    from.base = nnt_node_memory_bytes(out->shared);
    if (nnt_comm_is_node_leader(comm)) memset(from.base, 0, bytes);
    nnt_node_memory_publish(out->shared);
  }
  if (status == NNT_OK) place(out, shape, workspace, &from);
  return status;
}

void nnt_board_destroy(nnt_board *board)
{
  nnt_node_memory_destroy(board->shared);
  free(board->own);
  *board = (nnt_board){.own = NULL};
}
