// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "rowset.h"

int sc_rowset_init(struct sc_rowset *rows)
{
	*rows = (struct sc_rowset){ .tasks_since = 1 };
	rows->column = malloc(sizeof(*rows->column) * SC_ROW_AT(SC_C_PAYLOAD_SIZE + 1));
	rows->payload = malloc(SC_BLOCK_PAYLOAD);
	rows->chunks = malloc(SC_CHUNKS * sizeof(*rows->chunks));
	return rows->column && rows->payload && rows->chunks ? 0 : -ENOMEM;
}

void sc_rowset_uninit(struct sc_rowset *rows)
{
	free(rows->column);
	free(rows->payload);
	free(rows->chunks);
	*rows = (struct sc_rowset){ 0 };
}
