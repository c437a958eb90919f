// SPDX-License-Identifier: GPL-2.0-only
/* From a filter to calls: blocks by the index, rows by columns, then the calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history/history_run.h"
#include "base/needle.h"
#include "scan_private.h"

static uint64_t wanted_columns(unsigned want)
{
	static const struct {
		unsigned want;
		uint64_t columns;
	} map[] = {
		{ SC_COL_TIME, SC_BIT(SC_C_TS) | SC_BIT(SC_C_DUR) | SC_BIT(SC_C_STATE) },
		{ SC_COL_TASK, SC_BIT(SC_C_TASK) | SC_BITS_TASK },
		{ SC_COL_NR, SC_BIT(SC_C_NR) | SC_BIT(SC_C_ABI) | SC_BIT(SC_C_INSN) },
		{ SC_COL_ARGS, SC_BITS(SC_C_ARG0, SC_C_ARG5) },
		{ SC_COL_RET, SC_BIT(SC_C_RET) | SC_BIT(SC_C_STATE) | SC_BIT(SC_C_DUR) },
		{ SC_COL_CPU, SC_BIT(SC_C_VCPU) | SC_BIT(SC_C_CPL) },
		{ SC_COL_REGS, SC_BITS(SC_C_RIP, SC_C_GS_BASE) },
		{ SC_COL_TSC, SC_BIT(SC_C_TSC) },
		{ SC_COL_PAYLOAD, SC_BIT(SC_C_PAYLOAD_SIZE) | SC_BIT(SC_C_PAYLOAD) },
	};
	uint64_t columns = 0;

	for (unsigned i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (want & map[i].want)
			columns |= map[i].columns;
	return columns;
}

static void make_call(const struct sc_scan *sc, unsigned want, uint32_t i, struct sc_call *c)
{
	static const struct sc_task nobody;
	const struct sc_block *b = &sc->block;
	uint64_t *const *col = b->col;

	*c = (struct sc_call){
		.seq = b->h.first + i,
		.session = b->h.session,
		.task = &nobody,
	};
	if (want & SC_COL_TIME)
		c->ts = col[SC_C_TS][i];
	if (want & (SC_COL_TIME | SC_COL_RET)) {
		c->dur = col[SC_C_DUR][i];
		c->state = (uint8_t)col[SC_C_STATE][i];
	}
	if (want & SC_COL_TASK)
		c->task = &b->tasks[col[SC_C_TASK][i]];
	if (want & SC_COL_NR) {
		c->nr = col[SC_C_NR][i];
		c->abi = (uint8_t)col[SC_C_ABI][i];
		c->insn = (uint8_t)col[SC_C_INSN][i];
	}
	if (want & SC_COL_ARGS)
		for (unsigned a = 0; a < 6; a++)
			c->args[a] = col[SC_C_ARG0 + a][i];
	if (want & SC_COL_RET)
		c->ret = (int64_t)col[SC_C_RET][i];
	if (want & SC_COL_CPU) {
		c->vcpu = (uint16_t)col[SC_C_VCPU][i];
		c->cpl = (uint8_t)col[SC_C_CPL][i];
	}
	if (want & SC_COL_REGS) {
		c->rip = col[SC_C_RIP][i];
		c->rsp = col[SC_C_RSP][i];
		c->rflags = col[SC_C_RFLAGS][i];
		c->cr3 = col[SC_C_CR3][i];
		c->fs_base = col[SC_C_FS_BASE][i];
		c->gs_base = col[SC_C_GS_BASE][i];
	}
	if (want & SC_COL_TSC)
		c->tsc = col[SC_C_TSC][i];
	if (want & SC_COL_PAYLOAD && col[SC_C_PAYLOAD_SIZE][i]) {
		c->payload = b->payload + b->payload_at[i];
		c->payload_len = (uint32_t)col[SC_C_PAYLOAD_SIZE][i];
	}
}

/* A row's payload and that of its return, if that came in a later block. */
static int join_payload(struct sc_scan *sc, uint32_t i, struct sc_call *call)
{
	const struct sc_patch *by;
	struct sc_completions *c;
	uint32_t at, len;
	int rc;

	if (!sc->n_patches || !sc->patch_of[i])
		return 0;
	by = &sc->patches[sc->patch_of[i] - 1];
	rc = sc_scan_completions(sc, by->block, &c);
	if (!rc)
		rc = sc_scan_late(sc, c);
	if (rc || by->index >= c->n || !c->late)
		return rc;
	at = c->late_at[by->index];
	len = (by->index + 1 < c->n ? c->late_at[by->index + 1] : c->late_len) - at;
	if (!len)
		return 0;
	sc_buf_reset(&sc->joined);
	sc_buf_add(&sc->joined, call->payload, call->payload_len);
	sc_buf_add(&sc->joined, c->late + at, len);
	if (sc->joined.failed)
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	call->payload = sc->joined.data;
	call->payload_len += len;
	return 0;
}

/* Returns from later blocks, into the columns of this one. */
static int put_patches(struct sc_scan *sc)
{
	struct sc_block *b = &sc->block;

	if (sc->n_patches && sc_block_keep_results(b))
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	for (uint32_t i = 0; i < sc->n_patches; i++) {
		const struct sc_patch *p = &sc->patches[i];

		b->col[SC_C_STATE][p->row] = p->state;
		b->col[SC_C_RET][p->row] = p->ret;
		b->col[SC_C_DUR][p->row] = p->dur;
	}
	return 0;
}

int sc_scan_ask(struct sc_scan *sc, uint64_t number, const struct sc_place *p, struct sc_block *b,
		int fd)
{
	uint32_t n = b->h.count[SC_ROWS_CALL];
	int rc;

	if (!sc->ask)
		return 0;
	rc = sc_scan_load(sc, number, p, b, fd, sc->ask_columns, sc_mask_count(sc->mask, n));
	for (uint32_t i = 0; !rc && i < n; i++) {
		struct sc_call call;

		if (!sc->mask[i])
			continue;
		make_call(sc, sc->ask_want, i, &call);
		if (sc->n_patches && sc->patch_of[i]) {
			const struct sc_patch *by = &sc->patches[sc->patch_of[i] - 1];

			call.state = (uint8_t)by->state;
			call.ret = (int64_t)by->ret;
			call.dur = by->dur;
		}
		if (sc->ask_want & SC_COL_PAYLOAD)
			rc = join_payload(sc, i, &call);
		sc->mask[i] = !rc && sc_expr_call(sc->ask, &call, NULL) == SC_TRUE;
	}
	return rc;
}

/* Rows that do not have the needle in their block, and may have it with their return's memory. */
static int find_late(struct sc_scan *sc, const uint8_t *saved)
{
	const struct sc_filter *f = sc->match.filter;
	const struct sc_block *b = &sc->block;

	for (uint32_t i = 0; i < sc->n_patches; i++) {
		uint32_t row = sc->patches[i].row;
		struct sc_call call = { .payload = b->payload + b->payload_at[row] };
		const uint8_t *end;
		int rc;

		if (!saved[i] || sc->mask[row])
			continue;
		call.payload_len = (uint32_t)b->col[SC_C_PAYLOAD_SIZE][row];
		rc = join_payload(sc, row, &call);
		if (rc)
			return rc;
		end = (const uint8_t *)call.payload + call.payload_len;
		sc->mask[row] = sc_needle_find(call.payload, end, f->needle, f->needle_len) != end;
	}
	return 0;
}

/*
 * Where is the needle in the block? As a rule nowhere, and then nobody has to know whose bytes
 * are whose.
 */
static int look_for_needle(struct sc_scan *sc, uint64_t number, const struct sc_place *p, int fd,
			   uint32_t *place)
{
	const struct sc_filter *f = sc->match.filter;
	struct sc_block *b = &sc->block;
	const uint8_t *end;
	int rc = sc_scan_payload(sc, number, p, b, fd, p->rows);

	if (rc)
		return rc;
	end = b->payload + b->h.count[SC_ROWS_PAYLOAD];
	*place = (uint32_t)(sc_needle_find(b->payload, end, f->needle, f->needle_len) - b->payload);
	return 0;
}

int sc_scan_choose(struct sc_scan *sc, uint64_t number, uint64_t columns, struct sc_place *p,
		   int *fd)
{
	const uint64_t ends = SC_BIT(SC_C_STATE) | SC_BIT(SC_C_RET) | SC_BIT(SC_C_DUR) |
			      SC_BIT(SC_C_PAYLOAD);
	struct sc_block *b = &sc->block;
	uint64_t mask = sc->match.columns;
	bool merge, needle = sc->match.filter->needle_len;
	uint32_t place = 0;
	int rc = sc_scan_place(sc, number, p);

	if (rc)
		return rc == -ENOENT ? 1 : rc;
	sc->cost_read++;
	sc_views_reset(&sc->views);
	rc = sc_scan_open(sc, number, p, b, fd);
	if (rc)
		return rc;
	merge = p->open && ((mask | columns) & ends || sc_scan_asks_ends(sc));
	if (merge)
		mask |= SC_BIT(SC_C_STATE);
	if (needle)
		rc = look_for_needle(sc, number, p, *fd, &place);
	if (!rc)
		rc = sc_scan_view(sc, number, p, b, *fd, mask & ~SC_BIT(SC_C_PAYLOAD), p->rows);
	if (!rc)
		rc = sc_scan_patches(sc, merge ? number : 0);
	if (rc)
		return rc;
	if (needle && place == b->h.count[SC_ROWS_PAYLOAD] && !sc->n_patches)
		return 1;
	if (!sc_condition_rows(&sc->match, b, &sc->views, sc->patches, sc->n_patches, sc->mask,
			       sc->task_ok))
		return 1;
	if (needle)
		rc = sc_scan_load(sc, number, p, b, *fd, SC_BIT(SC_C_PAYLOAD), p->rows);
	if (needle && !rc) {
		for (uint32_t i = 0; i < sc->n_patches; i++)
			sc->task_ok[i] = sc->mask[sc->patches[i].row];
		sc_condition_needle(&sc->match, b, place, sc->mask);
		rc = find_late(sc, sc->task_ok);
	}
	return rc ? rc : sc_scan_ask(sc, number, p, b, *fd);
}

int sc_scan_fetch(struct sc_scan *sc, uint64_t number)
{
	struct sc_block *b = &sc->block;
	uint64_t columns = sc->columns;
	struct sc_place p = { 0 };
	int fd = -1;
	int rc = sc_scan_choose(sc, number, columns, &p, &fd);

	sc->n_rows = 0;
	if (rc)
		return rc < 0 ? rc : 0;
	sc->n_rows = sc_mask_rows(sc->mask, b->h.count[SC_ROWS_CALL], sc->rows);
	if (!sc->n_rows)
		return 0;
	if (sc->n_patches)
		columns |= SC_BIT(SC_C_STATE) | SC_BIT(SC_C_RET) | SC_BIT(SC_C_DUR);
	/* What deciding did not take is fetched only now that there is something to show. */
	rc = sc_scan_load(sc, number, &p, b, fd, columns, sc->n_rows);
	if (rc) {
		sc->n_rows = 0;
		return rc < 0 ? rc : 0;
	}
	return put_patches(sc);
}

int sc_scan_show(struct sc_scan *sc, bool reverse, sc_call_fn *fn, void *arg)
{
	int rc = 0;

	for (uint32_t k = 0; k < sc->n_rows && !rc; k++) {
		uint32_t i = sc->rows[reverse ? sc->n_rows - 1 - k : k];
		struct sc_call call;

		make_call(sc, sc->want, i, &call);
		rc = sc->want & SC_COL_PAYLOAD ? join_payload(sc, i, &call) : 0;
		if (!rc)
			rc = fn(&call, arg);
	}
	return rc;
}

void sc_scan_free(struct sc_scan *sc)
{
	sqlite3_finalize(sc->place);
	sqlite3_finalize(sc->links);
	sc_block_free(&sc->block);
	sc_block_free(&sc->later);
	for (unsigned i = 0; i < SC_COMPLETIONS_KEPT; i++)
		sc_scan_drop(sc, &sc->kept[i]);
	sc_files_close(&sc->files);
	sc_buf_free(&sc->joined);
	sc_match_free(&sc->match);
	sc_narrow_free(&sc->narrow);
	sc_expr_run_free(sc->ask);
	free(sc->sessions);
	free(sc->numbers);
	free(sc->later_numbers);
	free(sc->rows);
	free(sc->task_ok);
	free(sc->mask);
	sc_views_free(&sc->views);
	free(sc->patches);
	free(sc->patch_of);
}

static int begin_asking(struct sc_scan *sc, struct sc_expr *expr)
{
	size_t n;
	int rc;

	sc->ask = sc_expr_run_new(expr);
	if (!sc->ask)
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	sc->ask_want = expr->columns;
	sc->ask_columns = wanted_columns(expr->columns);
	if (!expr->sessions)
		return 0;
	sc_scan_lock(sc);
	rc = sc_store_sessions(sc->s, &sc->sessions, &n, sc->err);
	sc_scan_unlock(sc);
	if (!rc)
		sc_expr_run_sessions(sc->ask, sc->sessions, n);
	return rc;
}

int sc_scan_begin(struct sc_scan *sc, const struct sc_filter *filter)
{
	int rc = sc_narrow(filter, &sc->narrow);

	if (!rc)
		rc = sc_match_init(&sc->match, &sc->narrow.filter);

	sc->rows = malloc(SC_BLOCK_ROWS * sizeof(*sc->rows));
	sc->task_ok = malloc(SC_BLOCK_ROWS);
	sc->mask = malloc(SC_BLOCK_ROWS);
	if (rc || !sc->rows || !sc->task_ok || !sc->mask)
		return sc_fail(sc->err, -ENOMEM, "%s: no memory", sc->s->dir);
	if (filter && filter->expr)
		rc = begin_asking(sc, filter->expr);
	if (rc)
		return rc;
	sc_scan_lock(sc);
	rc = sc_store_query(sc->s,
			    "SELECT segment, offset, first, rows, open, hash "
			    "FROM blocks WHERE number = ?1",
			    &sc->place, sc->err);
	if (!rc)
		rc = sc_store_query(sc->s,
				    "SELECT later FROM links WHERE block = ?1 ORDER BY later",
				    &sc->links, sc->err);
	sc_scan_unlock(sc);
	return rc;
}

/* A function that takes a call alone. */
struct alone {
	sc_call_fn *fn;
	void *arg;
};

static int call_alone(struct sc_history *h, const struct sc_call *call, void *arg)
{
	const struct alone *a = arg;

	(void)h;
	return a->fn(call, a->arg);
}

/* Where the filter asks for what only a history knows. */
static int scan_history(struct sc_store *s, const struct sc_filter *filter, unsigned columns,
			sc_call_fn *fn, void *arg, struct sc_damage *damage, struct sc_error *err)
{
	struct alone a = { fn, arg };
	const struct sc_history_run run = {
		.store = s,
		.what = filter->expr->history & ~SC_FIELD_HISTORY,
		.show = filter,
		.columns = columns,
		.call = call_alone,
		.arg = &a,
		.damage = damage,
	};

	return sc_history_run(&run, err);
}

static int watch(struct sc_store *s, size_t i, size_t n)
{
	return s->watch && s->scans == 1 ? s->watch(i, n, s->watch_arg) : 0;
}

/* The blocks in turn; each that has a neighbour is fetched while a second thread fetches that. */
static int scan_blocks(struct sc_scan *sc, struct sc_second *second, bool reverse, sc_call_fn *fn,
		       void *arg)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < sc->n; i++) {
		bool two = second && i + 1 < sc->n;

		rc = watch(sc->s, i, sc->n);
		if (rc)
			break;
		if (two)
			sc_second_begin(second, sc->numbers[i + 1]);
		rc = sc_scan_fetch(sc, sc->numbers[i]);
		/* What is called below may use the store: nobody else does by then. */
		if (two)
			sc_second_wait(second);
		if (!rc)
			rc = sc_scan_show(sc, reverse, fn, arg);
		if (rc || !two)
			continue;
		rc = watch(sc->s, ++i, sc->n);
		if (!rc)
			rc = sc_second_show(second, sc, reverse, fn, arg);
	}
	return rc;
}

int sc_store_scan(struct sc_store *s, const struct sc_filter *filter, unsigned columns,
		  bool reverse, sc_call_fn *fn, void *arg, struct sc_damage *damage,
		  struct sc_error *err)
{
	struct sc_scan sc = { .s = s, .want = columns, .damage = damage, .err = err };
	struct sc_second *second = NULL;
	int rc;

	if (filter && filter->expr && filter->expr->history) {
		if (!reverse)
			return scan_history(s, filter, columns, fn, arg, damage, err);
		return sc_fail(err, -EOPNOTSUPP,
			       "%s: what the filter asks for follows from what came before: it "
			       "cannot be read from its end",
			       s->dir);
	}
	s->cost_read = 0;
	s->cost_all = 0;
	sc.columns = wanted_columns(columns);
	rc = sc_scan_begin(&sc, filter);
	if (!rc)
		rc = sc_scan_select(&sc, reverse);
	if (!rc)
		second = sc_second_new(&sc, filter);
	s->scans++;
	if (!rc)
		rc = scan_blocks(&sc, second, reverse, fn, arg);
	s->scans--;
	s->cost_read = sc.cost_read;
	sc_second_free(second);
	sc_scan_free(&sc);
	return rc;
}

void sc_store_threads(struct sc_store *s, unsigned threads)
{
	s->threads = threads;
}

void sc_store_watch(struct sc_store *s, sc_watch_fn *fn, void *arg)
{
	s->watch = fn;
	s->watch_arg = arg;
}

void sc_store_scan_cost(const struct sc_store *s, uint64_t *read, uint64_t *all)
{
	*read = s->cost_read;
	*all = s->cost_all;
}
