/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The contract between scaudit.ko and the programs that drive it.
 *
 * One header for both sides; never copied. Every structure has a fixed layout
 * on every x86-64 compiler, which the assertions at the end pin down. Fields
 * are only ever added, in padding or at the end, and a change of meaning
 * raises SCAUDIT_ABI_VERSION.
 *
 * Life of an audit
 * ----------------
 *   open("/dev/scaudit")        CAP_SYS_ADMIN; the descriptor owns nothing yet
 *   SCAUDIT_IOC_ATTACH          binds a KVM VM to the descriptor, recording off
 *   mmap() of each vCPU's ring  see "Rings"
 *   SCAUDIT_IOC_SET_IDENT       where the guest kernel keeps `current` (optional)
 *   SCAUDIT_IOC_SET_RETURNS     whose returns are wanted (optional; all, if not said)
 *   SCAUDIT_IOC_SET_CAPTURE     which memory of which calls is read (optional; none)
 *   SCAUDIT_IOC_SET_FILTER      which calls are recorded at all (optional; all)
 *   SCAUDIT_IOC_RUN             system calls are recorded from here on
 *   poll()                      POLLIN: something to read or to answer
 *   SCAUDIT_IOC_DETACH          the guest runs free again, the rings stay
 *   (drain the rings)
 *   close()                     after DETACH: the audit is gone
 *
 * A descriptor that is closed without DETACH (its owner died) leaves an orphan:
 * the audit lives on as on_exit says, its rings keep every event, and the next
 * program takes it over with SCAUDIT_IOC_ADOPT. At most one audit per VM.
 *
 * Errors (errno) are given beside each request. Beyond those: ENOTTY for a
 * number that is not one of these, EFAULT for a bad pointer, EINVAL for a
 * non-zero reserved field or a value out of its stated range, EBADFD for a
 * request that needs an audit on a descriptor that has none.
 */
#ifndef SCAUDIT_ABI_H
#define SCAUDIT_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SCAUDIT_ABI_VERSION 3u
#define SCAUDIT_DEVICE "/dev/scaudit"

#define SCAUDIT_NAME_LEN 64 /* bytes, NUL included */
#define SCAUDIT_COMM_LEN 16 /* TASK_COMM_LEN of Linux */
#define SCAUDIT_MAX_VCPUS 1024 /* KVM_MAX_VCPUS of x86 */

/* How a system call is made to trap. */
enum scaudit_engine {
	SCAUDIT_ENGINE_AUTO = 0,
	SCAUDIT_ENGINE_FAULT = 1, /* hardware EFER.SCE=0: SYSCALL and SYSRET raise #UD */
	SCAUDIT_ENGINE_PAD = 2, /* LSTAR at an invalid opcode; fault where it cannot be */
};

/*
 * Why a vCPU that was to use another engine, or to watch another way into the
 * kernel, does not (bits of scaudit_status.why).
 */
#define SCAUDIT_WHY_UNTRIED 0x1u /* no call has been made since the entry point was set */
#define SCAUDIT_WHY_NO_PAD 0x2u /* no byte of the entry code can serve as a pad */
#define SCAUDIT_WHY_UNMAPPED 0x4u /* the entry code cannot be read, or is no kernel address */
#define SCAUDIT_WHY_SFMASK 0x8u /* SFMASK leaves IF or TF set: an event could see the pad */
#define SCAUDIT_WHY_CET 0x10u /* shadow stacks or indirect branch tracking are on */
#define SCAUDIT_WHY_NESTED 0x20u /* the guest runs guests (EFER.SVME, VMX operation) */
#define SCAUDIT_WHY_WRITTEN 0x40u /* the guest writes to the page of the pad */
#define SCAUDIT_WHY_FRED 0x80u /* CR4.FRED: system calls do not go through LSTAR; none is seen */
#define SCAUDIT_WHY_LEGACY 0x100u /* a 32-bit kernel: SYSENTER and INT 80h only */

/* Whose returns are recorded. */
enum scaudit_returns_mode {
	SCAUDIT_RETURNS_ALL = 0,
	SCAUDIT_RETURNS_NONE = 1, /* engine pad then takes one exit a call */
	SCAUDIT_RETURNS_LIST = 2, /* of the calls in the bitmaps of SET_RETURNS */
};

/* A vCPU meets a full ring. */
enum scaudit_on_full {
	SCAUDIT_FULL_BLOCK = 0, /* the guest does not advance until there is room */
	SCAUDIT_FULL_DROP = 1, /* the event is counted, and a gap event follows */
};

/* The owner of the descriptor goes away without DETACH. */
enum scaudit_on_exit {
	SCAUDIT_EXIT_DETACH = 0, /* the guest runs on unrecorded */
	SCAUDIT_EXIT_HOLD = 1, /* the guest waits at its next call for an ADOPT */
};

enum scaudit_vendor {
	SCAUDIT_VENDOR_NONE = 0, /* no KVM vendor module is loaded */
	SCAUDIT_VENDOR_AMD = 1,
	SCAUDIT_VENDOR_INTEL = 2,
};

/* Calling convention of the caller. */
enum scaudit_abi {
	SCAUDIT_ABI_X86_64 = 0, /* numbers with bit 30 set are x32 */
	SCAUDIT_ABI_I386 = 1,
};

/* Instruction that made the call. */
enum scaudit_insn {
	SCAUDIT_INSN_SYSCALL = 0,
	SCAUDIT_INSN_SYSENTER = 1,
	SCAUDIT_INSN_INT80 = 2,
};

/* Instruction by which a return was seen. */
enum scaudit_how {
	SCAUDIT_HOW_SYSRET = 0,
	SCAUDIT_HOW_SYSEXIT = 1,
	SCAUDIT_HOW_IRET = 2,
};

/* Why events are missing. */
enum scaudit_reason {
	SCAUDIT_GAP_DROP = 1, /* ring full and on_full is DROP */
	SCAUDIT_GAP_STALL = 2, /* waited for max_stall_ns, then let the guest go on */
	SCAUDIT_GAP_NOMEM = 3, /* no memory for a new vCPU's ring */
	SCAUDIT_GAP_DETACHED = 4, /* orphaned with DETACH: from here to the next RUN */
	SCAUDIT_GAP_BLIND = 5, /* calls by the instruction in `detail` are not seen from here on */
	SCAUDIT_GAP_CUT = 6, /* the guest was reset or began anew: what is open has no end */
};

#define SCAUDIT_NR_REASONS 7

/* State of an audit. */
enum scaudit_state {
	SCAUDIT_STATE_ATTACHED = 1, /* bound, not recording */
	SCAUDIT_STATE_RUNNING = 2,
	SCAUDIT_STATE_DETACHED = 3, /* recording ended; rings can be drained */
	SCAUDIT_STATE_GONE = 4, /* the VM has ended; rings can be drained */
};

/* State of the identification of guest tasks. */
enum scaudit_ident_state {
	SCAUDIT_IDENT_NONE = 0, /* not asked for yet */
	SCAUDIT_IDENT_WANTED = 1, /* a guest kernel makes calls and no plan fits it */
	SCAUDIT_IDENT_SET = 2,
	SCAUDIT_IDENT_ABSENT = 3, /* user space has said that there is none */
};

/*
 * SCAUDIT_IOC_INFO: what this host can do. Works on a fresh descriptor.
 */
struct scaudit_info {
	__u32 abi_version; /* out: SCAUDIT_ABI_VERSION of the module */
	__u32 vendor; /* out: enum scaudit_vendor */
	__u32 engines; /* out: bit N set: engine N works here */
	__u32 tsc_khz; /* out: 0 if the host's TSC is not a clock */
	char reason[128]; /* out: why engines is 0, else empty */
};

/*
 * SCAUDIT_IOC_ATTACH
 *   EBADF     vm_fd is not an open descriptor
 *   ENODEV    vm_fd is not a KVM VM
 *   EOPNOTSUPP the VM's registers or memory are encrypted (SEV), or this host
 *             cannot trap calls; SCAUDIT_IOC_INFO says why
 *   EBUSY     the VM is audited already (also by an orphan: ADOPT it)
 *   EALREADY  this descriptor has an audit already
 *   ENOMEM    no memory for the rings
 *
 * The module keeps its own reference to the VM; vm_fd can be closed.
 */
struct scaudit_attach {
	__s32 vm_fd; /* in */
	__u32 engine; /* in: enum scaudit_engine; out: the one in use */
	__u32 on_full; /* in: enum scaudit_on_full */
	__u32 on_exit; /* in: enum scaudit_on_exit */
	__u64 ring_bytes; /* in: data bytes per vCPU, power of two, 4 KiB .. 64 MiB */
	__u64 max_stall_ns; /* in: longest wait of a vCPU; 0: without limit */
	__u32 vm_pid; /* in: process that owns the VM, told to others by LIST */
	__u32 ident_wait_ms; /* in: longest wait of a first call for SET_IDENT, 0 .. 60000 */
	char name[SCAUDIT_NAME_LEN]; /* in: the VM's name, NUL-terminated, for LIST */
	__u8 session[16]; /* out: random; the same for the whole life of the audit */
	__u32 nr_rings; /* out: vCPUs that have a ring */
	__u32 reserved;
};

/*
 * SCAUDIT_IOC_SET_RETURNS: whose returns are recorded, from now on. The numbers
 * of x32 stand in nr_64 without their bit 30. Numbers past the bitmaps are not
 * in the list.
 *   EINVAL  an unknown mode
 */
#define SCAUDIT_RETURNS_WORDS 16

struct scaudit_returns {
	__u32 mode; /* in: enum scaudit_returns_mode */
	__u32 reserved;
	__u64 nr_64[SCAUDIT_RETURNS_WORDS]; /* in: bit N of word N / 64: call N of x86-64 */
	__u64 nr_32[SCAUDIT_RETURNS_WORDS]; /* in: likewise, of i386 */
};

/*
 * SCAUDIT_IOC_ADOPT: take over an orphan.
 *   ENOENT  no audit with this session
 *   EBUSY   it has an owner
 * A DETACHED or GONE orphan is adopted to be drained; a DETACHED one whose VM
 * lives can be set going again with RUN (a gap event with reason DETACHED says
 * from when to when nothing was recorded).
 */
struct scaudit_adopt {
	__u8 session[16]; /* in */
	__u32 on_full; /* in: as in ATTACH, replaces it; ~0: keep */
	__u32 on_exit; /* in: likewise */
	__u64 max_stall_ns; /* in: likewise; ~0: keep */
	__u64 ring_bytes; /* out */
	__u32 nr_rings; /* out */
	__u32 state; /* out: enum scaudit_state */
};

/*
 * SCAUDIT_IOC_LIST: the audits of this host. Works on a fresh descriptor.
 */
struct scaudit_list_entry {
	__u8 session[16];
	char name[SCAUDIT_NAME_LEN];
	__u32 vm_pid;
	__u32 owner_pid; /* 0: an orphan */
	__u32 state; /* enum scaudit_state */
	__u32 nr_rings;
};

struct scaudit_list {
	__u64 entries; /* in: pointer to an array of scaudit_list_entry */
	__u32 capacity; /* in: its length */
	__u32 count; /* out: how many audits there are, also beyond capacity */
};

/* What the module spends its time on; see scaudit_status.phase. */
enum scaudit_phase {
	SCAUDIT_PHASE_DECIDE = 0, /* which instruction is it, and is it ours */
	SCAUDIT_PHASE_IDENTIFY = 1, /* who made the call: guest memory */
	SCAUDIT_PHASE_RECORD = 2, /* room in the ring, writing the event */
	SCAUDIT_PHASE_RESUME = 3, /* carrying the instruction out, or arming for the next */
};

#define SCAUDIT_NR_PHASES 4

/*
 * SCAUDIT_IOC_STATUS: counters of the audit and of one vCPU.
 *   ENOENT  vcpu >= nr_rings (the audit's own fields are filled in all the same)
 */
struct scaudit_status {
	__u32 vcpu; /* in */
	__u32 state; /* out: enum scaudit_state */
	__u32 ident; /* out: enum scaudit_ident_state */
	__u32 nr_rings; /* out: grows when a vCPU makes its first call */
	__u64 next_seq; /* out: number that the next event of the audit will get */
	__u64 lstar; /* out: entry point that an identification is wanted for */
	/* of this vCPU */
	__u64 entries; /* out: system calls recorded */
	__u64 returns; /* out: returns recorded */
	__u64 exits; /* out: VM exits taken for the audit */
	__u64 stalls; /* out: times it waited for room */
	__u64 stall_ns; /* out: how long in all */
	__u64 dropped[SCAUDIT_NR_REASONS]; /* out: events not recorded, by reason */
	__u32 armed; /* out: 1: its calls trap */
	__u32 engine; /* out: enum scaudit_engine in use now; AUTO: none, SYSCALL is off */
	__u32 why; /* out: SCAUDIT_WHY_*: why it is not the one that was asked for */
	__u32 insns; /* out: bit N set: calls by enum scaudit_insn N are seen */
	/*
	 * Instructions or cycles (whatever the host's TSC counts) spent in the
	 * module by phase; zero unless it was loaded with profile=1.
	 */
	__u64 phase[SCAUDIT_NR_PHASES];
	__u64 skipped; /* out: calls of this vCPU that SET_FILTER has left out */
};

/*
 * SCAUDIT_IOC_SET_IDENT: how to find the calling task of a Linux guest.
 *
 * All offsets are in bytes. `current` is the pointer at per-CPU base +
 * current_off, where the per-CPU base is the kernel's GS base. The module reads
 * guest memory only, and takes whatever it finds as data: an offset that leads
 * nowhere makes a caller unknown, no more.
 *   EINVAL  an offset of a task field is beyond 64 KiB
 */
#define SCAUDIT_PLAN_ABSENT 1u /* flags: there is nothing to find; go on without */
/*
 * flags: an i386 kernel. Pointers have four bytes, and the per-CPU base is the
 * base of descriptor gdt_entry of the vCPU's GDT (Linux: GDT_ENTRY_PERCPU).
 */
#define SCAUDIT_PLAN_I386 2u
#define SCAUDIT_NO_FIELD (~0u) /* an offset: this kernel does not have the field */

struct scaudit_plan {
	__u64 lstar; /* in: entry point this plan is for (i386: SYSENTER_EIP); 0: any */
	__u64 current_off; /* in: of the task pointer in the per-CPU area */
	__u32 flags; /* in: SCAUDIT_PLAN_* */
	__u32 task_pid; /* in: offsets in task_struct, of: pid (u32; the thread) */
	__u32 task_tgid; /* in: tgid (u32; the process) */
	__u32 task_comm; /* in: comm (16 bytes) */
	__u32 task_start; /* in: start_time (u64, ns of the guest's monotonic clock) */
	__u32 task_parent; /* in: real_parent (pointer to task_struct) */
	__u32 task_cred; /* in: cred (pointer to struct cred) */
	__u32 cred_uid; /* in: uid in struct cred (u32) */
	__u32 gdt_entry; /* in: SCAUDIT_PLAN_I386 */
	__u32 reserved;
	/* For filters by container; each may be SCAUDIT_NO_FIELD, the first 0: there is none. */
	__u32 task_cgroups; /* in: offset in task_struct of cgroups (pointer to css_set) */
	__u32 set_cgroup; /* in: of dfl_cgrp in css_set (pointer to cgroup) */
	__u32 cgroup_node; /* in: of kn in cgroup (pointer to kernfs_node) */
	__u32 node_parent; /* in: of parent (6.12: the same name) in kernfs_node (pointer) */
	__u32 node_name; /* in: of name in kernfs_node (pointer to a string) */
	__u32 cred_gid; /* in: gid in struct cred (u32); 0 as well: not looked up */
};

/*
 * SCAUDIT_IOC_SET_CAPTURE: what memory of a call's arguments is read, from now on.
 *
 * The plan is a list of operations for each call that has any. The module knows no
 * system call: it carries operations out, in their order, and writes what it has read
 * as pieces behind the event (struct scaudit_piece). A plan is replaced as a whole.
 *
 * A pointer of NULL gives no piece: the argument says it. Pointers into the kernel's half
 * of the address space and such that are not canonical are UNREADABLE, as they are for the
 * guest's kernel. In structures pointers and lengths have the caller's size: 4 bytes of
 * i386 and x32. Where something of an operation is not mapped at the entry (LATE), all of
 * it is carried out again at the return, if the call comes back to its place; a call that
 * the guest's kernel repeats after a signal has an entry of its own again. Without a
 * return that is recorded (SET_RETURNS) nothing is LATE, and operations of the return are
 * left out. All pieces of an event have SCAUDIT_CAPTURE_MAX bytes, or a quarter of a ring
 * that is small; what goes beyond is CUT, but each operation has at least a head.
 *   EINVAL  an operation that is none (also LEN_RET, LEN_LEAST and EXEC for the entry, IOCTL
 *           without a cond_arg), a call that is none, its operations lie beyond nr_ops or are
 *           more than SCAUDIT_CAPTURE_PER_CALL
 *   E2BIG   more than SCAUDIT_CAPTURE_OPS operations or SCAUDIT_CAPTURE_CALLS calls
 *   ENOMEM  no memory for it
 */
#define SCAUDIT_CAPTURE_OPS 8192u
#define SCAUDIT_CAPTURE_CALLS 4096u
#define SCAUDIT_CAPTURE_PER_CALL 128u /* operations of one call, with all conditions */
#define SCAUDIT_SNAPLEN_MAX 65536u
#define SCAUDIT_TEXT_MAX 4096u /* bytes of a string that snaplen does not bound: PATH_MAX */
#define SCAUDIT_ELEMENTS_MAX 256u /* strings of argv, buffers of an iovec, messages */
#define SCAUDIT_CAPTURE_MAX (128u << 10) /* bytes of all pieces of an event, heads included */

/* Which convention a call's number is of. */
enum scaudit_convention {
	SCAUDIT_CONV_X86_64 = 0,
	SCAUDIT_CONV_X32 = 1, /* bit 30 taken off */
	SCAUDIT_CONV_I386 = 2,
};

/*
 * What an argument points to. At the return alone (of readv, recvmsg, recvmmsg) as many
 * bytes of a vector's or a message's buffers are read as the result says, and of several
 * messages as many as the result says, of each as many bytes as it says itself.
 *
 * Where the strings of STRINGS are not all, a DATA piece of no bytes says why, and its
 * index how many there were; where messages are not all, a HEAD piece of no bytes does.
 *
 * EXEC: at a return of 0, path and arguments from the new program's stack, where they were
 * not to be had at the entry (LATE); the arguments are those of argument length_arg.
 */
enum scaudit_capture_kind {
	SCAUDIT_CAP_BYTES = 1, /* as many as the length says */
	SCAUDIT_CAP_STRING = 2, /* up to its NUL, which is not kept */
	SCAUDIT_CAP_STRINGS = 3, /* strings of an array of pointers that ends with NULL */
	SCAUDIT_CAP_VECTOR = 4, /* an array of struct iovec; length counts elements */
	SCAUDIT_CAP_MESSAGE = 5, /* struct msghdr: itself, name, buffers, control */
	SCAUDIT_CAP_MESSAGES = 6, /* struct mmsghdr; length counts elements */
	SCAUDIT_CAP_IOCTL = 7, /* length and direction of the request number in cond_arg */
	SCAUDIT_CAP_EXEC = 8, /* a new program's path and arguments */
};

/* Where an operation's length comes from; it is that times unit. */
enum scaudit_length {
	SCAUDIT_LEN_CONST = 0, /* 1 */
	SCAUDIT_LEN_ARG = 1, /* argument length_arg */
	SCAUDIT_LEN_RET = 2, /* the result; only at the return, nothing if it is an error */
	SCAUDIT_LEN_POINTER = 3, /* the u32 that argument length_arg points to */
	SCAUDIT_LEN_BITS = 4, /* argument length_arg bits, in whole words of the caller (fd_set) */
	/* As LEN_RET, but no more than argument length_arg: some calls tell how much there
	 * would have been (recv with MSG_TRUNC).
	 */
	SCAUDIT_LEN_LEAST = 5,
};

#define SCAUDIT_AT_ENTRY 1u /* when */
#define SCAUDIT_AT_RETURN 2u

#define SCAUDIT_OP_SNAP 1u /* flags: data, bounded by snaplen; else by SCAUDIT_TEXT_MAX */
#define SCAUDIT_OP_OK 2u /* flags: at the return only if the result is no error */
#define SCAUDIT_OP_NOT_LATE 4u /* flags: what is not mapped at the entry is not tried again */

struct scaudit_capture_op {
	__u8 kind; /* enum scaudit_capture_kind */
	__u8 arg; /* 0..5: the argument that points to it */
	__u8 when; /* SCAUDIT_AT_* */
	__u8 length; /* enum scaudit_length */
	__u8 length_arg; /* 0..5 */
	__u8 flags; /* SCAUDIT_OP_* */
	__u8 cond_arg; /* 0..5: only if (args[cond_arg] & cond_mask) == cond_value; 6: always */
	__u8 reserved;
	__u32 unit; /* bytes; 1..65536 */
	__u32 cond_mask;
	__u32 cond_value;
};

struct scaudit_capture_call {
	__u32 nr; /* below 1024 */
	__u16 first; /* operation */
	__u8 count;
	__u8 convention; /* enum scaudit_convention */
	__u32 snaplen; /* of this call; ~0: that of the plan */
};

struct scaudit_capture {
	__u64 ops; /* in: pointer to an array of scaudit_capture_op */
	__u64 calls; /* in: pointer to an array of scaudit_capture_call */
	__u32 nr_ops; /* in: their lengths; both 0: nothing is read */
	__u32 nr_calls;
	__u32 snaplen; /* in: bytes of each buffer, 0 .. SCAUDIT_SNAPLEN_MAX */
	__u32 reserved;
};

/*
 * SCAUDIT_IOC_SET_FILTER: which calls are recorded, from now on. What is left out costs
 * its trap and nothing more, and is counted in scaudit_status.skipped.
 *
 * A call is recorded if the bit of its number is set, no term with skip matches, and of
 * each kind of term that occurs without skip one matches. A caller that is not known
 * matches every term without skip, and none with.
 *   EINVAL  an unknown kind, or more than SCAUDIT_FILTER_TERMS terms
 */
#define SCAUDIT_FILTER_TERMS 64u

/*
 * A container is a cgroup, the caller's or one on the way to the root. An empty text: any
 * cgroup that has "docker", "libpod", "lxc" or "kubepods" in its name.
 */
enum scaudit_filter_kind {
	SCAUDIT_FILTER_PID = 1, /* number: of the process */
	SCAUDIT_FILTER_UID = 2, /* number */
	SCAUDIT_FILTER_COMM = 3, /* text: the whole name */
	SCAUDIT_FILTER_CONTAINER = 4, /* text: begins the cgroup's name */
};

struct scaudit_filter_term {
	__u32 kind; /* enum scaudit_filter_kind */
	__u32 skip; /* 0 or 1 */
	__u32 number;
	__u32 reserved;
	char text[SCAUDIT_NAME_LEN]; /* NUL-terminated */
};

struct scaudit_filter {
	__u64 nr[3][16]; /* in: by enum scaudit_convention: bit N of word N / 64 */
	__u64 terms; /* in: pointer to an array of scaudit_filter_term */
	__u32 nr_terms;
	__u32 others; /* in: 1: numbers beyond the bitmaps are recorded */
};

/*
 * SCAUDIT_IOC_READ: guest-physical memory, as the guest has it now.
 *   ENXIO   gpa is not backed by memory (done says how far it got: 0)
 */
struct scaudit_read {
	__u64 gpa; /* in */
	__u64 buffer; /* in: pointer */
	__u64 length; /* in: bytes, at most 16 MiB */
	__u64 done; /* out: bytes read before the end or a hole */
};

/*
 * SCAUDIT_IOC_SLOTS: the guest's RAM, ascending, without overlap.
 */
struct scaudit_slot {
	__u64 gpa;
	__u64 length; /* bytes */
};

struct scaudit_slots {
	__u64 slots; /* in: pointer to an array of scaudit_slot */
	__u32 capacity; /* in: its length */
	__u32 count; /* out: how many there are, also beyond capacity */
};

/*
 * SCAUDIT_IOC_TRANSLATE: a guest-virtual address by a vCPU's page tables, the
 * kernel's half of them where the guest has two (KPTI).
 *   ENOENT  no such vCPU
 *   ENXIO   not mapped
 *   EAGAIN  the vCPU has not been seen in long mode yet
 */
struct scaudit_translate {
	__u64 gva; /* in; 0: the vCPU's LSTAR */
	__u32 vcpu; /* in */
	__u32 flags; /* in: 0; out: SCAUDIT_PAGE_* */
	__u64 gpa; /* out */
	__u64 lstar; /* out: the vCPU's, as the guest wrote it */
	__u64 kernel_gs; /* out: per-CPU base, 0 where not known */
};

#define SCAUDIT_PAGE_WRITABLE 1u /* by these page tables, for the guest's kernel */

#define SCAUDIT_IOC_INFO _IOR('S', 0x00, struct scaudit_info)
#define SCAUDIT_IOC_ATTACH _IOWR('S', 0x01, struct scaudit_attach)
#define SCAUDIT_IOC_ADOPT _IOWR('S', 0x02, struct scaudit_adopt)
#define SCAUDIT_IOC_RUN _IO('S', 0x03) /* ENODEV: the VM has ended */
#define SCAUDIT_IOC_DETACH _IO('S', 0x04) /* returns when every vCPU runs free */
#define SCAUDIT_IOC_LIST _IOWR('S', 0x05, struct scaudit_list)
#define SCAUDIT_IOC_STATUS _IOWR('S', 0x06, struct scaudit_status)
#define SCAUDIT_IOC_SET_IDENT _IOW('S', 0x07, struct scaudit_plan)
#define SCAUDIT_IOC_READ _IOWR('S', 0x08, struct scaudit_read)
#define SCAUDIT_IOC_SLOTS _IOWR('S', 0x09, struct scaudit_slots)
#define SCAUDIT_IOC_TRANSLATE _IOWR('S', 0x0a, struct scaudit_translate)
#define SCAUDIT_IOC_SET_RETURNS _IOW('S', 0x0b, struct scaudit_returns)
#define SCAUDIT_IOC_SET_CAPTURE _IOW('S', 0x0c, struct scaudit_capture)
#define SCAUDIT_IOC_SET_FILTER _IOW('S', 0x0d, struct scaudit_filter)

/*
 * Rings
 * -----
 * One per vCPU, one writer (the vCPU's thread in the kernel), one reader. vCPU
 * N's ring lies at offset N * SCAUDIT_MMAP_STRIDE of the descriptor:
 *
 *   + 0 page     struct scaudit_consumer   may be mapped writable
 *   + 1 page     struct scaudit_producer   read-only
 *   + 2 pages    data, ring_bytes, twice   read-only
 *
 * Data is mapped twice over, so an event never wraps. Positions count bytes
 * since the beginning and never wrap either: data + (position & (bytes - 1)).
 * The reader loads producer.position with acquire, reads what lies between,
 * and stores consumer.position with release when it is done with it; it may
 * lie anywhere in [consumer, producer], and any other value counts as a full
 * ring. The kernel wakes poll() when a ring is half full, when a vCPU waits,
 * and when the audit's state changes; it does not for each event.
 *
 * Events of all the rings of an audit are numbered in one sequence without
 * holes (scaudit_event.seq): the reader merges by it, and a number that stays
 * away means that an event was lost. That never happens; what was dropped by
 * choice has no number and is told by a gap event.
 */
#define SCAUDIT_MMAP_STRIDE (1ULL << 32)
#define SCAUDIT_RING_MIN 4096ULL
#define SCAUDIT_RING_MAX (64ULL << 20)

struct scaudit_consumer {
	__u64 position; /* bytes */
	__u64 reserved[511];
};

struct scaudit_producer {
	__u64 position; /* bytes */
	__u64 bytes; /* size of the data */
	__u64 waiting; /* 1 while the vCPU waits for room */
	__u64 entries; /* as in scaudit_status */
	__u64 returns;
	__u64 stalls;
	__u64 stall_ns;
	__u64 dropped[SCAUDIT_NR_REASONS];
	__u64 reserved[498];
};

enum scaudit_event_type {
	SCAUDIT_EV_ENTRY = 1,
	SCAUDIT_EV_RETURN = 2,
	SCAUDIT_EV_GAP = 3,
};

/* Head of every event; size is a multiple of 8 and includes the head. */
struct scaudit_event {
	__u32 size; /* bytes */
	__u16 type; /* enum scaudit_event_type; skip what you do not know */
	__u16 vcpu;
	__u64 seq; /* number in the audit, from 1 */
	__u64 tsc; /* host TSC */
	__u64 time; /* host wall clock, ns since the epoch */
};

#define SCAUDIT_KNOWN_TASK 1u /* task, pid, tid, start, comm are valid */
#define SCAUDIT_KNOWN_PARENT 2u /* ppid */
#define SCAUDIT_KNOWN_CRED 4u /* uid */
#define SCAUDIT_KNOWN_START 8u /* start */

/* Who made the call, read from guest memory: data of the guest's making. */
struct scaudit_task {
	__u64 task; /* guest address of task_struct */
	__u64 start; /* ns, the guest's monotonic clock */
	__u32 pid; /* the process (tgid) */
	__u32 tid; /* the thread (pid of task_struct) */
	__u32 ppid;
	__u32 uid;
	__u32 known; /* SCAUDIT_KNOWN_* */
	__u32 gid; /* with uid; ~0: the plan does not say where it is */
	char comm[SCAUDIT_COMM_LEN]; /* not always NUL-terminated */
};

/* What of an argument a piece is. */
enum scaudit_part {
	SCAUDIT_PART_DATA = 0, /* bytes, a string, the joined buffers of a vector or message */
	SCAUDIT_PART_ELEMENT = 1, /* string `index` of an array of strings */
	SCAUDIT_PART_HEAD = 2, /* struct msghdr, as it lies in the caller's memory */
	SCAUDIT_PART_VECTOR = 3, /* the array of struct iovec itself */
	SCAUDIT_PART_NAME = 4, /* msg_name */
	SCAUDIT_PART_CONTROL = 5, /* msg_control */
	SCAUDIT_PART_LENGTH = 6, /* the u32 that SCAUDIT_LEN_POINTER was taken from */
	SCAUDIT_PART_PATH = 7, /* of SCAUDIT_CAP_EXEC: the path (its arguments are ELEMENTs) */
};

/*
 * FORGOTTEN: it was to be read at the return, and will not be: there was no room to
 * remember the call (told with the entry), or there is another plan since. No bytes.
 */
enum scaudit_piece_state {
	SCAUDIT_PIECE_WHOLE = 0,
	SCAUDIT_PIECE_CUT = 1, /* snaplen or another limit: there is more */
	SCAUDIT_PIECE_UNREADABLE = 2, /* not mapped, or no memory */
	SCAUDIT_PIECE_LATE = 3, /* not mapped at the entry: comes with the return, if that comes */
	SCAUDIT_PIECE_FORGOTTEN = 4,
};

#define SCAUDIT_PIECE_AT_RETURN 0x80u /* in state: read when the call returned */

/*
 * Memory of a call, behind the entry or the return: pieces until the event's end, each
 * begins at a multiple of 8. Guest memory is read as it is at that moment; the guest can
 * change it before its kernel reads it.
 */
struct scaudit_piece {
	__u32 size; /* bytes that follow; then padding up to a multiple of 8 */
	__u32 whole; /* bytes that there are in the guest; ~0: not known */
	__u8 arg; /* 0..5 */
	__u8 part; /* enum scaudit_part */
	__u8 state; /* enum scaudit_piece_state, SCAUDIT_PIECE_AT_RETURN */
	__u8 reserved;
	__u32 index; /* of ELEMENT; of MESSAGES which message */
};

/* A system call: the caller's registers as the instruction found them. */
struct scaudit_entry {
	struct scaudit_event head;
	__u64 rip; /* of the instruction */
	__u64 rsp;
	__u64 rflags;
	__u64 cr3;
	__u64 fs_base;
	__u64 gs_base;
	__u64 nr; /* RAX, all of it */
	__u64 args[6]; /* RDI RSI RDX R10 R8 R9; of i386 callers EBX ECX EDX ESI EDI EBP */
	__u8 cpl;
	__u8 abi; /* enum scaudit_abi */
	__u8 insn; /* enum scaudit_insn */
	__u8 engine; /* enum scaudit_engine */
	__u32 reserved;
	struct scaudit_task task;
};

/*
 * A return to user mode.
 *
 * IRET is seen on AMD hosts. It also ends interrupts and page faults of user
 * mode, so a return by IRET of a thread that has no call open is none. When it
 * goes to a signal handler, RAX is not the call's result: that has been saved
 * in the signal frame, where frame_rip and frame_ret are taken from (the words
 * at the places of RIP and RAX in an rt_sigframe of x86-64 at RSP; of i386 at
 * those of EIP and EAX in the sigcontext). They are data of the guest's making,
 * and mean something only where rip is not behind the call's instruction.
 */
struct scaudit_return {
	struct scaudit_event head;
	__u64 ret; /* RAX */
	__u64 rip; /* where user mode goes on */
	__u64 rsp;
	__u64 cr3;
	__u64 fs_base;
	__u8 how; /* enum scaudit_how */
	__u8 frame_known; /* 1: frame_rip and frame_ret could be read */
	__u8 cs_long; /* 1: to 64-bit mode */
	__u8 reserved[5];
	__u64 frame_rip; /* of IRET: see above */
	__u64 frame_ret;
	struct scaudit_task task; /* ppid and uid are not looked up */
};

/*
 * Events that are missing on this vCPU since its last event. With CUT none is:
 * the kernel that ran there is gone, since the boot processor has lost paging (a
 * reset) or a call comes from another entry point than the one that the plan is
 * for (kexec). With it went every call of the VM that has not returned, of all
 * vCPUs: their entries have a lower seq. entries and returns are 0. It is told
 * once, and where no call has been recorded since the last one not at all.
 */
struct scaudit_gap {
	struct scaudit_event head;
	__u64 entries; /* calls not recorded; ~0: not known */
	__u64 returns; /* returns not recorded; ~0: not known */
	__u64 first; /* wall clock of the first and the last of them, ns */
	__u64 last;
	__u32 reason; /* enum scaudit_reason */
	__u32 detail; /* of BLIND: enum scaudit_insn */
};

#define SCAUDIT_EVENT_FIXED 256u /* bytes; no event is longer but for its pieces */
#define SCAUDIT_EVENT_MAX (SCAUDIT_EVENT_FIXED + SCAUDIT_CAPTURE_MAX)

_Static_assert(sizeof(struct scaudit_info) == 144, "ABI");
_Static_assert(sizeof(struct scaudit_attach) == 128, "ABI");
_Static_assert(sizeof(struct scaudit_adopt) == 48, "ABI");
_Static_assert(sizeof(struct scaudit_list_entry) == 96, "ABI");
_Static_assert(sizeof(struct scaudit_list) == 16, "ABI");
_Static_assert(sizeof(struct scaudit_returns) == 264, "ABI");
_Static_assert(sizeof(struct scaudit_capture_op) == 20, "ABI");
_Static_assert(sizeof(struct scaudit_capture_call) == 12, "ABI");
_Static_assert(sizeof(struct scaudit_capture) == 32, "ABI");
_Static_assert(sizeof(struct scaudit_filter_term) == 80, "ABI");
_Static_assert(sizeof(struct scaudit_filter) == 400, "ABI");
_Static_assert(sizeof(struct scaudit_piece) == 16, "ABI");
_Static_assert(sizeof(struct scaudit_status) == 184, "ABI");
_Static_assert(sizeof(struct scaudit_plan) == 80, "ABI");
_Static_assert(sizeof(struct scaudit_read) == 32, "ABI");
_Static_assert(sizeof(struct scaudit_slots) == 16, "ABI");
_Static_assert(sizeof(struct scaudit_translate) == 40, "ABI");
_Static_assert(sizeof(struct scaudit_consumer) == 4096, "ABI");
_Static_assert(sizeof(struct scaudit_producer) == 4096, "ABI");
_Static_assert(sizeof(struct scaudit_event) == 32, "ABI");
_Static_assert(sizeof(struct scaudit_task) == 56, "ABI");
_Static_assert(sizeof(struct scaudit_entry) == 200, "ABI");
_Static_assert(sizeof(struct scaudit_return) == 152, "ABI");
_Static_assert(sizeof(struct scaudit_gap) == 72, "ABI");

#endif
