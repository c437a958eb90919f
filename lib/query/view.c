// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "view.h"

void sc_views_reset(struct sc_views *vs)
{
	vs->have = 0;
}

void sc_views_free(struct sc_views *vs)
{
	for (unsigned id = 0; id < SC_VIEWS; id++)
		sc_codes_free(&vs->view[id].codes);
	*vs = (struct sc_views){ 0 };
}

/* The task of a call is one of the block's. */
static bool tasks_are_there(const struct sc_block *b, const struct sc_codes *codes)
{
	for (uint32_t i = 0; i < codes->n_entries; i++)
		if (codes->entries[i] >= b->h.count[SC_ROWS_TASK])
			return false;
	return true;
}

static int load_view(struct sc_views *vs, struct sc_block *b, int fd, enum sc_column_id id)
{
	struct sc_view *v = &vs->view[id];
	int rc = 1;

	if (!b->h.count[SC_ROWS_CALL])
		return -EBADMSG;
	v->numbers = NULL;
	if (!(b->have & SC_BIT(id)))
		rc = sc_block_codes(b, fd, id, &v->codes);
	if (rc == 1) {
		rc = sc_block_load(b, fd, SC_BIT(id), NULL);
		v->numbers = b->col[id];
	} else if (!rc && id == SC_C_TASK && !tasks_are_there(b, &v->codes)) {
		rc = -EBADMSG;
	}
	if (!rc)
		vs->have |= SC_BIT(id);
	return rc;
}

int sc_views_load(struct sc_views *vs, struct sc_block *b, int fd, uint64_t mask,
		  enum sc_column_id *bad)
{
	uint64_t others = mask & ~(SC_BIT(SC_VIEWS) - 1);
	int rc = 0;

	for (unsigned id = 0; !rc && id < SC_VIEWS; id++) {
		if (!(mask & SC_BIT(id)) || vs->have & SC_BIT(id))
			continue;
		*bad = (enum sc_column_id)id;
		rc = load_view(vs, b, fd, (enum sc_column_id)id);
	}
	return rc || !others ? rc : sc_block_load(b, fd, others, bad);
}
