// SPDX-License-Identifier: GPL-2.0-only
/* System V and POSIX message passing, terminals, and calls that few programs make. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

void messages(void)
{
	struct {
		long type;
		char text[16];
	} message = { 3, "a message" };
	struct sembuf operations[] = { { 0, 1, 0 }, { 1, -1, IPC_NOWAIT | SEM_UNDO } };
	unsigned short values[] = { 5, 6 };
	struct timespec wait = { 0, 1000000 };
	struct shmid_ds segment;
	struct semid_ds set;
	struct msqid_ds queue;
	int id;
	char *memory;

	id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0640);
	memory = shmat(id, NULL, 0);
	MAKE(shmat(id, memory, SHM_RDONLY));
	MAKE(shmctl(id, IPC_STAT, &segment));
	MAKE(shmdt(memory));
	MAKE(shmdt(memory));
	MAKE(shmctl(id, IPC_RMID, NULL));
	MAKE(shmget(0x1234, 4096, 0));
	id = semget(IPC_PRIVATE, 2, IPC_CREAT | IPC_EXCL | 0600);
	MAKE(semctl(id, 0, SETALL, values));
	MAKE(semop(id, operations, 2));
	operations[0].sem_op = -50;
	MAKE(semtimedop(id, operations, 1, &wait));
	MAKE(semctl(id, 1, GETVAL));
	MAKE(semctl(id, 1, SETVAL, 9));
	MAKE(semctl(id, 0, IPC_STAT, &set));
	MAKE(semctl(id, 0, IPC_RMID));
	id = msgget(0x4321, IPC_CREAT | 0666);
	MAKE(msgsnd(id, &message, 9, IPC_NOWAIT));
	MAKE(msgrcv(id, &message, 16, -5, MSG_NOERROR));
	MAKE(msgrcv(id, &message, 16, 0, IPC_NOWAIT));
	MAKE(msgctl(id, IPC_STAT, &queue));
	MAKE(msgctl(id, IPC_RMID, NULL));
	MAKE(msgget(0x4321, 0));
}

void queues(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	struct timespec past = { 1, 5 };
	unsigned priority;
	char bytes[64];
	int queue;

	queue = syscall(SYS_mq_open, "corpus", O_RDWR | O_CREAT, 0600, &attributes);
	MAKE(syscall(SYS_mq_open, "absent", O_RDONLY, 0, NULL));
	MAKE(syscall(SYS_mq_timedsend, queue, "message", 7, 3, NULL));
	MAKE(syscall(SYS_mq_timedreceive, queue, bytes, sizeof(bytes), &priority, NULL));
	MAKE(syscall(SYS_mq_timedreceive, queue, bytes, sizeof(bytes), &priority, &past));
	MAKE(syscall(SYS_mq_getsetattr, queue, &attributes, NULL));
	MAKE(syscall(SYS_mq_notify, queue, NULL));
	MAKE(syscall(SYS_mq_unlink, "corpus"));
}

void terminal(void)
{
	struct winsize size = { 25, 80, 0, 0 };
	struct termios settings;
	int master, slave, number, count;
	char name[64];

	master = posix_openpt(O_RDWR | O_NOCTTY);
	MAKE(grantpt(master));
	MAKE(unlockpt(master));
	MAKE(ptsname_r(master, name, sizeof(name)));
	slave = open(name, O_RDWR | O_NOCTTY);
	MAKE(ioctl(slave, TCGETS, &settings));
	MAKE(tcgetattr(slave, &settings));
	cfmakeraw(&settings);
	MAKE(tcsetattr(slave, TCSANOW, &settings));
	MAKE(ioctl(slave, TIOCSWINSZ, &size));
	MAKE(ioctl(master, TIOCGWINSZ, &size));
	MAKE(ioctl(master, TIOCGPTN, &number));
	MAKE(write(master, "typed\r", 6));
	MAKE(ioctl(slave, FIONREAD, &count));
	MAKE(read(slave, name, sizeof(name)));
	MAKE(ioctl(slave, TIOCGPGRP, &number));
	MAKE(ioctl(slave, TIOCSCTTY, 0));
	MAKE(ioctl(slave, TCFLSH, TCIOFLUSH));
	MAKE(ioctl(1, TCGETS, &settings));
	MAKE(ioctl(master, 0xdeadbeef, 0x1234));
	MAKE(ioctl(master, FIONBIO, &count));
	MAKE(ioctl(master, FIOCLEX));
	MAKE(ioctl(master, _IOWR('!', 99, char[24]), name));
}

/* What needs privileges; root has them, and the arguments make it fail. */
void privileged(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	struct new_utsname {
		char bytes[6 * 65];
	} system;

	MAKE(syscall(SYS_capget, &head, data));
	MAKE(syscall(SYS_capset, &head, data));
	MAKE(mount("none", "absent", "tmpfs", MS_NOSUID | MS_RELATIME, "size=1m"));
	MAKE(mkdir("point", 0700));
	MAKE(mount("none", "point", "tmpfs", MS_NODEV | MS_NOEXEC, "mode=700"));
	MAKE(mount(NULL, "point", NULL, MS_REMOUNT | MS_RDONLY | MS_BIND, NULL));
	MAKE(umount2("point", MNT_DETACH));
	MAKE(umount2("absent", UMOUNT_NOFOLLOW));
	MAKE(syscall(SYS_pivot_root, "absent", "nowhere"));
	MAKE(chroot("absent"));
	MAKE(sethostname("corpus", -1));
	MAKE(syscall(SYS_setdomainname, "domain", 6));
	MAKE(syscall(SYS_uname, &system));
	MAKE(syscall(SYS_reboot, 1, 2, 3, NULL));
	MAKE(syscall(SYS_swapon, "absent", 0x8000));
	MAKE(syscall(SYS_swapoff, "absent"));
	MAKE(syscall(SYS_init_module, data, 16, "parameter=1"));
	MAKE(syscall(SYS_finit_module, -1, "", 0));
	MAKE(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK));
	MAKE(syscall(SYS_syslog, 10, NULL, 0));
	MAKE(syscall(SYS_acct, "/absent/acct"));
	MAKE(syscall(SYS_quotactl, 0x80000700, "absent", 0, data));
	MAKE(syscall(SYS_iopl, 0));
	MAKE(syscall(SYS_ioperm, 0x80, 1, 0));
	MAKE(syscall(SYS_kexec_load, 0, 0, NULL, 0x3e0001));
	MAKE(syscall(SYS_setns, -1, 0x40000000));
	MAKE(syscall(SYS_vhangup));
	MAKE(syscall(SYS_fsopen, "tmpfs", 1));
	MAKE(syscall(SYS_open_tree, AT_FDCWD, "absent", 1));
	MAKE(syscall(SYS_move_mount, -1, "", AT_FDCWD, "absent", 4));
}

void oddities(void)
{
	struct io_uring_params ring = { .flags = IORING_SETUP_CLAMP };
	struct perf_event_attr performance = { .type = PERF_TYPE_SOFTWARE,
					       .size = sizeof(performance),
					       .config = PERF_COUNT_SW_CPU_CLOCK };
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 8,
			       .max_entries = 2 };
	struct sysinfo info;
	char bytes[32];
	int fd;

	fd = syscall(SYS_io_uring_setup, 4, &ring);
	MAKE(syscall(SYS_io_uring_enter, fd, 0, 0, 1, NULL, 8));
	MAKE(syscall(SYS_io_uring_register, fd, 2, NULL, 0));
	MAKE(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)));
	MAKE(syscall(SYS_perf_event_open, &performance, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
	MAKE(syscall(SYS_userfaultfd, O_CLOEXEC));
	MAKE(syscall(SYS_seccomp, 2, 0, "no action"));
	MAKE(syscall(SYS_landlock_create_ruleset, NULL, 0, 1));
	MAKE(syscall(SYS_add_key, "user", "description", "payload", 7, -2));
	MAKE(syscall(SYS_request_key, "user", "absent", NULL, 0));
	MAKE(syscall(SYS_keyctl, 0, -2, 0));
	MAKE(syscall(SYS_memfd_secret, 0));
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	MAKE(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	MAKE(syscall(SYS_pidfd_getfd, fd, 0, 0));
	MAKE(syscall(SYS_getrandom, bytes, 16, 1));
	MAKE(sysinfo(&info));
	MAKE(syscall(SYS_ustat, 0x801, bytes));
	MAKE(syscall(SYS_sysfs, 3));
	MAKE(syscall(SYS__sysctl, NULL));
	MAKE(syscall(SYS_modify_ldt, 0, bytes, sizeof(bytes)));
	MAKE(syscall(SYS_lookup_dcookie, 5, bytes, sizeof(bytes)));
	MAKE(syscall(SYS_io_setup, 1, bytes));
	MAKE(syscall(SYS_migrate_pages, 0, 0, NULL, NULL));
	MAKE(syscall(SYS_restart_syscall));
	MAKE(syscall(SYS_sched_setattr, 0, bytes, 0));
	MAKE(syscall(SYS_sched_getattr, 0, bytes, 8, 0));
	MAKE(syscall(SYS_open_by_handle_at, -1, bytes, O_RDONLY));
	MAKE(syscall(SYS_tuxcall, 1, 2, 3));
	MAKE(syscall(450, 1, 2, 3, 4, 5, 6));
	MAKE(syscall(999, 1, 2, 3, 4, 5, 6));
	MAKE(syscall(0x40000000 | 39));
}
