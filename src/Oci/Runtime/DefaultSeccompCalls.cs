// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Runtime;

/// <summary>The names in the default filter, by what they are for.</summary>
internal static class DefaultSeccompCalls
{
    /// <summary>Allowed for everybody. Whatever they reach is held by namespaces, cgroups, capabilities and file permissions.</summary>
    internal const string Ordinary = $"{Files} {Descriptors} {Memory} {Processes} {Signals} {Time} {Communication} {Machine} {Empty}";

    /// <summary>Refused with ENOSYS: young calls whose users know what to do without them.</summary>
    internal const string Unsupported =
        "statmount listmount listns open_tree_attr file_getattr file_setattr lsm_get_self_attr lsm_set_self_attr lsm_list_modules uprobe "
        + "rseq_slice_yield";

    private const string Files = """
        access chdir chmod chown chown32 creat faccessat faccessat2 fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fgetxattr
        flistxattr fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 futimesat getcwd getdents getdents64 getxattr getxattrat
        lchown lchown32 lgetxattr link linkat listxattr listxattrat llistxattr lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod
        mknodat name_to_handle_at newfstatat oldfstat oldlstat oldstat open openat openat2 readlink readlinkat removexattr removexattrat
        rename renameat renameat2 rmdir setxattr setxattrat stat stat64 statfs statfs64 statx symlink symlinkat sync syncfs truncate
        truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes
        fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch
        landlock_add_rule landlock_create_ruleset landlock_restrict_self
        """;

    private const string Descriptors = """
        close close_range copy_file_range dup dup2 dup3 fadvise64 fadvise64_64 arm_fadvise64_64 fallocate fcntl fcntl64 fdatasync flock fsync
        ftruncate ftruncate64 ioctl _llseek lseek pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readdir readv
        sendfile sendfile64 splice sync_file_range arm_sync_file_range tee vmsplice write writev
        epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 _newselect
        poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4
        io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit
        """;

    private const string Memory = """
        brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap
        mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages
        """;

    private const string Processes = """
        capget capset execve execveat exit exit_group fork vfork getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
        getpgid getpgrp getpid getppid getpriority getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid getuid
        getuid32 ioprio_get ioprio_set nice pidfd_open pidfd_send_signal prctl prlimit64 process_mrelease seccomp setfsgid setfsgid32 setfsuid
        setfsuid32 setgid setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32
        setreuid setreuid32 setrlimit setsid setuid setuid32 ugetrlimit wait4 waitid waitpid
        arch_prctl get_robust_list get_thread_area modify_ldt rseq set_robust_list set_thread_area set_tid_address set_tls
        futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake getcpu
        sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
        sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
        process_vm_readv process_vm_writev ptrace
        """;

    private const string Signals = """
        alarm kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
        rt_sigtimedwait_time64 rt_tgsigqueueinfo sgetmask sigaction sigaltstack signal sigpending sigprocmask sigreturn sigsuspend ssetmask
        tgkill tkill uretprobe
        """;

    private const string Time = """
        adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
        clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime
        timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times
        """;

    private const string Communication = """
        accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg
        sendmsg sendto setsockopt shutdown socketcall socketpair
        ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget
        msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget
        """;

    private const string Machine = "getrandom oldolduname olduname sysinfo uname breakpoint cacheflush";

    /// <summary>Numbers without a call behind them on every kernel that we run on: it answers ENOSYS itself, and the filter stays shorter.</summary>
    private const string Empty = """
        afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock mpx nfsservctl prof profil putpmsg query_module
        security stty _sysctl tuxcall ulimit vserver
        """;

    /// <summary>What a container may call when its bounding set has a capability that the kernel asks for there.</summary>
    internal static readonly (string Capability, string Calls)[] WithCapability =
    [
        ("CAP_BPF", "bpf"),
        ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
        ("CAP_PERFMON", "perf_event_open"),
        ("CAP_SYS_ADMIN", """
            bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open
            quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
            """),
        ("CAP_SYS_BOOT", "reboot"),
        ("CAP_SYS_CHROOT", "chroot"),
        ("CAP_SYS_MODULE", "delete_module finit_module init_module"),
        ("CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
        ("CAP_SYS_PACCT", "acct"),
        ("CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise"),
        ("CAP_SYS_RAWIO", "ioperm iopl"),
        ("CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime"),
        ("CAP_SYS_TTY_CONFIG", "vhangup"),
        ("CAP_SYSLOG", "syslog"),
    ];
}
