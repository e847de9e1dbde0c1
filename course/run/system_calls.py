"""The system calls that a student's process may make, by their names.

libseccomp compiles the list for the processor at hand.  Any other call, such
as one that only newer kernels have, is answered as by a kernel that does not
know it; libraries then fall back on what they did before.
"""

import errno
import functools
import tempfile

import pyseccomp as seccomp

FILES = """
    access chdir close close_range copy_file_range creat dup dup2 dup3
    faccessat faccessat2 fadvise64 fadvise64_64 fallocate fchdir fcntl
    fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
    ftruncate ftruncate64 getcwd getdents getdents64 ioctl link linkat lseek
    _llseek lstat lstat64 mkdir mkdirat newfstatat open openat openat2 pipe
    pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
    readlink readlinkat readv rename renameat renameat2 rmdir sendfile
    sendfile64 stat stat64 statfs statfs64 statx symlink symlinkat
    sync_file_range truncate truncate64 umask unlink unlinkat write writev
"""
TIME = """
    alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 epoll_create epoll_create1
    epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 getitimer
    gettimeofday nanosleep _newselect pause poll ppoll ppoll_time64 pselect6
    pselect6_time64 select setitimer time times
"""
MEMORY = """
    brk madvise membarrier mincore mmap mmap2 mprotect mremap msync munmap
"""
ITSELF = """
    arch_prctl capget execve exit exit_group futex futex_time64
    get_robust_list getegid getegid32 geteuid geteuid32 getgid getgid32
    getgroups getgroups32 getpgid getpgrp getpid getppid getpriority
    getrandom getresgid getresgid32 getresuid getresuid32 getrlimit
    getrusage getsid gettid getuid getuid32 kill restart_syscall
    riscv_flush_icache riscv_hwprobe rseq rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait
    sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getparam sched_getscheduler sched_yield set_robust_list
    set_thread_area set_tid_address set_tls setpgid setrlimit setsid
    sigaltstack sigreturn sysinfo tgkill tkill ugetrlimit uname wait4 waitid
    waitpid
"""
PAIRS = """
    getpeername getsockname getsockopt recv recvfrom recvmsg send sendmsg
    sendto setsockopt shutdown socketpair
"""
CHILDREN = "fork vfork"
IGNORED = """
    chmod chown chown32 fchmod fchmodat fchmodat2 fchown fchown32 fchownat
    fremovexattr fsetxattr futimesat lchown lchown32 lremovexattr lsetxattr
    removexattr setxattr utime utimensat utimensat_time64 utimes
"""  # modes, owners, times and attributes of files: done without effect
ONLY_OWN = "prlimit64 sched_setaffinity"  # the process that is meant is 0
THREAD, SPACES = 0x10000, 0x7E020000  # what clone makes
NAMING = (15, 16)  # what prctl does: set and get a thread's name
UNKNOWN = -1  # libseccomp's answer to a name that it does not know


@functools.cache
def compiled(children=True):
    """The filter as the kernel reads it.

    Without ``children`` a process can start threads only.
    """
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))

    def add(names, *arguments, action=seccomp.ALLOW):
        for name in names.split():
            if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != UNKNOWN:
                rules.add_rule(action, name, *arguments)

    add(FILES + TIME + MEMORY + ITSELF + PAIRS)
    add(IGNORED, action=seccomp.ERRNO(0))
    add(ONLY_OWN, seccomp.Arg(0, seccomp.EQ, 0))
    for option in NAMING:
        add("prctl", seccomp.Arg(0, seccomp.EQ, option))
    if children:
        add(CHILDREN)
    kind = 0 if children else THREAD
    add("clone", seccomp.Arg(0, seccomp.MASKED_EQ, SPACES | kind, kind))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
