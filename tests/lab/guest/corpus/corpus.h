/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * corpus NAME: system calls that ordinary programs rarely make, for strace and a recording
 * to be compared. What they return does not matter, and nothing is checked: a call that
 * this kernel does not have is a row as well.
 */
#ifndef CORPUS_H
#define CORPUS_H

void attributes(void);
void clocks(void);
void credentials(void);
void datagrams(void);
void faults(void);
void files(void);
void limits(void);
void links(void);
void locks(void);
void mapping(void);
void messages(void);
void notify(void);
void oddities(void);
void polling(void);
void privileged(void);
void queues(void);
void rights(void);
void signals(void);
void spawning(void);
void stream(void);
void terminal(void);
void threads(void);
void timers(void);
void tracing(void);
void vectors(void);

/* For results that nobody wants. */
#define MAKE(call) ((void)!(call))

/* A file of the current folder with some text in it; returns a descriptor. */
int file_make(const char *name);

#endif
