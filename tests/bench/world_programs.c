// SPDX-License-Identifier: GPL-2.0-only
/* What programs do, call by call. */
#include "world.h"

#define N(steps) ((uint16_t)(sizeof(steps) / sizeof(*(steps))))

/* What the dynamic loader and the C library do before main(). */
static const struct world_step start[] = {
	{ 59, WORLD_EXEC, WORLD_PROGRAMS, 1, 180000 },
	{ 12, WORLD_BREAK, 0, 1, 300 },
	{ 9, WORLD_MAP, 0, 1, 900 },
	{ 21, WORLD_ACCESS, WORLD_SETTINGS, 1, 1400 },
	{ 257, WORLD_OPEN, WORLD_SETTINGS, 1, 2600 },
	{ 262, WORLD_FSTAT, 0, 1, 500 },
	{ 9, WORLD_MAP, 0, 1, 1500 },
	{ 3, WORLD_CLOSE, 0, 1, 300 },
	{ 257, WORLD_OPEN, WORLD_LIBRARIES, 1, 2900 },
	{ 0, WORLD_READ, 0, 1, 800 },
	{ 17, WORLD_POSITIONED, 0, 3, 500 },
	{ 262, WORLD_FSTAT, 0, 1, 500 },
	{ 9, WORLD_MAP, 0, 6, 2100 },
	{ 3, WORLD_CLOSE, 0, 1, 300 },
	{ 158, WORLD_NONE, 0, 1, 200 },
	{ 218, WORLD_NONE, 0, 1, 200 },
	{ 10, WORLD_PROTECT, 0, 4, 1800 },
	{ 11, WORLD_UNMAP, 0, 1, 2800 },
	{ 318, WORLD_RANDOM, 0, 1, 400 },
	{ 12, WORLD_BREAK, 0, 2, 600 },
};

static const struct world_step web[] = {
	{ 232, WORLD_EVENTS, 0, 1, 350000 },	  { 288, WORLD_ACCEPT, 0, 1, 4200 },
	{ 233, WORLD_NONE, 0, 1, 700 },		  { 45, WORLD_RECEIVE, 0, 1, 1900 },
	{ 257, WORLD_OPEN, WORLD_SITE, 1, 3800 }, { 262, WORLD_FSTAT, 0, 1, 500 },
	{ 20, WORLD_SEND, 0, 1, 9000 },		  { 40, WORLD_SEND, 0, 2, 14000 },
	{ 1, WORLD_WRITE, 0, 1, 2200 },		  { 3, WORLD_CLOSE, 0, 1, 600 },
	{ 45, WORLD_AGAIN, 0, 1, 500 },		  { 257, WORLD_PROBE, WORLD_SITE, 1, 2800 },
};

static const struct world_step database[] = {
	{ 232, WORLD_EVENTS, 0, 1, 180000 }, { 45, WORLD_RECEIVE, 0, 1, 1500 },
	{ 228, WORLD_CLOCK, 0, 1, 150 },     { 17, WORLD_POSITIONED, 0, 8, 2700 },
	{ 202, WORLD_FUTEX, 0, 2, 600 },     { 18, WORLD_POSITIONED, 0, 2, 5200 },
	{ 75, WORLD_SYNC, 0, 1, 1200000 },   { 44, WORLD_SEND, 0, 1, 5100 },
	{ 45, WORLD_AGAIN, 0, 1, 400 },
};

static const struct world_step compiler[] = {
	{ 257, WORLD_PROBE, WORLD_HEADERS, 6, 2100 },
	{ 257, WORLD_OPEN, WORLD_HEADERS, 1, 3300 },
	{ 262, WORLD_FSTAT, 0, 1, 500 },
	{ 0, WORLD_READ, 0, 2, 3900 },
	{ 0, WORLD_READ_END, 0, 1, 350 },
	{ 3, WORLD_CLOSE, 0, 1, 400 },
	{ 12, WORLD_BREAK, 0, 1, 900 },
	{ 9, WORLD_MAP, 0, 1, 2400 },
	{ 11, WORLD_UNMAP, 0, 1, 6100 },
};

static const struct world_step assembler[] = {
	{ 257, WORLD_OPEN, WORLD_SCRATCH, 1, 7400 },
	{ 262, WORLD_FSTAT, 0, 1, 500 },
	{ 0, WORLD_READ, 0, 12, 2800 },
	{ 1, WORLD_WRITE, 0, 12, 4600 },
	{ 8, WORLD_SEEK, 0, 4, 200 },
	{ 3, WORLD_CLOSE, 0, 1, 3900 },
	{ 87, WORLD_REMOVE, WORLD_SCRATCH, 1, 12000 },
};

static const struct world_step make[] = {
	{ 262, WORLD_STAT, WORLD_SOURCES, 20, 1700 },
	{ 262, WORLD_STAT_PROBE, WORLD_SOURCES, 6, 1300 },
	{ 293, WORLD_PIPE, 0, 1, 3700 },
	{ 14, WORLD_MASK, 0, 2, 200 },
	{ 56, WORLD_CLONE, 0, 1, 84000 },
	{ 3, WORLD_CLOSE, 0, 2, 400 },
	{ 61, WORLD_WAIT, 0, 1, 14000000 },
};

static const struct world_step shell[] = {
	{ 14, WORLD_MASK, 0, 3, 200 },
	{ 262, WORLD_STAT_PROBE, WORLD_PROGRAMS, 4, 1500 },
	{ 262, WORLD_STAT, WORLD_PROGRAMS, 1, 1700 },
	{ 293, WORLD_PIPE, 0, 1, 3600 },
	{ 56, WORLD_CLONE, 0, 1, 97000 },
	{ 14, WORLD_MASK, 0, 2, 200 },
	{ 3, WORLD_CLOSE, 0, 2, 400 },
	{ 0, WORLD_READ, 0, 2, 2900 },
	{ 61, WORLD_WAIT, 0, 1, 3500000 },
	{ 13, WORLD_ACTION, 0, 3, 200 },
	{ 16, WORLD_TERMINAL, 0, 1, 300 },
};

static const struct world_step find[] = {
	{ 262, WORLD_STAT, WORLD_SOURCES, 16, 1600 },
	{ 257, WORLD_OPEN, WORLD_SOURCES, 1, 3100 },
	{ 262, WORLD_FSTAT, 0, 1, 500 },
	{ 217, WORLD_LIST, 0, 1, 7200 },
	{ 217, WORLD_READ_END, 0, 1, 600 },
	{ 3, WORLD_CLOSE, 0, 1, 500 },
};

static const struct world_step grep[] = {
	{ 257, WORLD_OPEN, WORLD_SOURCES, 1, 2800 },
	{ 262, WORLD_FSTAT, 0, 1, 500 },
	{ 8, WORLD_SEEK, 0, 1, 200 },
	{ 0, WORLD_READ, 0, 2, 4700 },
	{ 0, WORLD_READ_END, 0, 1, 300 },
	{ 3, WORLD_CLOSE, 0, 1, 400 },
};

static const struct world_step archive[] = {
	{ 262, WORLD_STAT, WORLD_SOURCES, 1, 1600 },
	{ 257, WORLD_OPEN, WORLD_SOURCES, 1, 3100 },
	{ 0, WORLD_READ, 0, 8, 3500 },
	{ 1, WORLD_WRITE, 0, 8, 5700 },
	{ 3, WORLD_CLOSE, 0, 1, 500 },
};

static const struct world_step python[] = {
	{ 262, WORLD_STAT, WORLD_MODULES, 2, 1500 },
	{ 262, WORLD_STAT_PROBE, WORLD_MODULES, 5, 1300 },
	{ 257, WORLD_OPEN, WORLD_MODULES, 1, 3000 },
	{ 262, WORLD_FSTAT, 0, 2, 500 },
	{ 16, WORLD_TERMINAL, 0, 1, 300 },
	{ 8, WORLD_SEEK, 0, 3, 200 },
	{ 0, WORLD_READ, 0, 1, 5900 },
	{ 0, WORLD_READ_END, 0, 1, 300 },
	{ 3, WORLD_CLOSE, 0, 1, 400 },
	{ 12, WORLD_BREAK, 0, 1, 1000 },
	{ 89, WORLD_LINK, WORLD_MODULES, 1, 1300 },
};

static const struct world_step monitor[] = {
	{ 257, WORLD_OPEN, WORLD_PROCESSES, 1, 6900 },
	{ 0, WORLD_READ, 0, 1, 18000 },
	{ 3, WORLD_CLOSE, 0, 1, 900 },
	{ 257, WORLD_PROBE, WORLD_PROCESSES, 1, 2600 },
	{ 228, WORLD_CLOCK, 0, 1, 150 },
	{ 230, WORLD_SLEEP, 0, 1, 2000000 },
};

static const struct world_step virtual_machine[] = {
	{ 202, WORLD_FUTEX, 0, 4, 700 },    { 228, WORLD_CLOCK, 0, 3, 140 },
	{ 202, WORLD_SLEEP, 0, 1, 400000 }, { 28, WORLD_NONE, 0, 1, 2300 },
	{ 24, WORLD_NONE, 0, 2, 350 },	    { 45, WORLD_RECEIVE, 0, 1, 1700 },
	{ 44, WORLD_SEND, 0, 1, 4900 },
};

static const struct world_step copy[] = {
	{ 0, WORLD_READ, 0, 120, 250 },
	{ 1, WORLD_WRITE, 0, 120, 270 },
};

static const struct world_step interactive[] = {
	{ 270, WORLD_EVENTS, 0, 1, 6000000 }, { 0, WORLD_READ, 0, 1, 1100 },
	{ 1, WORLD_WRITE, 0, 2, 3800 },	      { 14, WORLD_MASK, 0, 2, 200 },
	{ 16, WORLD_TERMINAL, 0, 1, 300 },
};

static const struct world_step end[] = {
	{ 1, WORLD_WRITE, 0, 2, 2900 },
	{ 3, WORLD_CLOSE, 0, 2, 400 },
	{ 231, WORLD_EXIT, 0, 1, 1 },
};

const struct world_program world_programs[] = {
	{ "nginx", start, web, N(start), N(web), 0, 130, 1, 2600 },
	{ "postgres", start, database, N(start), N(database), 0, 130, 1, 5200 },
	{ "cc1", start, compiler, N(start), N(compiler), 220, 160, 1, 7400 },
	{ "as", start, assembler, N(start), N(assembler), 40, 60, 1, 3000 },
	{ "make", start, make, N(start), N(make), 90, 40, 1, 2200 },
	{ "sh", start, shell, N(start), N(shell), 25, 60, 1, 1900 },
	{ "bash", start, interactive, N(start), N(interactive), 0, 40, 1, 2500 },
	{ "find", start, find, N(start), N(find), 400, 50, 1, 1100 },
	{ "grep", start, grep, N(start), N(grep), 900, 50, 1, 2800 },
	{ "tar", start, archive, N(start), N(archive), 500, 50, 1, 1700 },
	{ "python3", start, python, N(start), N(python), 300, 90, 1, 6000 },
	{ "node-exporter", start, monitor, N(start), N(monitor), 0, 30, 4, 3100 },
	{ "java", start, virtual_machine, N(start), N(virtual_machine), 0, 90, 16, 3900 },
	{ "dd", start, copy, N(start), N(copy), 200, 15, 1, 180 },
	{ "true", start, end, N(start), N(end), 1, 5, 1, 900 },
};

const unsigned world_n_programs = sizeof(world_programs) / sizeof(*world_programs);
