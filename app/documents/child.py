"""The last step before wkhtmltopdf: a process that takes away its own rights and then becomes it.

Run as a file (`python -I -S child.py PARENT NETWORK CPU COMMAND…`), with the standard library alone
and nothing of the app: it starts in a few hundredths of a second, and unlike a `preexec_fn` it is
safe beside the threads of a web process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys

# Of addresses, which is all that a process can limit. wkhtmltopdf reserves 1.4 GB of them for an
# ordinary page and touches 0.1: with 1.5 GB a logo of 16 megapixels is left out without a word.
MEMORY_LIMIT = 2 * 1024 * 1024 * 1024

CANNOT_START = 127

# From <sys/prctl.h> and <sched.h>; Python has no names for them before 3.12.
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def limit_resources(cpu_seconds: int) -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY_LIMIT,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        ceiling = resource.getrlimit(kind)[1]
        value = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
        resource.setrlimit(kind, (value, value))


def leave_the_network(libc: ctypes.CDLL) -> None:
    """Moves into a network namespace with no way out, where the machine allows one.

    Docker's default profile and hardened kernels refuse it; then the dead proxy in the options of
    wkhtmltopdf stands alone, which is enough for every attack that we know.
    """
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWNET)
        return
    # Without these lines the process would be nobody to itself; it works, only less tidily.
    with contextlib.suppress(OSError):
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as control:
                control.write(line)


def die_with(parent: int, libc: ctypes.CDLL) -> None:
    """The kernel kills us when the parent goes, even by `kill -9`.

    Set after the namespaces, since a change of credentials may clear it.
    """
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it went before the line above
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> int:
    parent, network, cpu_seconds, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    os.umask(0o077)
    limit_resources(int(cpu_seconds))
    if network == "none":
        leave_the_network(libc)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    die_with(int(parent), libc)
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
