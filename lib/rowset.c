// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "rowset.h"

int sc_rowset_init(struct sc_rowset *rows)
{
	*rows = (struct sc_rowset){ .tasks_since = 1 };
	rows->column = malloc(sizeof(*rows->column) * SC_ROW_AT(SC_C_PAYLOAD_SIZE + 1));
	return rows->column ? 0 : -ENOMEM;
}

void sc_rowset_uninit(struct sc_rowset *rows)
{
	free(rows->column);
	rows->column = NULL;
}
