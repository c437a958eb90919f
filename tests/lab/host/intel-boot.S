/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot loader of the emulated Intel host: the first sectors of its disk. It puts what the
 * disk's table names (intel-disk.py) into memory and enters a Linux that is unpacked
 * already, since unpacking it would take the emulator most of a minute.
 *
 * Linux is entered as Documentation/x86/boot.rst says for the 64-bit protocol: long mode,
 * memory mapped as it is, RSI = boot_params.
 */
#define SECTORS 15		/* read by the boot sector; TABLE is the last of them */
#define TABLE 0x9a00		/* entry, rows; each: lba, sectors, address; ends with sectors 0 */
#define E820 0x9c00
#define PAGES 0x80000		/* page tables, six pages */
#define BOOT_PARAMS 0x90000
#define BP_E820_ENTRIES 0x1e8
#define BP_E820_TABLE 0x2d0

#define ATA 0x1f0
#define BLOCK 16		/* sectors per READ MULTIPLE block */

	.code16
	.globl _start
_start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	ljmp	$0, $1f
1:
	movw	$packet, %si
	movb	$0x42, %ah	/* extended read; DL is the drive already */
	int	$0x13
	jnc	real
	hlt
packet:
	.byte	16, 0
	.word	SECTORS
	.word	0x7e00, 0
	.quad	1

	.org	510
	.word	0xaa55

real:
	/* The memory map, for which Linux wants the BIOS's word. */
	xorl	%ebx, %ebx
	movw	$E820, %di
	xorw	%bp, %bp
1:
	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$0x534d4150, %edx
	int	$0x15
	jc	2f
	addw	$20, %di
	incw	%bp
	testl	%ebx, %ebx
	jnz	1b
2:
	movw	%bp, e820_rows
	inb	$0x92, %al	/* address line 20 */
	orb	$2, %al
	outb	%al, $0x92
	lgdt	gdt_pointer
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $protected

	.code32
protected:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
	cld

	movw	$ATA + 0x206, %dx	/* no interrupts */
	movb	$2, %al
	outb	%al, %dx
	movb	$0xe0, %al
	movw	$ATA + 6, %dx
	outb	%al, %dx
	movb	$BLOCK, %al
	movw	$ATA + 2, %dx
	outb	%al, %dx
	movb	$0xc6, %al		/* SET MULTIPLE MODE */
	movw	$ATA + 7, %dx
	outb	%al, %dx
	call	idle

	movl	$TABLE + 4, %esi
row:
	movl	4(%esi), %ecx		/* sectors */
	jecxz	loaded
	movl	(%esi), %ebx		/* lba */
	movl	8(%esi), %edi
	addl	$12, %esi
command:
	/* At most 256 sectors a command, which is written as 0. */
	movl	$256, %eax
	cmpl	%eax, %ecx
	jae	1f
	movl	%ecx, %eax
1:
	subl	%eax, %ecx
	pushl	%ecx
	movl	%eax, %ebp
	movw	$ATA + 2, %dx
	outb	%al, %dx
	movl	%ebx, %eax
	incw	%dx
	outb	%al, %dx		/* lba 7:0 */
	shrl	$8, %eax
	incw	%dx
	outb	%al, %dx		/* 15:8 */
	shrl	$8, %eax
	incw	%dx
	outb	%al, %dx		/* 23:16 */
	shrl	$8, %eax
	orb	$0xe0, %al
	incw	%dx
	outb	%al, %dx		/* 27:24, LBA, master */
	movb	$0xc4, %al		/* READ MULTIPLE */
	incw	%dx
	outb	%al, %dx
	addl	%ebp, %ebx
block:
	call	idle
	movl	$BLOCK, %eax
	cmpl	%eax, %ebp
	jae	1f
	movl	%ebp, %eax
1:
	subl	%eax, %ebp
	movl	%eax, %ecx
	shll	$7, %ecx		/* 128 double words a sector */
	movw	$ATA, %dx
	rep insl
	testl	%ebp, %ebp
	jnz	block
	popl	%ecx
	testl	%ecx, %ecx
	jnz	command
	jmp	row

	/* Until the disk is not busy any more. */
idle:
	pushl	%eax
	movw	$ATA + 7, %dx
1:
	inb	%dx, %al
	testb	$0x80, %al
	jnz	1b
	popl	%eax
	ret

loaded:
	/* boot_params is there now: the memory map goes into it. */
	movl	$E820, %esi
	movl	$BOOT_PARAMS + BP_E820_TABLE, %edi
	movzwl	e820_rows, %eax
	movb	%al, BOOT_PARAMS + BP_E820_ENTRIES
	imull	$20, %eax, %ecx
	rep movsb

	/* 4 GiB in pages of 2 MiB. */
	movl	$PAGES, %edi
	xorl	%eax, %eax
	movl	$2048, %ecx
	rep stosl
	movl	$PAGES + 0x1003, PAGES
	movl	$PAGES + 0x2003, PAGES + 0x1000
	movl	$PAGES + 0x3003, PAGES + 0x1008
	movl	$PAGES + 0x4003, PAGES + 0x1010
	movl	$PAGES + 0x5003, PAGES + 0x1018
	movl	$0x83, %eax
	movl	$2048, %ecx
1:
	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b

	movl	$0x20, %eax		/* PAE */
	movl	%eax, %cr4
	movl	$PAGES, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax		/* LME */
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	ljmp	$24, $long_mode

	.code64
long_mode:
	movl	$BOOT_PARAMS, %esi
	movl	TABLE, %eax
	jmp	*%rax

e820_rows:
	.word	0

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 8: 32-bit code */
	.quad	0x00cf93000000ffff	/* 16: data */
	.quad	0x00af9b000000ffff	/* 24: 64-bit code */
gdt_pointer:
	.word	31
	.long	gdt

	.org	SECTORS * 512
