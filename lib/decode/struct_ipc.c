// SPDX-License-Identifier: GPL-2.0-only
/* System V: what IPC_STAT tells and IPC_SET is told. */
#include "struct_rows.h"

/* What is told is the first of it. */
static void put_perm(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;
	bool whole = a->at_return;

	sc_text_open(t, '{');
	sc_text_name(t, "uid");
	sc_form_put(a->d, SC_F_ID, 0, sc_view_u64(a->v, 4, 4), 4);
	sc_text_name(t, "gid");
	sc_form_put(a->d, SC_F_ID, 0, sc_view_u64(a->v, 8, 4), 4);
	sc_text_name(t, "mode");
	sc_text_octal(t, sc_view_u64(a->v, 20, 2));
	if (whole) {
		sc_text_name(t, "key");
		sc_text_hex(t, sc_view_u64(a->v, 0, 4));
		sc_text_name(t, "cuid");
		sc_form_put(a->d, SC_F_ID, 0, sc_view_u64(a->v, 12, 4), 4);
		sc_text_name(t, "cgid");
		sc_form_put(a->d, SC_F_ID, 0, sc_view_u64(a->v, 16, 4), 4);
	}
	if (a->v.len < 22)
		sc_text_more(t);
	sc_text_close(t, '}');
}

/* Times of i386 have their high halves beside them. */
static const struct sc_field shm[] = {
	FIELD("shm_segsz", KLONG, UNSIGNED),  FIELD("shm_atime", 64, SIGNED),
	FIELD("shm_dtime", 64, SIGNED),	      FIELD("shm_ctime", 64, SIGNED),
	FIELD("shm_cpid", 32, SIGNED),	      FIELD("shm_lpid", 32, SIGNED),
	FIELD("shm_nattch", KLONG, UNSIGNED),
};
static const struct sc_field sem_long[] = {
	FIELD("sem_otime", 64, SIGNED),	  SKIP(8), FIELD("sem_ctime", 64, SIGNED), SKIP(8),
	FIELD("sem_nsems", 64, UNSIGNED),
};
static const struct sc_field sem_i386[] = {
	FIELD("sem_otime", 64, SIGNED),
	FIELD("sem_ctime", 64, SIGNED),
	FIELD("sem_nsems", 32, UNSIGNED),
};
/* Without the bytes that are in it: strace does not show them. */
#define MSG(long)                                                                                 \
	{                                                                                         \
		FIELD("msg_stime", 64, SIGNED), FIELD("msg_rtime", 64, SIGNED),                   \
			FIELD("msg_ctime", 64, SIGNED), SKIP(long),                               \
			FIELD("msg_qnum", KLONG, UNSIGNED), FIELD("msg_qbytes", KLONG, UNSIGNED), \
			FIELD("msg_lspid", 32, SIGNED), FIELD("msg_lrpid", 32, SIGNED),           \
	}

static const struct sc_field msg_long[] = MSG(8);
static const struct sc_field msg_i386[] = MSG(4);

static void put_object(const struct sc_struct_args *a, const char *name,
		       const struct sc_field *fields, size_t n)
{
	size_t size = a->d->abi == SC_ABI_I386 ? 36 : 48;
	struct sc_struct_args perm = { a->d, sc_view_from(a->v, 0, size), a->at_return };
	struct sc_struct_args rest = { a->d, sc_view_from(a->v, size, a->v.len), a->at_return };

	sc_text_open(a->d->t, '{');
	sc_text_name(a->d->t, name);
	put_perm(&perm);
	if (a->at_return)
		sc_fields_put(&rest, fields, n);
	sc_text_close(a->d->t, '}');
}

static void put_shm(const struct sc_struct_args *a)
{
	put_object(a, "shm_perm", SC_FIELDS_OF(shm));
}

static void put_sem(const struct sc_struct_args *a)
{
	if (a->d->abi == SC_ABI_I386)
		put_object(a, "sem_perm", SC_FIELDS_OF(sem_i386));
	else
		put_object(a, "sem_perm", SC_FIELDS_OF(sem_long));
}

static void put_msg(const struct sc_struct_args *a)
{
	bool i386 = a->d->abi == SC_ABI_I386;
	struct sc_struct_args perm = { a->d, sc_view_from(a->v, 0, i386 ? 36 : 48), false };

	if (a->at_return) {
		if (i386)
			put_object(a, "msg_perm", SC_FIELDS_OF(msg_i386));
		else
			put_object(a, "msg_perm", SC_FIELDS_OF(msg_long));
		return;
	}
	sc_text_open(a->d->t, '{');
	sc_text_name(a->d->t, "msg_perm");
	put_perm(&perm);
	sc_text_name(a->d->t, "msg_qbytes");
	sc_text_u64(a->d->t, sc_view_u64(a->v, i386 ? 68 : 88, i386 ? 4 : 8));
	sc_text_close(a->d->t, '}');
}

static const struct sc_layout rows[] = {
	BY(SHMID_DS, put_shm),
	BY(SEMID_DS, put_sem),
	BY(MSQID_DS, put_msg),
};

LAYOUTS(sc_layouts_ipc, rows);
