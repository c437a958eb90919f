// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "struct_rows.h"

/* ---- descriptors ---- */

static void put_pollfd(const struct sc_struct_args *a)
{
	int fd = (int)sc_view_u64(a->v, 0, 4);
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	sc_text_name(t, "fd");
	sc_decode_fd(a->d, fd);
	if (fd >= 0 && (!a->at_return || t->json)) {
		sc_text_name(t, "events");
		sc_form_put(a->d, SC_F_FLAGS, SC_T_poll, sc_view_u64(a->v, 4, 2), 2);
	}
	if (a->at_return) {
		sc_text_name(t, "revents");
		sc_form_put(a->d, SC_F_FLAGS, SC_T_poll, sc_view_u64(a->v, 6, 2), 2);
	}
	sc_text_close(t, '}');
}

static void put_epoll_event(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	sc_text_name(t, "events");
	sc_form_put(a->d, SC_F_FLAGS, SC_T_epoll, sc_view_u64(a->v, 0, 4), 4);
	sc_text_name(t, "data");
	sc_text_open(t, '{');
	sc_text_name(t, "u32");
	sc_text_u64(t, sc_view_u64(a->v, 4, 4));
	sc_text_name(t, "u64");
	sc_text_u64(t, sc_view_u64(a->v, 4, 8));
	sc_text_close(t, '}');
	sc_text_close(t, '}');
}

static const struct sc_field iocb[] = {
	{ "aio_data", SC_W64, SC_F_HEX, SC_SHOW_SET, 0, 0 },
	SKIP(8),
	FIELD("aio_lio_opcode", 16, UNSIGNED),
	{ "aio_reqprio", SC_W16, SC_F_SIGNED, SC_SHOW_SET, 0, 0 },
	FIELD("aio_fildes", 32, FD),
	FIELD("aio_buf", 64, ADDRESS),
	FIELD("aio_nbytes", 64, UNSIGNED),
	FIELD("aio_offset", 64, SIGNED),
	SKIP(16),
};
static const struct sc_field io_event[] = {
	FIELD("data", 64, HEX),
	FIELD("obj", 64, ADDRESS),
	FIELD("res", 64, SIGNED),
	FIELD("res2", 64, SIGNED),
};

static const struct sc_field sq_offsets[] = {
	FIELD("head", 32, UNSIGNED),	  FIELD("tail", 32, UNSIGNED),
	FIELD("ring_mask", 32, UNSIGNED), FIELD("ring_entries", 32, UNSIGNED),
	FIELD("flags", 32, UNSIGNED),	  FIELD("dropped", 32, UNSIGNED),
	FIELD("array", 32, UNSIGNED),
};
static const struct sc_field cq_offsets[] = {
	FIELD("head", 32, UNSIGNED),	  FIELD("tail", 32, UNSIGNED),
	FIELD("ring_mask", 32, UNSIGNED), FIELD("ring_entries", 32, UNSIGNED),
	FIELD("overflow", 32, UNSIGNED),  FIELD("cqes", 32, UNSIGNED),
	FIELD("flags", 32, UNSIGNED),
};

static void put_part(const struct sc_struct_args *a, const char *name, size_t at, size_t len,
		     const struct sc_field *fields, size_t n)
{
	struct sc_struct_args part = { a->d, sc_view_from(a->v, at, len), a->at_return };

	sc_text_name(a->d->t, name);
	sc_text_open(a->d->t, '{');
	sc_fields_put(&part, fields, n);
	sc_text_close(a->d->t, '}');
}

static void put_number(const struct sc_struct_args *a, const char *name, size_t at, unsigned size)
{
	sc_text_name(a->d->t, name);
	sc_text_u64(a->d->t, sc_view_u64(a->v, at, size));
}

static void put_flags(const struct sc_struct_args *a, const char *name, size_t at, unsigned size,
		      enum sc_table table)
{
	sc_text_name(a->d->t, name);
	sc_form_put(a->d, SC_F_FLAGS, table, sc_view_u64(a->v, at, size), size);
}

static void put_enum(const struct sc_struct_args *a, const char *name, size_t at,
		     enum sc_table table)
{
	sc_text_name(a->d->t, name);
	sc_form_put(a->d, SC_F_ENUM, table, sc_view_u64(a->v, at, 4), 4);
}

static void put_fd(const struct sc_struct_args *a, const char *name, size_t at)
{
	sc_text_name(a->d->t, name);
	sc_decode_fd(a->d, (int)sc_view_u64(a->v, at, 4));
}

static void put_address(const struct sc_struct_args *a, const char *name, size_t at)
{
	sc_text_name(a->d->t, name);
	sc_text_address(a->d->t, sc_view_u64(a->v, at, 8));
}

static void put_io_uring_params(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	put_flags(a, "flags", 8, 4, SC_T_uring_setup);
	put_number(a, "sq_thread_cpu", 12, 4);
	put_number(a, "sq_thread_idle", 16, 4);
	if (sc_view_u64(a->v, 8, 4) & 1u << 5) /* IORING_SETUP_ATTACH_WQ */
		put_fd(a, "wq_fd", 24);
	if (a->at_return) {
		put_number(a, "sq_entries", 0, 4);
		put_number(a, "cq_entries", 4, 4);
		put_flags(a, "features", 20, 4, SC_T_uring_feat);
		put_part(a, "sq_off", 40, 28, SC_FIELDS_OF(sq_offsets));
		put_part(a, "cq_off", 80, 28, SC_FIELDS_OF(cq_offsets));
	}
	sc_text_close(t, '}');
}

/* ---- bpf: what the union holds is said by the command ---- */

static void put_name(const struct sc_struct_args *a, const char *name, size_t at)
{
	struct sc_view v = sc_view_from(a->v, at, 16);

	sc_text_name(a->d->t, name);
	sc_text_bytes(a->d->t, v.data, strnlen((const char *)v.data, v.len), ~(size_t)0, false);
}

static void put_bpf_map(const struct sc_struct_args *a)
{
	put_enum(a, "map_type", 0, SC_T_bpf_map);
	put_number(a, "key_size", 4, 4);
	put_number(a, "value_size", 8, 4);
	put_number(a, "max_entries", 12, 4);
	if (a->v.len >= 20)
		put_flags(a, "map_flags", 16, 4, SC_T_bpf_map_flag);
	if (a->v.len >= 24)
		put_fd(a, "inner_map_fd", 20);
	/* numa_node stands between, and is shown where a flag says that it means something */
	if (a->v.len >= 28 && sc_view_u64(a->v, 16, 4) & BPF_F_NUMA_NODE)
		put_number(a, "numa_node", 24, 4);
	if (a->v.len >= 44)
		put_name(a, "map_name", 28);
	if (a->v.len >= 48)
		put_number(a, "map_ifindex", 44, 4);
	if (a->v.len >= 60) {
		put_fd(a, "btf_fd", 48);
		put_number(a, "btf_key_type_id", 52, 4);
		put_number(a, "btf_value_type_id", 56, 4);
	}
	if (a->v.len >= 64)
		put_number(a, "btf_vmlinux_value_type_id", 60, 4);
	if (a->v.len >= 72)
		put_number(a, "map_extra", 64, 8);
}

static void put_bpf_element(const struct sc_struct_args *a)
{
	put_fd(a, "map_fd", 0);
	put_address(a, "key", 8);
	put_address(a, "value", 16);
	if (a->v.len >= 32)
		put_flags(a, "flags", 24, 8, SC_T_bpf_update);
}

static void put_bpf_program(const struct sc_struct_args *a)
{
	uint64_t version = sc_view_u64(a->v, 40, 4);
	char text[64];

	put_enum(a, "prog_type", 0, SC_T_bpf_prog);
	put_number(a, "insn_cnt", 4, 4);
	put_address(a, "insns", 8);
	put_address(a, "license", 16);
	put_number(a, "log_level", 24, 4);
	put_number(a, "log_size", 28, 4);
	put_address(a, "log_buf", 32);
	if (a->v.len >= 44) {
		snprintf(text, sizeof(text), "KERNEL_VERSION(%u, %u, %u)", (unsigned)version >> 16,
			 (unsigned)version >> 8 & 0xff, (unsigned)version & 0xff);
		sc_text_name(a->d->t, "kern_version");
		sc_text_word(a->d->t, text);
	}
	if (a->v.len >= 48)
		put_flags(a, "prog_flags", 44, 4, SC_T_bpf_prog_flag);
	if (a->v.len >= 64)
		put_name(a, "prog_name", 48);
	if (a->v.len >= 68)
		put_number(a, "prog_ifindex", 64, 4);
	if (a->v.len >= 72)
		put_enum(a, "expected_attach_type", 68, SC_T_bpf_attach);
	if (a->v.len >= 112) {
		put_fd(a, "prog_btf_fd", 72);
		put_number(a, "func_info_rec_size", 76, 4);
		put_address(a, "func_info", 80);
		put_number(a, "func_info_cnt", 88, 4);
		put_number(a, "line_info_rec_size", 92, 4);
		put_address(a, "line_info", 96);
		put_number(a, "line_info_cnt", 104, 4);
		put_number(a, "attach_btf_id", 108, 4);
	}
	if (a->v.len >= 116)
		put_fd(a, "attach_prog_fd", 112);
}

static void put_bpf_attr(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	switch ((uint32_t)a->d->call->args[0]) {
	case BPF_MAP_CREATE:
		put_bpf_map(a);
		break;
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
		put_bpf_element(a);
		break;
	case BPF_MAP_DELETE_ELEM:
		put_fd(a, "map_fd", 0);
		put_address(a, "key", 8);
		break;
	case BPF_MAP_GET_NEXT_KEY:
		put_fd(a, "map_fd", 0);
		put_address(a, "key", 8);
		put_address(a, "next_key", 16);
		break;
	case BPF_PROG_LOAD:
		put_bpf_program(a);
		break;
	case BPF_OBJ_PIN:
	case BPF_OBJ_GET:
		put_address(a, "pathname", 0);
		put_fd(a, "bpf_fd", 8);
		if (a->v.len >= 16)
			put_flags(a, "file_flags", 12, 4, SC_T_bpf_map_flag);
		break;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		put_fd(a, "target_fd", 0);
		put_fd(a, "attach_bpf_fd", 4);
		put_enum(a, "attach_type", 8, SC_T_bpf_attach);
		break;
	default:
		sc_text_more(t);
	}
	sc_text_close(t, '}');
}

static void put_perf_event_attr(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	put_number(a, "type", 0, 4);
	sc_text_name(t, "size");
	sc_text_hex(t, sc_view_u64(a->v, 4, 4));
	sc_text_name(t, "config");
	sc_text_hex(t, sc_view_u64(a->v, 8, 8));
	sc_text_more(t);
	sc_text_close(t, '}');
}

static void put_landlock(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	sc_text_name(t, "handled_access_fs");
	sc_text_hex(t, sc_view_u64(a->v, 0, 8));
	if (a->v.len >= 16) {
		sc_text_name(t, "handled_access_net");
		sc_text_hex(t, sc_view_u64(a->v, 8, 8));
	}
	sc_text_close(t, '}');
}

static const struct sc_field sembuf[] = {
	FIELD("sem_num", 16, UNSIGNED),
	FIELD("sem_op", 16, SIGNED),
	FLAGS("sem_flg", 16, semop),
};
static const struct sc_field mq_attr[] = {
	FLAGS("mq_flags", KLONG, open),
	FIELD("mq_maxmsg", KLONG, SIGNED),
	FIELD("mq_msgsize", KLONG, SIGNED),
	FIELD("mq_curmsgs", KLONG, SIGNED),
};

/* ---- numbers ---- */

static void put_int(const struct sc_struct_args *a)
{
	sc_text_i64(a->d->t, (int32_t)sc_view_u64(a->v, 0, 4));
}

static void put_unsigned(const struct sc_struct_args *a)
{
	sc_text_u64(a->d->t, sc_view_u64(a->v, 0, a->v.len < 8 ? (unsigned)a->v.len : 8));
}

static void put_long(const struct sc_struct_args *a)
{
	if (a->v.len < 8)
		sc_text_i64(a->d->t, (int32_t)sc_view_u64(a->v, 0, 4));
	else
		sc_text_i64(a->d->t, (int64_t)sc_view_u64(a->v, 0, 8));
}

static void put_pointer(const struct sc_struct_args *a)
{
	sc_text_address(a->d->t, sc_view_u64(a->v, 0, a->v.len < 8 ? 4 : 8));
}

static void put_id(const struct sc_struct_args *a)
{
	unsigned size = a->v.len < 4 ? 2 : 4;

	sc_form_put(a->d, SC_F_ID, 0, sc_view_u64(a->v, 0, size), size);
}

static const struct sc_layout rows[] = {
	BY(POLLFD, put_pollfd),
	BY(EPOLL_EVENT, put_epoll_event),
	ROWS(IOCB, iocb),
	ROWS(IO_EVENT, io_event),
	BY(IO_URING_PARAMS, put_io_uring_params),
	BY(BPF_ATTR, put_bpf_attr),
	BY(PERF_EVENT_ATTR, put_perf_event_attr),
	BY(LANDLOCK_RULESET_ATTR, put_landlock),
	ROWS(SEMBUF, sembuf),
	ROWS(MQ_ATTR, mq_attr),
	BY(INT, put_int),
	BY(UINT, put_unsigned),
	BY(LONG, put_long),
	BY(OFF, put_long),
	BY(OFF64, put_long),
	BY(U64, put_unsigned),
	BY(PTR, put_pointer),
	BY(GID, put_id),
	BY(GID16, put_id),
	BY(BYTE, put_unsigned),
};

LAYOUTS(sc_layouts_other, rows);
