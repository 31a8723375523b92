"""Becomes a child program whose death is tied to its parent's; run as a script of its own, before anything is imported.

Usage: python -I -S child.py PARENT_PID SIGNAL USER PROGRAM [ARGUMENT ...]

A supervisor that is killed with -9 can stop nobody. So the kernel is asked to send SIGNAL to this process when its
parent is gone (Linux; elsewhere the supervisor's pid files serve). With USER "mapped", root becomes an ordinary user
of a namespace of its own: PostgreSQL refuses to run as root, and no account has to be made for it. With USER a number,
root becomes that user (where namespaces are forbidden). With USER "same" nothing changes.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
MAPPED_ID = 1000


def enter_namespace() -> None:
    """Root outside is MAPPED_ID inside; files stay root's."""
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "user namespace")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{MAPPED_ID} {uid} 1"),
        ("gid_map", f"{MAPPED_ID} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def main(parent: int, last_signal: int, user: str, program: list[str]) -> None:
    if user == "mapped":
        enter_namespace()
    elif user != "same":
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, last_signal, 0, 0, 0)
        if os.getppid() != parent:  # gone between fork and prctl: nobody will tell us any more
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606  without a shell is what is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
