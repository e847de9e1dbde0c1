"""What Linux offers to confine a process, by its system calls.

``namespaces``: `unshare`, `own_root`, `drop`; ``landlock``: `landlock`; and
for both, `forbid`.
Nothing here knows of notebooks; `course.run.nursery` decides what is used when.
"""

import contextlib
import ctypes
import os
import platform
import signal
import struct
import sys
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
          "/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives",
          "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
NEWNS, NEWIPC, NEWUTS, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x8000000, 0x4000000, 0x10000000, 0x20000000, 0x40000000)
RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC, PRIVATE = (
    1, 2, 4, 32, 4096, 16384, 1 << 18)
KIT = "/kit"  # where the problem set's lttutor stands in such a tree
libc = ctypes.CDLL(None, use_errno=True)


def _check(result, doing):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{doing}: {os.strerror(number)}")
    return result


def unshare():
    """Leave the system's mounts, processes and network."""
    flags = NEWNS | NEWIPC | NEWUTS | NEWPID | NEWNET
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        _check(libc.unshare(flags), "unshare")
        return
    _check(libc.unshare(flags | NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _mount(source, target, kind=None, flags=0, data=None):
    def text(value):
        return None if value is None else os.fsencode(value)

    _check(libc.mount(text(source), text(target), text(kind),
                      ctypes.c_ulong(flags), text(data)), f"mount {target}")


def _bind(source, root, place=None):
    """Show ``source``, read-only, under ``root``, perhaps elsewhere."""
    source = os.path.abspath(source)
    target = root + (place or source)
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "a").close()
    _mount(source, target, flags=BIND | REC)
    kept = os.statvfs(target).f_flag & (NOSUID | NODEV | 8 | 1024 | 4096)
    locked = kept & ~4096 | ((1 << 21) if kept & 4096 else 0)
    device = 0 if source in DEVICES else NODEV
    _mount(None, target,
           flags=BIND | REMOUNT | RDONLY | NOSUID | device | locked)


def own_root(root, readable, hidden, kit, user):
    """A file tree of what is readable, with the kit and an empty home."""
    _mount(None, "/", flags=REC | PRIVATE)
    plain = NOSUID | NODEV
    _mount("none", root, "tmpfs", plain, "size=8m,mode=755")
    for folder in ("/tmp", "/dev/shm", "/home/student"):
        os.makedirs(root + folder)
        _mount("none", root + folder, "tmpfs", plain, "size=32m,mode=1777")
    wanted = [*SYSTEM, *readable, *DEVICES]
    seen = []
    for path in map(os.path.abspath, wanted):
        covered = any(path.startswith(done + "/") or path == done
                      for done in seen)
        if os.path.lexists(path) and not covered:
            _bind(path, root)
            seen.append(path)
    for secret in hidden:
        if os.path.isdir(root + secret):
            _mount("none", root + secret, "tmpfs", RDONLY, "size=0")
    _bind(kit, root, KIT)
    os.makedirs(root + "/etc", exist_ok=True)
    Path(root + "/etc/passwd").write_text(
        f"student:x:{user}:{user}::/home/student:/bin/sh\n")
    os.makedirs(root + "/proc", exist_ok=True)
    with contextlib.suppress(OSError):  # some containers forbid it
        _mount("proc", root + "/proc", "proc", plain)
    _mount(None, root, flags=REMOUNT | RDONLY | plain, data="mode=755")
    os.chdir(root)
    _check(libc.pivot_root(b".", b"."), "pivot_root")
    _check(libc.umount2(b".", 2), "leave the old root")
    os.chdir("/")


def drop(user):
    """Give up root and every capability, for good."""
    if user is not None and os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if sys.platform != "linux":
        return
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _check(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
    die_with_parent()


def die_with_parent(number=signal.SIGKILL):
    """Have the kernel send this signal when the parent process ends."""
    if sys.platform == "linux":
        libc.prctl(1, number, 0, 0, 0)


def landlock(readable, home):
    """Allow reading ``readable`` and writing ``home``; no TCP, no signals
    and no abstract sockets to processes outside."""
    version = _check(libc.syscall(444, None, 0, 1), "landlock")
    if version < 6:
        raise OSError("Landlock is too old to keep signals in (Linux 6.12)")
    files, network, scoped = (1 << 16) - 1, 3, 3
    rules = (ctypes.c_uint64 * 3)(files, network, scoped)
    ruleset = _check(libc.syscall(444, rules, 24, 0), "landlock")
    reading = 1 << 0 | 1 << 2 | 1 << 3

    def allow(path, rights):
        try:
            place = os.open(path, os.O_PATH)
        except OSError:
            return
        if not os.path.isdir(path):
            rights &= 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14
        rule = (ctypes.c_uint64 * 1)(rights)
        packed = bytes(rule) + place.to_bytes(4, "little")
        _check(libc.syscall(445, ruleset, 1, packed, 0), f"allow {path}")
        os.close(place)

    for path in (*SYSTEM, *readable):
        allow(path, reading)
    for path in DEVICES:
        allow(path, reading | 1 << 1)
    allow(home, files)
    _check(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
    _check(libc.syscall(446, ruleset, 0), "landlock")
    os.close(ruleset)


def adopt_orphans():
    """Become the parent of whatever this process's children leave behind."""
    if sys.platform == "linux":
        libc.prctl(36, 1, 0, 0, 0)


# Numbers of x86-64.  What is refused: sockets but for pairs, name spaces,
# the kernel's keys, memory and messages that outlive a process, tracing,
# priorities.
REFUSED = (41, 272, 308, 165, 29, 64, 68, 240, 248, 249, 250, 101, 298, 321,
           323, 425, 141, 142, 144, 251, 314)
OWN = (302, 203)  # limits and cores of this process only
NEW = 463  # numbers from here on, which may do any of this in a new way
# What is done without effect: changing modes, owners, times, attributes.
IGNORED = (90, 91, 268, 452, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189,
           190, 197, 198, 199)


def forbid():
    """Filter this process's system calls for good; False if it cannot be.

    The program is one of seccomp: load the processor and the number of the
    call, compare, return.
    """
    if platform.machine() != "x86_64":
        return False
    load, equal, above, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, nothing, kill = 0x7FFF0000, 0x50000, 0x80000000
    not_permitted, unknown = nothing | 1, nothing | 38
    code = [(load, 0, 0, 4), (equal, 1, 0, 0xC000003E), (give, 0, 0, kill),
            (load, 0, 0, 0), (above, 0, 1, 0x40000000),
            (give, 0, 0, not_permitted)]
    for numbers, answer in ((REFUSED, not_permitted), (IGNORED, nothing),
                            ([435], unknown)):  # clone3: then clone is used
        for number in numbers:
            code += [(equal, 0, 1, number), (give, 0, 0, answer)]
    code += [(above, 0, 1, NEW), (give, 0, 0, unknown)]
    for number in OWN:  # the first argument, another process, must be zero
        code += [(equal, 0, 3, number), (load, 0, 0, 16),
                 (equal, 1, 0, 0), (give, 0, 0, not_permitted),
                 (load, 0, 0, 0)]
    spaces = NEWIPC | NEWUTS | NEWUSER | NEWPID | NEWNET | NEWNS | 0x2000000
    code += [(equal, 0, 3, 56), (load, 0, 0, 16), (any_bit, 0, 1, spaces),
             (give, 0, 0, not_permitted), (give, 0, 0, allow)]
    program = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *line) for line in code))
    header = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program))
    _check(libc.prctl(22, 2, header, 0, 0), "filter of system calls")
    return True
