/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store: a folder of segments (the truth) and an index (made from them).
 *
 * Writer and reader are apart (struct sc_writer, struct sc_store): one process
 * writes, any number read at the same time. Everything read is hostile input.
 * Layout on disk: docs/formats.md, schema/segment.cddl, schema/index.sql.
 */
#ifndef SC_STORE_H
#define SC_STORE_H

#include <stdio.h>

#include "format/call.h"
#include "base/error.h"

#define SC_SCHEMA_VERSION 2 /* of segments and index together */
#define SC_BLOCK_ROWS 65536u /* most calls of a block */
#define SC_PAYLOAD_MAX (1u << 20) /* bytes, of one call's entry, and of its return */
#define SC_SNAPSHOT_MAX (16u << 20) /* bytes */
#define SC_CHOICE_LEN 512 /* bytes of a text in struct sc_session, NUL included */

struct scaudit_entry;
struct scaudit_return;
struct sc_secret_key;
struct sc_expr;

struct sc_session {
	uint32_t number; /* from 1, in this store */
	uint8_t id[16]; /* of the audit (scaudit_attach.session) */
	char vm[64];
	char engine[16];
	char host_kernel[64];
	char ended[32]; /* why it ended: "stopped", "vm gone", …; empty: has not, or crashed */
	uint64_t begin; /* ns since the epoch */
	uint64_t end; /* ns; 0 while it runs */
	uint32_t tsc_khz;
	/* What the recorder was told to leave out (screcord --only, --skip, --snaplen) or empty. */
	char only[SC_CHOICE_LEN];
	char skip[SC_CHOICE_LEN];
	char snaplen[SC_CHOICE_LEN];
	uint64_t skipped; /* calls left out so */
};

/* ---- writing ---- */

struct sc_writer;

/* A call that has not returned when its block was written. */
struct sc_open_call {
	uint64_t seq;
	uint64_t ts, tsc;
	uint64_t nr;
	uint64_t rip, rsp, cr3, fs_base;
	uint8_t abi, insn;
	struct sc_task task;
};

/*
 * Open a store for writing, making it where there is none, and begin a session,
 * or go on with the last one where its id is the same and it has no end (in a new
 * segment, where it leaves out something else now).
 * A torn tail of the last segment is cut off; what lay behind the last whole
 * block is not lost to the ring, whose reader goes on at sc_writer_last_event().
 * A last session with another id and no end gets one ("crashed"). An index that
 * is missing or damaged is made again from the segments.
 * @dir     made with its parents (mode 0700) where missing
 * @session in: id, vm, engine, host_kernel, begin, tsc_khz, only, skip, snaplen; out: number
 * @notice  a line about what was repaired, or empty
 * @retval -EBUSY another writer has it open  @retval -EPROTO its schema is newer
 * @retval -EINVAL dir is something else than a store  @retval other errno of the system
 */
int sc_writer_open(const char *dir, struct sc_session *session, struct sc_writer **writer,
		   struct sc_error *notice, struct sc_error *err);

/*
 * The same with what is written sealed by a key (seal.h): heads, blocks and footers. A segment
 * has one key: where another is given than before, the session goes on in a new segment.
 * @key  copied; NULL: nothing is sealed
 */
int sc_writer_open_sealed(const char *dir, struct sc_session *session,
			  const struct sc_secret_key *key, struct sc_writer **writer,
			  struct sc_error *notice, struct sc_error *err);

/* Number of the last event of this session that is durable; 0: none. */
uint64_t sc_writer_last_event(const struct sc_writer *w);

/*
 * The calls of this session that were open when its last block was written.
 * @calls  array owned by the writer, valid until the first sc_writer_flush()
 */
size_t sc_writer_open_calls(const struct sc_writer *w, const struct sc_open_call **calls);

/*
 * Add a call. Its seq is given by the writer; task and payload are copied.
 * Nothing is durable, or seen by readers, before sc_writer_flush().
 * @call  seq and session are ignored; state OPEN, ret and dur 0 as a rule
 * @seq   out
 * @retval -ENOSPC the block is full (SC_BLOCK_ROWS calls, or 16 MiB of payload): flush first
 * @retval -EMSGSIZE the payload is longer than SC_PAYLOAD_MAX  @retval -ENOMEM
 */
int sc_writer_call(struct sc_writer *w, const struct sc_call *call, uint64_t *seq);

/*
 * The same for a call as the module tells of it, with the pieces behind it that its size
 * says: what a recorder does most.
 * @entry  valid as far as head.size goes; 0 there: without pieces
 * @state  OPEN or UNWANTED
 */
int sc_writer_entry(struct sc_writer *w, const struct scaudit_entry *entry,
		    const struct sc_task *task, enum sc_state state, uint64_t *seq);

/* The calls that wait, for those who put them there themselves (rowset.h). Owned by the writer. */
struct sc_rowset;
struct sc_rowset *sc_writer_rowset(struct sc_writer *w);

/*
 * Say how a call ended, whatever block it is in: in place where it is still in
 * memory, else by a completion that names it.
 * @retval -ENOENT no open call has this seq  @retval -EINVAL state is no end
 * @retval -ENOSPC SC_BLOCK_ROWS completions wait: flush first  @retval -ENOMEM
 */
int sc_writer_complete(struct sc_writer *w, uint64_t seq, enum sc_state state, int64_t ret,
		       uint64_t dur);

/*
 * The same with the pieces behind the return, as its size says: the call's payload is those
 * of its entry, then these. Nothing is done where it fails.
 * @event  NULL: none
 * @retval -ENOSPC also: 16 MiB of payload wait
 */
int sc_writer_return(struct sc_writer *w, uint64_t seq, enum sc_state state, int64_t ret,
		     uint64_t dur, const struct scaudit_return *event);

/*
 * Put a snapshot (lib/format/snapshot.h: a CBOR sequence; opaque here) behind the calls so far: what
 * there was in the guest that the calls do not tell of. A block has one.
 * @bytes  copied
 * @retval -ENOSPC one waits already: flush first  @retval -EMSGSIZE longer than SC_SNAPSHOT_MAX
 * @retval -EINVAL it is empty  @retval -ENOMEM
 */
int sc_writer_snapshot(struct sc_writer *w, const void *bytes, size_t n);

/* How many calls the session has left out by choice; kept with the next block or the end. */
void sc_writer_skipped(struct sc_writer *w, uint64_t calls);

/*
 * Add a gap; session and after_seq are filled in by the writer. One that follows
 * another of its kind at the same place is added to that.
 * @retval -ENOSPC SC_BLOCK_ROWS gaps wait: flush first  @retval -ENOMEM
 */
int sc_writer_gap(struct sc_writer *w, const struct sc_gap *gap);

/* Rows, completions, gaps and snapshots waiting for sc_writer_flush(). */
size_t sc_writer_pending(const struct sc_writer *w);

/*
 * Make everything durable: a block at the end of the segment, fdatasync, then
 * the index in one transaction. After success the events up to last_event may
 * be forgotten by the ring. After a failure (disk full) nothing is lost: the
 * rows stay in memory, what the write left behind is cut off, and the call can
 * be made again. Where nothing waits, nothing is written, last_event neither.
 * @last_event  number of the last event that the rows hold
 */
int sc_writer_flush(struct sc_writer *w, uint64_t last_event, struct sc_error *err);

#define SC_SEGMENT_BYTES_MIN (64u << 10)
#define SC_SEGMENTS_LEAST 8u /* that a store should be able to hold, so that one can go */

/* What a store may grow to. A zero is no limit. */
struct sc_limits {
	uint64_t segment_bytes; /* a segment that has grown beyond is closed; 0: as keep_bytes wants */
	uint64_t segment_ns; /* … or that was begun so long ago */
	uint64_t keep_bytes; /* segments, and what is in use of the index */
	uint64_t keep_ns; /* age of a segment's last call */
	uint64_t min_free; /* bytes that are to be left on the file system */
	bool reserve; /* keep some room by, for telling of a removal when the disk is full */
};

/* The size of segments with which a store of so many bytes has enough of them. */
uint64_t sc_segment_bytes_for(uint64_t keep_bytes);

/* From now on. */
void sc_writer_limit(struct sc_writer *w, const struct sc_limits *limits);

/*
 * Remove the oldest closed segments where a limit wants it, after saying so in the chain. A kill
 * at any moment leaves a store that says what was removed, and an index that names nothing that
 * is not there. Cheap where nothing is to be done: for every second.
 * @now   ns since the epoch
 * @full  the disk is full: at least one has to go
 * @retval 1 some were removed  @retval 0 none  @retval negative errno: try again later
 */
int sc_writer_retain(struct sc_writer *w, uint64_t now, bool full, struct sc_error *err);

/* How much was ever retired from the store. */
void sc_writer_retired(const struct sc_writer *w, uint64_t *calls, uint64_t *segments);

/* Say in the chain that the disk was full for a while. @from, @to  ns since the epoch */
int sc_writer_full(struct sc_writer *w, uint64_t from, uint64_t to, struct sc_error *err);

/* Bytes of all segments and the index, as of the last flush. */
uint64_t sc_writer_bytes(const struct sc_writer *w);

/* Calls of this store, as of the last flush. */
uint64_t sc_writer_calls(const struct sc_writer *w);

/*
 * Flush, write the segment's footer, end the session and free the writer: free
 * it also where the rest fails (the next sc_writer_open() then goes on with the
 * session).
 * @ended  why ("stopped", "vm gone", …); NULL: the session goes on later, nothing
 *         is written, and what waits is dropped (the ring still has its events:
 *         they are behind sc_writer_last_event())
 */
int sc_writer_close(struct sc_writer *w, const char *ended, struct sc_error *err);

/* What sc_store_prune() has done. */
struct sc_pruned {
	uint64_t segments, calls; /* removed */
	uint64_t bytes; /* that this has freed */
	uint64_t left; /* bytes of the store now */
	bool unsealed; /* the store was sealed, and what tells of this is not */
};

/*
 * Remove the oldest segments of a store that nobody is recording to, as sc_writer_retain() does.
 * What a crash has left unfinished is put right first, as by sc_writer_open().
 * @limits  keep_bytes, keep_ns and min_free count
 * @key     by which what tells of it is sealed; NULL: not at all
 * @retval -EBUSY a recorder is at work  @retval others as of sc_writer_open()
 */
int sc_store_prune(const char *dir, const struct sc_limits *limits, const struct sc_secret_key *key,
		   struct sc_pruned *pruned, struct sc_error *notice, struct sc_error *err);

/* ---- reading ---- */

struct sc_store;

/*
 * Open a store for reading. Writes nothing, and needs no write permission where
 * no writer is at work.
 * @retval -ENOENT no such folder  @retval -EINVAL not a store
 * @retval -EPROTO newer schema  @retval -EACCES unreadable
 */
int sc_store_open(const char *dir, struct sc_store **store, struct sc_error *err);
void sc_store_close(struct sc_store *s);

/*
 * What is wrong with the store as a whole (its index is missing, the end of a
 * segment is torn), though it could be opened; empty where nothing is. A store
 * with a notice is damaged (SC_EXIT_DAMAGED) even if every block can be read.
 */
const char *sc_store_notice(const struct sc_store *s);

/* A thread, as the tasks that it makes calls as have it. */
struct sc_caller {
	uint32_t pid, tid;
	uint64_t start;
};

/* Put a list in the order in which a filter wants it. */
void sc_callers_sort(struct sc_caller *list, size_t n);

/* Calls by their numbers, both ends included. */
struct sc_range {
	uint64_t first, last;
};

/* Which calls. An empty list, or a zero, is no condition; conditions are ANDed. */
struct sc_filter {
	const uint32_t *pids, *tids; /* any of */
	size_t n_pids, n_tids;
	const char *const *comms; /* any of, exact */
	size_t n_comms;
	bool tree; /* only of these threads, sorted; none where the list is empty */
	const struct sc_caller *callers;
	size_t n_callers;
	/* numbers, each with its calling convention: abi << 32 | nr */
	const uint64_t *nrs;
	size_t n_nrs;
	bool nrs_not; /* none of, instead of any of */
	uint64_t since, until; /* ns; ts >= since, ts < until; until 0: open */
	unsigned abis, insns; /* any of: bits 1 << enum sc_abi, 1 << enum scaudit_insn */
	bool failed; /* only calls that returned an error */
	bool successful; /* only calls that returned no error */
	const struct sc_range *ranges; /* in any of: rising, without overlap, none empty */
	size_t n_ranges;
	struct sc_expr *expr; /* for which this is true (expr.h); NULL: no condition */
	const void *needle; /* bytes that are somewhere in the call's payload */
	size_t needle_len; /* 0: no condition */
};

/* Columns a scan must bring; the rest of struct sc_call is then 0. */
#define SC_COL_ALL (~0u)
#define SC_COL_TIME 0x0001u /* ts, dur */
#define SC_COL_TASK 0x0002u
#define SC_COL_NR 0x0004u /* nr, abi, insn */
#define SC_COL_ARGS 0x0008u
#define SC_COL_RET 0x0010u /* ret, state, dur */
#define SC_COL_CPU 0x0020u /* vcpu, cpl */
#define SC_COL_REGS 0x0040u /* rip, rsp, rflags, cr3, fs_base, gs_base */
#define SC_COL_TSC 0x0080u
#define SC_COL_PAYLOAD 0x0100u

/* What a scan could not read. */
struct sc_damage {
	uint64_t blocks; /* unreadable blocks (or columns of them) that were passed over */
	uint64_t calls; /* calls in them, as far as is known */
	struct sc_error first; /* the first of them */
};

/* A call of the scan; return 0 to go on, anything else ends it and is handed on. */
typedef int sc_call_fn(const struct sc_call *call, void *arg);

/*
 * Calls in order of seq (reverse: falling), completions already merged in.
 * A damaged block is passed over and counted. A call that comes while its
 * completion cannot be read is shown open, and that block is counted. fn may
 * scan the same store. A syscall number is its low 32 bits, as Linux takes it. A filter whose
 * expression asks for what only a history knows (expr.h) goes by history_run.h: session by
 * session, and never in reverse.
 * @filter  NULL: all of them
 * @columns SC_COL_* that fn will look at; those the filter needs are added
 * @damage  may be NULL; added to, not cleared
 * @retval 0 to the end  @retval what fn returned  @retval negative errno
 */
int sc_store_scan(struct sc_store *s, const struct sc_filter *filter, unsigned columns,
		  bool reverse, sc_call_fn *fn, void *arg, struct sc_damage *damage,
		  struct sc_error *err);

/* Where a store ends. */
struct sc_store_end {
	uint64_t block; /* its number; 0: there is none */
	uint64_t seq; /* of the last call up to there; 0: there is none */
};

int sc_store_end(struct sc_store *s, struct sc_store_end *end, struct sc_error *err);

/* The end of the next blocks, `most` of them at most; as it was where there are none. */
int sc_store_next_end(struct sc_store *s, uint64_t most, struct sc_store_end *end,
		      struct sc_error *err);

/*
 * The calls before a number whose end the blocks behind one, and up to another, tell of. A
 * block that cannot be read is passed over: a scan of it counts it.
 * @ranges  out: the caller's to free(); of calls, rising
 */
int sc_store_ended(struct sc_store *s, uint64_t behind, uint64_t upto, uint64_t before_seq,
		   struct sc_range **ranges, size_t *n, struct sc_error *err);

/* The folder, as it was opened. */
const char *sc_store_dir(const struct sc_store *s);

/*
 * Be asked before each block of each scan that is begun from now on, but for those that a scan's
 * own function makes: for showing how far it is, and for ending it.
 * @done, @all  blocks behind it, and of this scan
 * @retval 0 to go on; anything else ends the scan and is handed on
 */
typedef int sc_watch_fn(uint64_t done, uint64_t all, void *arg);
void sc_store_watch(struct sc_store *s, sc_watch_fn *fn, void *arg);

/*
 * How many threads sc_store_scan() may use; 0, as it is at first: as many as there are processors.
 * Calls are handed over by the thread that called it, in any case.
 */
void sc_store_threads(struct sc_store *s, unsigned threads);

/* Blocks read by the last scan, and blocks there are: for tests and benchmarks. */
void sc_store_scan_cost(const struct sc_store *s, uint64_t *read, uint64_t *all);

/* Sessions and gaps in order; arrays are the caller's to free(). */
int sc_store_sessions(struct sc_store *s, struct sc_session **sessions, size_t *count,
		      struct sc_error *err);
int sc_store_gaps(struct sc_store *s, struct sc_gap **gaps, size_t *count, struct sc_error *err);

/* Facts of the store's life (fact.h), retired ones first; likewise. These are gaps, too. */
struct sc_fact;
int sc_store_facts(struct sc_store *s, struct sc_fact **facts, size_t *count, struct sc_error *err);

/* A snapshot of a session. */
struct sc_stored_snapshot {
	const void *bytes; /* hostile; valid in the callback */
	size_t len;
	uint64_t time; /* when it was put, ns since the epoch */
	uint64_t after_seq; /* it lies behind this call; 0: ahead of all */
};

/* Return 0 to go on, anything else ends it and is handed on. */
typedef int sc_snapshot_fn(const struct sc_stored_snapshot *snapshot, void *arg);

/*
 * The snapshots of a session in order.
 * @damage  may be NULL; added to, not cleared
 * @retval 0 to the end (also where there are none)  @retval what fn returned
 * @retval negative errno
 */
int sc_store_snapshots(struct sc_store *s, uint32_t session, sc_snapshot_fn *fn, void *arg,
		       struct sc_damage *damage, struct sc_error *err);

/* A task version, with when and how much it was seen. */
struct sc_task_seen {
	struct sc_task task;
	uint32_t session;
	uint64_t first, last; /* of its calls, ns since the epoch */
	uint64_t calls;
};

/* All task versions in order of first; the array is the caller's to free(). */
int sc_store_tasks(struct sc_store *s, struct sc_task_seen **tasks, size_t *count,
		   struct sc_error *err);

#endif
