// SPDX-License-Identifier: GPL-2.0-only
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cbor.h"
#include "item.h"

#define FIELDS_MAX 64u /* of a map: what is known, and what later versions may add */

/* ---- writing ---- */

/* Keys go in the order of RFC 8949, section 4.2.1: short ones first, then by their bytes. */

static void put_number(struct sc_buf *out, const char *key, uint64_t value)
{
	sc_cbor_put_text(out, key);
	sc_cbor_put_uint(out, value);
}

static void put_bytes(struct sc_buf *out, const char *key, const struct sc_snapshot_bytes *bytes)
{
	sc_cbor_put_text(out, key);
	sc_cbor_put_bytes(out, bytes->data, bytes->size);
}

static struct sc_snapshot_bytes bounded(struct sc_snapshot_bytes bytes, size_t most)
{
	return (struct sc_snapshot_bytes){ bytes.data, bytes.size < most ? bytes.size : most };
}

static void put_name(struct sc_buf *out, const char *key, const struct sc_snapshot_bytes *bytes)
{
	struct sc_snapshot_bytes name = bounded(*bytes, SC_SNAPSHOT_NAME_MAX);

	put_bytes(out, key, &name);
}

static void put_address(struct sc_buf *out, const char *key, const struct sc_snapshot_bytes *bytes)
{
	struct sc_snapshot_bytes address = bounded(*bytes, SC_SNAPSHOT_ADDRESS_MAX);

	put_bytes(out, key, &address);
}

void sc_snapshot_put(struct sc_buf *out, const struct sc_snapshot *s)
{
	sc_cbor_put(out, SC_CBOR_MAP, 7);
	put_number(out, "v", SC_SNAPSHOT_VERSION);
	put_number(out, "cut", s->cut);
	put_number(out, "time", s->time);
	put_number(out, "took", s->took);
	put_number(out, "clock", s->clock);
	put_name(out, "release", &s->release);
	put_number(out, "processes", s->processes);
}

/* What is 0 or empty is left out: most descriptors are of files. */
static void put_fd(struct sc_buf *out, const struct sc_snapshot_fd *fd)
{
	bool socket = fd->kind == SC_SNAPSHOT_SOCKET;

	sc_cbor_put(out, SC_CBOR_MAP,
		    6 + (fd->cloexec ? 1 : 0) + (fd->device != 0 ? 1 : 0) + (socket ? 6 : 0));
	put_number(out, "fd", fd->fd);
	put_number(out, "pos", fd->pos);
	put_number(out, "kind", fd->kind);
	put_name(out, "name", &fd->name);
	if (socket)
		put_number(out, "type", fd->type);
	put_number(out, "flags", fd->flags);
	put_number(out, "inode", fd->inode);
	if (socket) {
		put_address(out, "local", &fd->local);
		put_number(out, "state", fd->state);
	}
	if (fd->device != 0)
		put_number(out, "device", fd->device);
	if (socket) {
		put_number(out, "domain", fd->domain);
		put_address(out, "remote", &fd->remote);
	}
	if (fd->cloexec)
		put_number(out, "cloexec", 1);
	if (socket)
		put_number(out, "protocol", fd->protocol);
}

/* Arguments that fit into the bounds. */
static size_t args_that_fit(const struct sc_snapshot_process *p)
{
	size_t i, sum = 0;

	for (i = 0; i < p->n_args && i < SC_SNAPSHOT_ARGS_MAX; i++) {
		if (p->args[i].size > SC_SNAPSHOT_ARGV_MAX - sum)
			break;
		sum += p->args[i].size;
	}
	return i;
}

void sc_snapshot_put_process(struct sc_buf *out, const struct sc_snapshot_process *p)
{
	size_t args = args_that_fit(p);
	size_t fds = p->n_fds < SC_SNAPSHOT_FDS_MAX ? p->n_fds : SC_SNAPSHOT_FDS_MAX;
	uint32_t missing = p->missing;
	size_t i;

	missing |= args < p->n_args ? (uint32_t)SC_SNAPSHOT_NO_ARGV : 0;
	missing |= fds < p->n_fds ? (uint32_t)SC_SNAPSHOT_NO_FDS : 0;
	sc_cbor_put(out, SC_CBOR_MAP, 19);
	sc_cbor_put_text(out, "ns");
	sc_cbor_put(out, SC_CBOR_ARRAY, SC_SNAPSHOT_NAMESPACES);
	for (i = 0; i < SC_SNAPSHOT_NAMESPACES; i++)
		sc_cbor_put_uint(out, p->ns[i]);
	put_name(out, "cwd", &p->cwd);
	put_name(out, "exe", &p->exe);
	sc_cbor_put_text(out, "fds");
	sc_cbor_put(out, SC_CBOR_ARRAY, fds);
	for (i = 0; i < fds; i++)
		put_fd(out, &p->fds[i]);
	put_number(out, "gid", p->gid);
	put_number(out, "pid", p->pid);
	put_number(out, "tid", p->tid);
	put_number(out, "uid", p->uid);
	sc_cbor_put_text(out, "argv");
	sc_cbor_put(out, SC_CBOR_ARRAY, args);
	for (i = 0; i < args; i++)
		sc_cbor_put_bytes(out, p->args[i].data, p->args[i].size);
	put_name(out, "comm", &p->comm);
	put_number(out, "ppid", p->ppid);
	put_name(out, "root", &p->root);
	put_number(out, "task", p->task);
	put_number(out, "time", p->time);
	put_number(out, "start", p->start);
	put_name(out, "cgroup", &p->cgroup);
	put_number(out, "ns_pid", p->ns_pid);
	put_number(out, "zombie", p->zombie ? 1 : 0);
	put_number(out, "missing", missing);
}

/* ---- reading ---- */

static void get_bytes(struct sc_cbor *in, struct sc_snapshot_bytes *bytes, size_t most)
{
	bytes->data = sc_cbor_get_string(in, SC_CBOR_BYTES, &bytes->size);
	if (bytes->size > most)
		in->bad = true;
}

static uint32_t get_u32(struct sc_cbor *in)
{
	return (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
}

/* A key that has its place: behind the last one, so that none comes twice. */
static const uint8_t *get_key(struct sc_cbor *in, size_t *n, struct sc_snapshot_bytes *last)
{
	const uint8_t *key = sc_cbor_get_string(in, SC_CBOR_TEXT, n);

	if (key == NULL)
		return NULL;
	if (last->data != NULL &&
	    (*n < last->size || (*n == last->size && memcmp(key, last->data, *n) <= 0))) {
		in->bad = true;
		return NULL;
	}
	*last = (struct sc_snapshot_bytes){ key, *n };
	return key;
}

static uint64_t get_map(struct sc_cbor *in)
{
	uint64_t fields = sc_cbor_get(in, SC_CBOR_MAP);

	if (fields > FIELDS_MAX)
		in->bad = true;
	return in->bad ? 0 : fields;
}

int sc_snapshot_begin(const void *bytes, size_t len, size_t *at, struct sc_snapshot *s)
{
	const uint8_t *data = bytes, *key;
	struct sc_cbor in = { data, data + len, false };
	struct sc_snapshot_bytes last = { NULL, 0 };
	uint64_t i, fields, version = 0;
	size_t n;

	memset(s, 0, sizeof(*s));
	*at = 0;
	if (len == 0)
		return -ENODATA;
	fields = get_map(&in);
	for (i = 0; i < fields && !in.bad; i++) {
		key = get_key(&in, &n, &last);
		if (key == NULL)
			break;
		if (sc_key_is(key, n, "v"))
			version = sc_cbor_get(&in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "cut"))
			s->cut = get_u32(&in);
		else if (sc_key_is(key, n, "time"))
			s->time = sc_cbor_get(&in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "took"))
			s->took = sc_cbor_get(&in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "clock"))
			s->clock = sc_cbor_get(&in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "release"))
			get_bytes(&in, &s->release, SC_SNAPSHOT_NAME_MAX);
		else if (sc_key_is(key, n, "processes"))
			s->processes = get_u32(&in);
		else
			sc_cbor_skip(&in);
	}
	if (in.bad || version != SC_SNAPSHOT_VERSION)
		return -EBADMSG;
	*at = (size_t)(in.at - data);
	return 0;
}

static void get_fd(struct sc_cbor *in, struct sc_snapshot_fd *fd)
{
	struct sc_snapshot_bytes last = { NULL, 0 };
	uint64_t i, fields = get_map(in);
	const uint8_t *key;
	size_t n;

	memset(fd, 0, sizeof(*fd));
	for (i = 0; i < fields && !in->bad; i++) {
		key = get_key(in, &n, &last);
		if (key == NULL)
			return;
		if (sc_key_is(key, n, "fd"))
			fd->fd = get_u32(in);
		else if (sc_key_is(key, n, "pos"))
			fd->pos = sc_cbor_get(in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "kind"))
			fd->kind = (enum sc_snapshot_kind)get_u32(in);
		else if (sc_key_is(key, n, "name"))
			get_bytes(in, &fd->name, SC_SNAPSHOT_NAME_MAX);
		else if (sc_key_is(key, n, "type"))
			fd->type = get_u32(in);
		else if (sc_key_is(key, n, "flags"))
			fd->flags = get_u32(in);
		else if (sc_key_is(key, n, "inode"))
			fd->inode = sc_cbor_get(in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "local"))
			get_bytes(in, &fd->local, SC_SNAPSHOT_ADDRESS_MAX);
		else if (sc_key_is(key, n, "state"))
			fd->state = get_u32(in);
		else if (sc_key_is(key, n, "device"))
			fd->device = sc_cbor_get(in, SC_CBOR_UINT);
		else if (sc_key_is(key, n, "domain"))
			fd->domain = get_u32(in);
		else if (sc_key_is(key, n, "remote"))
			get_bytes(in, &fd->remote, SC_SNAPSHOT_ADDRESS_MAX);
		else if (sc_key_is(key, n, "cloexec"))
			fd->cloexec = sc_cbor_get_max(in, 1) != 0;
		else if (sc_key_is(key, n, "protocol"))
			fd->protocol = get_u32(in);
		else
			sc_cbor_skip(in);
	}
	if (fd->kind >= SC_SNAPSHOT_KINDS) /* of a later version */
		fd->kind = SC_SNAPSHOT_UNKNOWN;
}

/* Room for one more of an array that holds n. */
static void *room(void **array, size_t n, size_t *size, size_t each)
{
	size_t wanted = *size != 0 ? 2 * *size : 16;
	void *bigger;

	if (n < *size)
		return *array;
	bigger = reallocarray(*array, wanted, each);
	if (bigger == NULL)
		return NULL;
	*array = bigger;
	*size = wanted;
	return bigger;
}

static int get_args(struct sc_cbor *in, struct sc_snapshot_process *p)
{
	uint64_t i, n = sc_cbor_get(in, SC_CBOR_ARRAY);
	size_t sum = 0;

	if (n > SC_SNAPSHOT_ARGS_MAX)
		in->bad = true;
	for (i = 0; i < n && !in->bad; i++) {
		if (room((void **)&p->args, p->n_args, &p->args_size, sizeof(*p->args)) == NULL)
			return -ENOMEM;
		get_bytes(in, &p->args[p->n_args], SC_SNAPSHOT_ARGV_MAX - sum);
		sum += p->args[p->n_args++].size;
	}
	return 0;
}

static int get_fds(struct sc_cbor *in, struct sc_snapshot_process *p)
{
	uint64_t i, n = sc_cbor_get(in, SC_CBOR_ARRAY);

	if (n > SC_SNAPSHOT_FDS_MAX)
		in->bad = true;
	for (i = 0; i < n && !in->bad; i++) {
		if (room((void **)&p->fds, p->n_fds, &p->fds_size, sizeof(*p->fds)) == NULL)
			return -ENOMEM;
		get_fd(in, &p->fds[p->n_fds++]);
		if (i > 0 && p->fds[i].fd <= p->fds[i - 1].fd)
			in->bad = true;
	}
	return 0;
}

static void get_ns(struct sc_cbor *in, struct sc_snapshot_process *p)
{
	uint64_t i, n = sc_cbor_get(in, SC_CBOR_ARRAY);

	for (i = 0; i < n && !in->bad; i++) {
		if (i < SC_SNAPSHOT_NAMESPACES)
			p->ns[i] = get_u32(in);
		else
			sc_cbor_skip(in);
	}
}

/* @retval false  it is none of these */
static bool get_number(struct sc_cbor *in, const uint8_t *key, size_t n,
		       struct sc_snapshot_process *p)
{
	const struct {
		const char *name;
		uint32_t *value;
	} small[] = {
		{ "gid", &p->gid },	    { "pid", &p->pid },	  { "tid", &p->tid },
		{ "uid", &p->uid },	    { "ppid", &p->ppid }, { "ns_pid", &p->ns_pid },
		{ "missing", &p->missing },
	};
	const struct {
		const char *name;
		uint64_t *value;
	} large[] = {
		{ "task", &p->task },
		{ "time", &p->time },
		{ "start", &p->start },
	};
	size_t i;

	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		if (sc_key_is(key, n, small[i].name)) {
			*small[i].value = get_u32(in);
			return true;
		}
	}
	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		if (sc_key_is(key, n, large[i].name)) {
			*large[i].value = sc_cbor_get(in, SC_CBOR_UINT);
			return true;
		}
	}
	return false;
}

static bool get_name(struct sc_cbor *in, const uint8_t *key, size_t n,
		     struct sc_snapshot_process *p)
{
	const struct {
		const char *name;
		struct sc_snapshot_bytes *value;
	} names[] = {
		{ "cwd", &p->cwd },   { "exe", &p->exe },	{ "comm", &p->comm },
		{ "root", &p->root }, { "cgroup", &p->cgroup },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (sc_key_is(key, n, names[i].name)) {
			get_bytes(in, names[i].value, SC_SNAPSHOT_NAME_MAX);
			return true;
		}
	}
	return false;
}

static void forget(struct sc_snapshot_process *p)
{
	struct sc_snapshot_process empty = {
		.args = p->args,
		.args_size = p->args_size,
		.fds = p->fds,
		.fds_size = p->fds_size,
	};

	*p = empty;
}

int sc_snapshot_next(const void *bytes, size_t len, size_t *at, struct sc_snapshot_process *p)
{
	const uint8_t *data = bytes, *key;
	struct sc_cbor in = { data + *at, data + len, false };
	struct sc_snapshot_bytes last = { NULL, 0 };
	uint64_t i, fields;
	size_t n;
	int ret = 0;

	forget(p);
	if (*at >= len)
		return 0;
	fields = get_map(&in);
	for (i = 0; i < fields && !in.bad && ret == 0; i++) {
		key = get_key(&in, &n, &last);
		if (key == NULL)
			break;
		if (sc_key_is(key, n, "ns"))
			get_ns(&in, p);
		else if (sc_key_is(key, n, "fds"))
			ret = get_fds(&in, p);
		else if (sc_key_is(key, n, "argv"))
			ret = get_args(&in, p);
		else if (sc_key_is(key, n, "zombie"))
			p->zombie = sc_cbor_get_max(&in, 1) != 0;
		else if (!get_number(&in, key, n, p) && !get_name(&in, key, n, p))
			sc_cbor_skip(&in);
	}
	if (ret < 0 || in.bad)
		return ret < 0 ? ret : -EBADMSG;
	*at = (size_t)(in.at - data);
	return 1;
}

void sc_snapshot_process_free(struct sc_snapshot_process *p)
{
	free(p->args);
	free(p->fds);
	memset(p, 0, sizeof(*p));
}
