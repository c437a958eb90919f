// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tsc.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "audit.h"
#include "device.h"
#include "inspect.h"
#include "vcpu.h"

#define LIST_MAX 4096u /* entries of a list that are copied at most */

/* What a descriptor has: an audit, once ATTACH or ADOPT has succeeded. */
struct handle {
	struct mutex lock; /* of audit becoming set */
	struct sc_audit *audit;
};

static int device_open(struct inode *inode, struct file *file)
{
	struct handle *h;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h)
		return -ENOMEM;
	mutex_init(&h->lock);
	file->private_data = h;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct handle *h = file->private_data;

	if (h->audit)
		sc_audit_release(h->audit);
	kfree(h);
	return 0;
}

static struct sc_audit *audit_of(struct handle *h)
{
	/* Set once; pairs with the release in bind(). */
	return smp_load_acquire(&h->audit);
}

static long get_info(void __user *arg)
{
	struct scaudit_info info = { .abi_version = SCAUDIT_ABI_VERSION };
	const struct sc_vendor *vendor;
	const char *reason = "";

	vendor = sc_vendor_find(&reason);
	if (vendor) {
		info.vendor = vendor->id;
		info.engines = 1u << SCAUDIT_ENGINE_FAULT;
	} else {
		strscpy(info.reason, reason, sizeof(info.reason));
	}
	info.tsc_khz = boot_cpu_has(X86_FEATURE_CONSTANT_TSC) ? tsc_khz : 0;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static void bind(struct handle *h, struct sc_audit *audit)
{
	/* Pairs with the acquire in audit_of(). */
	smp_store_release(&h->audit, audit);
}

static long attach(struct handle *h, void __user *arg)
{
	struct scaudit_attach args;
	struct sc_audit *audit;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	mutex_lock(&h->lock);
	r = h->audit ? -EALREADY : sc_audit_attach(&args, &audit);
	if (!r) {
		bind(h, audit);
		if (copy_to_user(arg, &args, sizeof(args)))
			r = -EFAULT; /* attached all the same; closing undoes it */
	}
	mutex_unlock(&h->lock);
	return r;
}

static long adopt(struct handle *h, void __user *arg)
{
	struct scaudit_adopt args;
	struct sc_audit *audit;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	mutex_lock(&h->lock);
	r = h->audit ? -EALREADY : sc_audit_adopt(&args, &audit);
	if (!r) {
		bind(h, audit);
		if (copy_to_user(arg, &args, sizeof(args)))
			r = -EFAULT;
	}
	mutex_unlock(&h->lock);
	return r;
}

static long list(void __user *arg)
{
	struct scaudit_list_entry *entries;
	struct scaudit_list args;
	u32 capacity;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	capacity = min(args.capacity, LIST_MAX);
	entries = kvcalloc(max(capacity, 1u), sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	r = sc_audit_list(entries, capacity, &args.count);
	if (!r && (copy_to_user(u64_to_user_ptr(args.entries), entries,
				min(args.count, capacity) * sizeof(*entries)) ||
		   copy_to_user(arg, &args, sizeof(args))))
		r = -EFAULT;
	kvfree(entries);
	return r;
}

static long status(struct sc_audit *a, void __user *arg)
{
	struct scaudit_status args;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	r = sc_audit_status(a, &args);
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : r;
}

static long set_ident(struct sc_audit *a, void __user *arg)
{
	struct scaudit_plan plan;

	if (copy_from_user(&plan, arg, sizeof(plan)))
		return -EFAULT;
	return sc_audit_set_plan(a, &plan);
}

static long set_returns(struct sc_audit *a, void __user *arg)
{
	struct scaudit_returns returns;

	if (copy_from_user(&returns, arg, sizeof(returns)))
		return -EFAULT;
	return sc_audit_set_returns(a, &returns);
}

/* An array of user space's, to be freed with kvfree(). Return: NULL where it is empty. */
static void *copy_array(u64 from, u32 count, size_t size)
{
	void *array;

	if (!count)
		return NULL;
	array = kvmalloc_array(count, size, GFP_KERNEL_ACCOUNT);
	if (!array)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(array, u64_to_user_ptr(from), count * size)) {
		kvfree(array);
		return ERR_PTR(-EFAULT);
	}
	return array;
}

static long set_capture(struct sc_audit *a, void __user *arg)
{
	struct scaudit_capture_call *calls;
	struct scaudit_capture_op *ops;
	struct scaudit_capture capture;
	long r;

	if (copy_from_user(&capture, arg, sizeof(capture)))
		return -EFAULT;
	if (capture.nr_ops > SCAUDIT_CAPTURE_OPS || capture.nr_calls > SCAUDIT_CAPTURE_CALLS)
		return -E2BIG;
	ops = copy_array(capture.ops, capture.nr_ops, sizeof(*ops));
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	calls = copy_array(capture.calls, capture.nr_calls, sizeof(*calls));
	r = IS_ERR(calls) ? PTR_ERR(calls) : sc_audit_set_capture(a, &capture, ops, calls);
	if (!IS_ERR(calls))
		kvfree(calls);
	kvfree(ops);
	return r;
}

static long set_filter(struct sc_audit *a, void __user *arg)
{
	struct scaudit_filter_term *terms;
	struct scaudit_filter filter;
	long r;

	if (copy_from_user(&filter, arg, sizeof(filter)))
		return -EFAULT;
	if (filter.nr_terms > SCAUDIT_FILTER_TERMS)
		return -EINVAL;
	terms = copy_array(filter.terms, filter.nr_terms, sizeof(*terms));
	if (IS_ERR(terms))
		return PTR_ERR(terms);
	r = sc_audit_set_filter(a, &filter, terms);
	kvfree(terms);
	return r;
}

static long read_memory(struct sc_audit *a, void __user *arg)
{
	struct scaudit_read args;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	r = sc_audit_read(a, &args);
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : r;
}

static long slots(struct sc_audit *a, void __user *arg)
{
	struct scaudit_slots args;
	struct scaudit_slot *found;
	u32 capacity;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	capacity = min(args.capacity, LIST_MAX);
	found = kvcalloc(max(capacity, 1u), sizeof(*found), GFP_KERNEL_ACCOUNT);
	if (!found)
		return -ENOMEM;
	r = sc_audit_slots(a, found, capacity, &args.count);
	if (!r && (copy_to_user(u64_to_user_ptr(args.slots), found,
				min(args.count, capacity) * sizeof(*found)) ||
		   copy_to_user(arg, &args, sizeof(args))))
		r = -EFAULT;
	kvfree(found);
	return r;
}

static long translate(struct sc_audit *a, void __user *arg)
{
	struct scaudit_translate args;
	long r;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	r = sc_audit_translate(a, &args);
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : r;
}

static long device_ioctl(struct file *file, unsigned int request, unsigned long value)
{
	struct handle *h = file->private_data;
	void __user *arg = (void __user *)value;
	struct sc_audit *a = audit_of(h);

	switch (request) {
	case SCAUDIT_IOC_INFO:
		return get_info(arg);
	case SCAUDIT_IOC_ATTACH:
		return attach(h, arg);
	case SCAUDIT_IOC_ADOPT:
		return adopt(h, arg);
	case SCAUDIT_IOC_LIST:
		return list(arg);
	case SCAUDIT_IOC_RUN:
		return a ? sc_audit_run(a) : -EBADFD;
	case SCAUDIT_IOC_DETACH:
		return a ? sc_audit_detach(a) : -EBADFD;
	case SCAUDIT_IOC_STATUS:
		return a ? status(a, arg) : -EBADFD;
	case SCAUDIT_IOC_SET_IDENT:
		return a ? set_ident(a, arg) : -EBADFD;
	case SCAUDIT_IOC_SET_RETURNS:
		return a ? set_returns(a, arg) : -EBADFD;
	case SCAUDIT_IOC_SET_CAPTURE:
		return a ? set_capture(a, arg) : -EBADFD;
	case SCAUDIT_IOC_SET_FILTER:
		return a ? set_filter(a, arg) : -EBADFD;
	case SCAUDIT_IOC_READ:
		return a ? read_memory(a, arg) : -EBADFD;
	case SCAUDIT_IOC_SLOTS:
		return a ? slots(a, arg) : -EBADFD;
	case SCAUDIT_IOC_TRANSLATE:
		return a ? translate(a, arg) : -EBADFD;
	default:
		return -ENOTTY;
	}
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct sc_audit *a = audit_of(file->private_data);
	u64 per_vcpu = SCAUDIT_MMAP_STRIDE >> PAGE_SHIFT;
	u64 index = vma->vm_pgoff / per_vcpu;
	struct sc_vcpu *v;

	if (!a)
		return -EBADFD;
	if (index >= SCAUDIT_MAX_VCPUS)
		return -EINVAL;
	v = sc_vcpu_of(a, index);
	if (!v)
		return -ENOENT;
	return sc_ring_mmap(&v->ring, vma, vma->vm_pgoff % per_vcpu);
}

static __poll_t device_poll(struct file *file, poll_table *table)
{
	struct sc_audit *a = audit_of(file->private_data);

	if (!a)
		return EPOLLERR;
	poll_wait(file, &a->poll_wait, table);
	return sc_audit_events(a);
}

static const struct file_operations device_ops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.mmap = device_mmap,
	.poll = device_poll,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "scaudit",
	.fops = &device_ops,
	.mode = 0600,
};

int sc_device_init(void)
{
	return misc_register(&device);
}

void sc_device_exit(void)
{
	misc_deregister(&device);
}
