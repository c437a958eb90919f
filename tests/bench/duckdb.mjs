// SPDX-License-Identifier: GPL-2.0-only
// duckdb.mjs MODULES CSV DIR PID SINCE: DuckDB with the rows of `rows`: what it takes to put them
// there, their size, and how many it goes through in a second. Seconds are this process's CPU
// time where there is one thread, else the clock's; of three turns the least. pid-since is a process
// of its own from its start to its end, as ours is, less what node takes that does nothing.
import { createRequire } from 'node:module';
import { statSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

// With sizes instead of PID nothing is asked; with a query instead of CSV that alone is.
const [modules, csv, dir, pid, since] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const file = dir + '/calls.duckdb';
const row = (name, value, unit, peer = 'duckdb') => console.log(`peer/${peer}/${name} ${value} ${unit}`);

if (csv.startsWith('SELECT')) {
	const one = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
	await (await one.connect()).runAndReadAll(csv);
	process.exit(0);
}
for (const f of [file, file + '.wal']) rmSync(f, { force: true });
const db = await DuckDBInstance.create(file, { threads: '1' });
const c = await db.connect();
// The fewest seconds of `turns` turns.
async function best(sql, turns = 3, wall = false) {
	let least = Infinity;
	for (let i = 0; i < turns; i++) {
		const cpu = process.cpuUsage(), from = process.hrtime.bigint();
		await c.runAndReadAll(sql);
		const u = process.cpuUsage(cpu);
		const s = wall ? Number(process.hrtime.bigint() - from) / 1e9 : (u.user + u.system) / 1e6;
		least = Math.min(least, s);
	}
	return least;
}
const load = await best(`CREATE TABLE calls AS SELECT * FROM read_csv('${csv}', header = true,
	columns = {seq: 'UBIGINT', ts: 'UBIGINT', dur: 'UBIGINT', pid: 'UINTEGER', tid: 'UINTEGER',
	uid: 'UINTEGER', comm: 'VARCHAR', abi: 'UTINYINT', nr: 'UBIGINT', a0: 'BIGINT', a1: 'BIGINT',
	a2: 'BIGINT', a3: 'BIGINT', a4: 'BIGINT', a5: 'BIGINT', ret: 'BIGINT', state: 'UTINYINT',
	path: 'VARCHAR'})`, 1);
const n = Number((await c.runAndReadAll('SELECT count(*) FROM calls')).getRows()[0][0]);
await c.run('CHECKPOINT');
if (pid === 'sizes') {
	row('ingest', (n / load).toFixed(0), 'calls/s');
	row('size/mixed', (statSync(file).size / n).toFixed(2), 'bytes/call');
	const parquet = dir + '/calls.parquet';
	await c.run(`COPY calls TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`);
	row('size/mixed', (statSync(parquet).size / n).toFixed(2), 'bytes/call', 'parquet-zstd');
	process.exit(0);
}

const questions = {
	'scan/number': 'SELECT count(*) FROM calls WHERE nr IN (257, 59)',
	'scan/result': 'SELECT count(*) FROM calls WHERE ret BETWEEN -4095 AND -1',
	summary: `SELECT nr, count(*), sum(CASE WHEN ret BETWEEN -4095 AND -1 THEN 1 ELSE 0 END),
		count(ret), sum(CASE WHEN ret IS NULL THEN 0 ELSE dur END) FROM calls GROUP BY nr`,
	'path-search': `SELECT count(*) FROM calls WHERE contains(path, '/token_')`,
	'group/comm': 'SELECT comm, count(*) FROM calls GROUP BY comm',
};
for (const threads of [1, 2]) {
	await c.run(`SET threads = ${threads}`);
	for (const [name, sql] of Object.entries(questions))
		row(threads > 1 ? `${name}/${threads}-threads` : name,
			(n / await best(sql, 3, threads > 1)).toFixed(0), 'calls/s');
}
await c.run('SET threads = 1');
const calls_of = `SELECT * FROM calls WHERE pid = ${pid} AND ts >= ${since}`;
row('pid-since/warm', (await best(calls_of, 5)).toFixed(6), 's');
row('rss', process.memoryUsage().rss, 'bytes');
c.closeSync();
db.closeSync();

// The fewest seconds of a process of ten.
function process_takes(...args) {
	let least = Infinity;
	for (let i = 0; i < 10; i++) {
		const from = process.hrtime.bigint();
		const { status, stderr } = spawnSync(process.execPath, args);
		least = Math.min(least, Number(process.hrtime.bigint() - from) / 1e9);
		if (status) throw new Error(`duckdb.mjs: a query of its own: ${stderr}`);
	}
	return least;
}
row('pid-since', (process_takes(process.argv[1], modules, calls_of, dir) - process_takes('-e', '0')).toFixed(6),
	's');
for (const f of [file, file + '.wal']) rmSync(f, { force: true });
