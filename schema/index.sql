-- SPDX-License-Identifier: GPL-2.0-only
-- The index of a store (index.db), schema version 2. It is made from the
-- segments and can be made again from them at any time: nothing lies here alone,
-- and nothing has a row per call. Compiled into the programs as it is. One of an
-- earlier layout (below, in meta) is put aside and made again.
--
-- SQLite integers have 64 bits and a sign. Bit patterns (key, cr3, rip, …) are
-- kept as they are; times and numbers above 2^63-1 are kept as 2^63-1.
-- Times are ns since the epoch unless said otherwise.

CREATE TABLE meta (
	name TEXT PRIMARY KEY,
	value
) WITHOUT ROWID;
INSERT INTO meta VALUES ('format', 'scaudit'), ('version', 2), ('layout', 3);

-- From a screcord start to its stop.
CREATE TABLE sessions (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL, -- 16 bytes, of the audit
	vm TEXT NOT NULL,
	engine TEXT NOT NULL,
	host_kernel TEXT NOT NULL,
	tsc_khz INTEGER NOT NULL,
	begin INTEGER NOT NULL,
	end INTEGER NOT NULL, -- 0: has not ended
	ended TEXT NOT NULL, -- why; empty: has not ended
	event INTEGER NOT NULL, -- last event of the audit that is in the store
	last INTEGER NOT NULL, -- time of the last call
	only TEXT NOT NULL, -- what the recorder was told to leave out; empty: nothing
	skip TEXT NOT NULL,
	snaplen TEXT NOT NULL,
	skipped INTEGER NOT NULL -- calls left out so
);

CREATE TABLE segments (
	number INTEGER PRIMARY KEY, -- segments/NNNNNN.scs
	session INTEGER NOT NULL,
	bytes INTEGER NOT NULL, -- end of its last whole item
	closed INTEGER NOT NULL, -- 1: it has a footer
	block INTEGER NOT NULL, -- number of the next block after its last one
	seq INTEGER NOT NULL, -- likewise of the next call
	hash BLOB NOT NULL -- SHA-256 of its last item's head
);

CREATE TABLE blocks (
	number INTEGER PRIMARY KEY,
	segment INTEGER NOT NULL,
	session INTEGER NOT NULL,
	offset INTEGER NOT NULL, -- in the segment's file, bytes
	length INTEGER NOT NULL, -- bytes
	first INTEGER NOT NULL, -- seq of the first row; the others follow without a hole
	rows INTEGER NOT NULL,
	open INTEGER NOT NULL, -- rows without a return in this block
	completions INTEGER NOT NULL, -- of rows of earlier blocks
	ts_min INTEGER NOT NULL, -- of the rows
	ts_max INTEGER NOT NULL,
	numbers BLOB, -- CBOR array of uint, rising: abi << 32 | nr; NULL: too many to list
	hash BLOB NOT NULL -- SHA-256 of its head
);
CREATE INDEX blocks_first ON blocks (first);
CREATE INDEX blocks_ts_max ON blocks (ts_max);
CREATE INDEX blocks_ts_min ON blocks (ts_min);

-- Which later blocks hold completions of a block's calls.
CREATE TABLE links (
	block INTEGER NOT NULL,
	later INTEGER NOT NULL,
	PRIMARY KEY (block, later)
) WITHOUT ROWID;

-- Task versions: one row for each set of equal fields, by session.
CREATE TABLE tasks (
	number INTEGER PRIMARY KEY,
	session INTEGER NOT NULL,
	key INTEGER NOT NULL, -- guest address of task_struct
	start INTEGER NOT NULL, -- ns, the guest's monotonic clock
	cr3 INTEGER NOT NULL,
	known INTEGER NOT NULL, -- SCAUDIT_KNOWN_*
	pid INTEGER NOT NULL,
	tid INTEGER NOT NULL,
	ppid INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	gid INTEGER NOT NULL,
	comm BLOB NOT NULL, -- without the NUL
	first INTEGER NOT NULL, -- of its calls
	last INTEGER NOT NULL,
	calls INTEGER NOT NULL
);
CREATE INDEX tasks_tid ON tasks (tid, key, cr3);
CREATE INDEX tasks_pid ON tasks (pid);
CREATE INDEX tasks_comm ON tasks (comm);

CREATE TABLE block_tasks (
	task INTEGER NOT NULL,
	block INTEGER NOT NULL,
	PRIMARY KEY (task, block)
) WITHOUT ROWID;

-- What is missing from the record, and why.
CREATE TABLE gaps (
	block INTEGER NOT NULL, -- that holds it
	session INTEGER NOT NULL,
	reason INTEGER NOT NULL, -- enum scaudit_reason
	vcpu INTEGER NOT NULL, -- 2^32-1: all
	entries INTEGER NOT NULL, -- -1: not known
	returns INTEGER NOT NULL, -- -1: not known
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	after_seq INTEGER NOT NULL -- it lies behind this call
);
CREATE INDEX gaps_block ON gaps (block);

-- Facts of the store's own life (lib/format/fact.h). Those of kind 1 stand for all segments that were
-- ever retired, oldest first; of these segments nothing else is here.
CREATE TABLE facts (
	block INTEGER NOT NULL, -- that holds it
	kind INTEGER NOT NULL, -- 1: retired, 2: the disk was full
	why INTEGER NOT NULL, -- of kind 1, as is all but session, begin and end: enum sc_why
	session INTEGER NOT NULL, -- 0: of several
	segment INTEGER NOT NULL, -- last one
	segments INTEGER NOT NULL, -- how many
	next_block INTEGER NOT NULL, -- first block that is left
	calls INTEGER NOT NULL,
	first INTEGER NOT NULL, -- their first call
	next INTEGER NOT NULL, -- and the one behind their last
	begin INTEGER NOT NULL, -- times of the first and last of the calls
	end INTEGER NOT NULL,
	hash BLOB NOT NULL -- SHA-256 of the last item's head
);

-- Blocks with a snapshot of what the calls do not tell of.
CREATE TABLE snapshots (
	block INTEGER PRIMARY KEY, -- that holds it
	session INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	time INTEGER NOT NULL,
	after_seq INTEGER NOT NULL -- it lies behind this call
);

-- Calls of the running session that have not returned, for its next writer.
CREATE TABLE open_calls (
	seq INTEGER PRIMARY KEY,
	ts INTEGER NOT NULL,
	tsc INTEGER NOT NULL,
	nr INTEGER NOT NULL,
	abi INTEGER NOT NULL,
	insn INTEGER NOT NULL,
	rip INTEGER NOT NULL,
	rsp INTEGER NOT NULL,
	cr3 INTEGER NOT NULL,
	fs_base INTEGER NOT NULL,
	task INTEGER NOT NULL -- tasks.number
);
