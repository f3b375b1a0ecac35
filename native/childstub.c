// SPDX-License-Identifier: Apache-2.0
// Runs a prepared list of system calls in a cloned child. See docs/decisions/0002-childstub.md and src/Interop/Spawn.
// Nothing here decides anything: which calls, which errors are tolerated and what is skipped then is data from C#.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct gantry_op {            // layout mirrored by Gantry.Interop.Spawn.NativeOp
    int64_t number;           // system call
    int64_t args[6];
    int64_t result;           // written here; later operations may use it
    uint32_t references;      // bit i: args[i] is the index of an earlier operation whose result is meant
    int32_t tolerated[3];     // errnos that do not fail the list; -1 is any
    uint32_t skip_on_error;   // operations to skip after a tolerated error
    uint32_t skip_on_success; // operations to skip after success
};

struct gantry_run {           // layout mirrored by Gantry.Interop.Spawn.NativeRun
    struct gantry_op *ops;
    int64_t count;
    void *stack;              // lowest address of the child's own stack
    uint64_t stack_size;
    struct clone_args clone;
    int32_t failed_op;        // -1: the list ended in a successful execve
    int32_t failed_errno;
};

static long raw_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    long r;
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    r = x0;
#else
#error "only x86-64 and arm64"
#endif
    return r;
}

static int tolerated(const struct gantry_op *op, int error)
{
    for (int i = 0; i < 3; i++)
        if (op->tolerated[i] == -1 || (op->tolerated[i] != 0 && op->tolerated[i] == error))
            return 1;
    return 0;
}

// In the child: shares the parent's memory until execve, so it touches only the run structure and its own stack.
static void run_list(struct gantry_run *run)
{
    // CLEAR_SIGHAND turns handlers into defaults but leaves what is ignored ignored (SIGPIPE under .NET).
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } standard = {0};
    for (int signal = 1; signal <= 64; signal++)
        raw_syscall(SYS_rt_sigaction, signal, (long)&standard, 0, 8, 0, 0);
    for (int64_t i = 0; i < run->count; i++) {
        struct gantry_op *op = &run->ops[i];
        long args[6];
        for (int k = 0; k < 6; k++)
            args[k] = (op->references >> k) & 1 ? run->ops[op->args[k]].result : op->args[k];
        op->result = raw_syscall(op->number, args[0], args[1], args[2], args[3], args[4], args[5]);
        if (op->result >= 0) {
            i += op->skip_on_success;
        } else if (tolerated(op, (int)-op->result)) {
            i += op->skip_on_error;
        } else {
            run->failed_op = (int32_t)i;
            run->failed_errno = (int32_t)-op->result;
            raw_syscall(SYS_exit_group, 127, 0, 0, 0, 0, 0);
        }
    }
    run->failed_op = (int32_t)run->count; // every list ends in execve
    run->failed_errno = ENOEXEC;
    raw_syscall(SYS_exit_group, 127, 0, 0, 0, 0, 0);
}

// The child gets a stack of its own: with CLONE_VM it would otherwise return through a frame of the parent.
static long clone_child(struct gantry_run *run)
{
    long r;
    run->clone.stack = (uint64_t)(uintptr_t)run->stack;
    run->clone.stack_size = run->stack_size;
#if defined(__x86_64__)
    __asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tmov %[run], %%rdi\n\tcall *%[entry]\n\thlt\n1:"
                     : "=&a"(r)
                     : "0"((long)SYS_clone3), "D"(&run->clone), "S"(sizeof run->clone), [run] "r"(run), [entry] "r"(run_list)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_clone3;
    register long x0 __asm__("x0") = (long)&run->clone;
    register long x1 __asm__("x1") = sizeof run->clone;
    register struct gantry_run *x19 __asm__("x19") = run;
    register void (*x20)(struct gantry_run *) __asm__("x20") = run_list;
    __asm__ volatile("svc 0\n\tcbnz x0, 1f\n\tmov x29, xzr\n\tmov x0, x19\n\tblr x20\n\tbrk 0\n1:"
                     : "+r"(x0) : "r"(x8), "r"(x1), "r"(x19), "r"(x20) : "memory", "x30");
    r = x0;
#endif
    return r;
}

// Returns the child's pid once it has executed its program or failed (CLONE_VFORK), or -errno of clone3.
__attribute__((visibility("default"))) long gantry_spawn(struct gantry_run *run)
{
    uint64_t all = ~0ull, old;
    run->failed_op = -1;
    run->failed_errno = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&old, 8, 0, 0);
    long pid = clone_child(run);
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, 8, 0, 0);
    return pid;
}
