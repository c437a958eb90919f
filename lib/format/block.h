/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block: up to SC_BLOCK_ROWS calls as columns, with the tasks that made them,
 * completions of calls of earlier blocks, and gaps. It needs nothing outside
 * itself to be understood. In memory each column is an array of its own, in the
 * writer from the moment a call comes in.
 */
#ifndef SC_BLOCK_H
#define SC_BLOCK_H

#include "column.h"
#include "item.h"
#include "seal.h"
#include "store/store.h"

#define SC_BLOCK_PAYLOAD (16u << 20) /* most payload bytes of a block's calls, or completions */
#define SC_BLOCK_NUMBERS 1024u /* distinct syscall numbers that a head lists */
#define SC_COMM_LEN 16u

/* What a column has an element for. */
enum sc_rows {
	SC_ROWS_CALL,
	SC_ROWS_PAYLOAD, /* a byte of the payloads, one behind the other */
	SC_ROWS_TASK,
	SC_ROWS_COMM, /* a byte of the tasks' names, 16 each */
	SC_ROWS_COMPLETION,
	SC_ROWS_LATE, /* a byte of the completions' payloads, one behind the other */
	SC_ROWS_GAP,
	SC_ROWS_SNAPSHOT, /* a byte of the snapshot */
	SC_ROWS_KINDS,
};

enum sc_column_id {
	SC_C_TS,
	SC_C_DUR,
	SC_C_TSC,
	SC_C_VCPU,
	SC_C_TASK, /* index among the block's tasks */
	SC_C_ABI,
	SC_C_INSN,
	SC_C_CPL,
	SC_C_STATE,
	SC_C_NR,
	SC_C_ARG0,
	SC_C_ARG5 = SC_C_ARG0 + 5,
	SC_C_RET,
	SC_C_RIP,
	SC_C_RSP,
	SC_C_RFLAGS,
	SC_C_CR3,
	SC_C_FS_BASE,
	SC_C_GS_BASE,
	SC_C_PAYLOAD_SIZE,
	SC_C_PAYLOAD,
	SC_T_KEY,
	SC_T_START,
	SC_T_CR3,
	SC_T_KNOWN,
	SC_T_PID,
	SC_T_TID,
	SC_T_PPID,
	SC_T_UID,
	SC_T_GID,
	SC_T_FIRST,
	SC_T_LAST,
	SC_T_CALLS,
	SC_T_COMM,
	SC_D_SEQ,
	SC_D_STATE,
	SC_D_RET,
	SC_D_DUR,
	SC_D_PAYLOAD_SIZE,
	SC_D_PAYLOAD,
	SC_G_REASON,
	SC_G_VCPU,
	SC_G_ENTRIES,
	SC_G_RETURNS,
	SC_G_FIRST,
	SC_G_LAST,
	SC_G_AFTER,
	SC_S_SNAPSHOT,
	SC_COLUMN_IDS,
};

#define SC_BIT(id) (1ULL << (id))
#define SC_BITS(from, to) ((SC_BIT((to) + 1) - 1) & ~(SC_BIT(from) - 1))
#define SC_BITS_CALL SC_BITS(SC_C_TS, SC_C_PAYLOAD)
#define SC_BITS_TASK SC_BITS(SC_T_KEY, SC_T_COMM)
#define SC_BITS_COMPLETION SC_BITS(SC_D_SEQ, SC_D_DUR) /* without their payloads */
#define SC_BITS_LATE SC_BITS(SC_D_PAYLOAD_SIZE, SC_D_PAYLOAD)
#define SC_BITS_GAP SC_BITS(SC_G_REASON, SC_G_AFTER)
#define SC_BITS_ALL (SC_BIT(SC_COLUMN_IDS) - 1)

struct sc_block_head {
	uint64_t number; /* in the store, from 1, without holes */
	uint32_t session;
	uint8_t id[16]; /* of the session */
	uint64_t first; /* seq of the first row, or of the next there will be */
	uint64_t event; /* number of the last event of the session that this block holds */
	uint64_t ts_min, ts_max; /* of the rows; both 0 where there are none */
	uint32_t count[SC_ROWS_KINDS]; /* PAYLOAD, LATE, SNAPSHOT in bytes, COMM unused */
	uint32_t open; /* rows in state OPEN */
	uint64_t skipped; /* calls of the session left out by choice, as of this block */
	uint64_t snapshot_time; /* of the snapshot, if there is one; ns since the epoch */
	uint64_t snapshot_after; /* … it lies behind this call */
	bool any_number; /* too many syscall numbers to list */
	const uint8_t *numbers; /* CBOR array of uint, rising: abi << 32 | nr; into the head */
	size_t numbers_len; /* bytes */
	const uint8_t *facts; /* of the store's life (fact.h): CBOR; likewise */
	size_t facts_len; /* bytes; 0: none */
	uint8_t prev[SC_HASH_LEN];
	uint8_t body[SC_HASH_LEN]; /* SHA-256 of the columns as they lie in the item */
	struct sc_seal seal; /* reading only */
};

struct sc_block {
	struct sc_block_head h;
	uint64_t have; /* SC_BIT of each column whose array below is filled */
	uint64_t *col[SC_COLUMN_IDS]; /* of h.count[] elements; NULL for bytes */
	uint32_t cap[SC_COLUMN_IDS]; /* elements that there is room for, where it is kept */
	bool lent; /* the columns of calls are somebody else's */
	uint64_t *slab; /* one piece of memory for many of them … */
	uint64_t in_slab; /* … namely SC_BIT of these */
	uint8_t *payload, *late, *snapshot, *comm;
	struct sc_task *tasks; /* filled when SC_BITS_TASK are loaded */
	uint32_t *payload_at; /* where each row's payload begins, when loaded */
	uint32_t payload_at_cap;
	uint32_t *late_at; /* likewise each completion's */
	/* reading only */
	struct sc_item item;
	uint64_t length; /* of the item in bytes */
	struct {
		struct sc_column c;
		uint64_t offset; /* in the file, of the byte string */
		bool present; /* absent: all zero */
	} dir[SC_COLUMN_IDS];
	struct sc_buf stored;
	struct sc_column_scratch scratch;
	struct sc_context context; /* of the calls */
	uint64_t *results; /* ret as it is stored, once sc_block_keep_results() was asked */
	uint32_t results_cap;
	bool results_kept;
	bool payload_there; /* payload has its bytes, whatever `have` says */
	struct sc_column_hint hints[SC_COLUMN_IDS]; /* writing only, as are: */
	struct sc_buf list, body, numbers;
	const struct sc_sealer *by; /* NULL: not sealed */
	uint32_t tsc_khz; /* given; 0: it is measured */
	uint64_t slope; /* of the TSC (line.h), and … */
	unsigned slope_blocks; /* … for how many more blocks it is good */
};

/* Which SC_ROWS_* a column belongs to. */
enum sc_rows sc_column_rows(enum sc_column_id id);

/* Name in the segment. */
const char *sc_column_name(enum sc_column_id id);

/* Is it bytes (payloads, comm, the snapshot), and not numbers? */
bool sc_column_is_bytes(enum sc_column_id id);

/* These bytes; NULL: there are none, or they are not loaded. */
const uint8_t *sc_column_bytes(const struct sc_block *b, enum sc_column_id id);

/* Elements that it has in a block. */
uint32_t sc_column_count(const struct sc_block *b, enum sc_column_id id);

/* Make room for n rows of each column in the mask; what a smaller array held is lost. */
int sc_block_alloc(struct sc_block *b, uint64_t mask, uint32_t n);

void sc_block_free(struct sc_block *b);

/* The syscall key of a number: what h.numbers lists and struct sc_filter names. */
static inline uint64_t sc_number_key(uint64_t abi, uint64_t nr)
{
	return abi << 32 | (uint32_t)nr;
}

/* Fill in ts_min, ts_max and open of the head: sc_block_encode() does it, too. */
void sc_block_ranges(struct sc_block *b);

/*
 * Make the columns of the tasks, with when and how often the rows, which are there, name them.
 * @tasks  n of them, that column `task` counts; b->tasks, until the caller takes it back
 * @retval -ENOMEM
 */
int sc_block_fill_tasks(struct sc_block *b, struct sc_task *tasks, uint32_t n);

/* The next row from this one on that is open; n: none of n is. @state the column */
uint32_t sc_block_next_open(const uint64_t *state, uint32_t from, uint32_t n);

/*
 * Encode a block. All of h but body, open, ts_min, ts_max and numbers is given;
 * these are filled in (numbers in the head buffer). SC_BITS_ALL must be filled.
 * @head, @out  emptied, then filled: the head, and the whole item
 * @retval -ENOMEM
 */
int sc_block_encode(struct sc_block *b, struct sc_buf *head, struct sc_buf *out);

/*
 * Read the head of the block at an offset and check that it makes sense and
 * that its columns lie inside the file. Arrays stay allocated, nothing is loaded.
 * @retval -EBADMSG damaged  @retval -ENODATA the file ends before  @retval other errno
 */
int sc_block_read(struct sc_block *b, int fd, uint64_t size, uint64_t offset);

/* The same for an item that has been read already into b->item. */
int sc_block_parse(struct sc_block *b, uint64_t size);

/*
 * Load columns (those that are not loaded yet). As some are told from others, what is in the
 * columns ts, vcpu, task, nr and rip has to stay as it was loaded.
 * @retval -EBADMSG damaged; *bad (may be NULL) is then the column
 */
int sc_block_load(struct sc_block *b, int fd, uint64_t mask, enum sc_column_id *bad);

/*
 * Before a reader changes what is in column ret, as others are told from it.
 * @retval -ENOMEM
 */
int sc_block_keep_results(struct sc_block *b);

/*
 * The bytes of payloads alone, in b->payload: whose they are sc_block_load() says, which takes
 * several columns for it and does not load the bytes again.
 * @retval -EBADMSG damaged  @retval other errno
 */
int sc_block_load_payload(struct sc_block *b, int fd);

/*
 * A column of numbers as it lies (sc_column_codes()), whether it is loaded or not.
 * @retval 1 it is not stored so: sc_block_load()  @retval -EBADMSG damaged
 */
int sc_block_codes(struct sc_block *b, int fd, enum sc_column_id id, struct sc_codes *out);

/* What a column of a block may be told from (line: memory for that). */
void sc_block_with(struct sc_block *b, enum sc_column_id id, struct sc_line *line,
		   struct sc_column_with *with);

/* Check the bytes of every column without decoding: checksums, and the SHA-256 of all. */
int sc_block_verify(struct sc_block *b, int fd);

#endif
