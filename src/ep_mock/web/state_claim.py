"""The claim of one server on its state file, and the new file that takes the place of the old one.

The claim is a lock on the new file, which lies beside the old one from the start on. The system lifts a lock
together with the process that has it, so a server that was killed hinders no other.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import weakref
from pathlib import Path
from typing import Final

from ep_mock.errors import UsageError

if sys.platform != "win32":
    import fcntl

_PRIVATE: Final = 0o600
_FLAGS: Final = (
    os.O_RDWR
    | os.O_CREAT
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_TAKEN: Final = (errno.EWOULDBLOCK, errno.EACCES)


class Claim:
    """Nobody else can have one on the same file until this one is used up or gone."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            UsageError: another server has one, or no file can be made beside `path`.
        """
        self._path = path
        # Beside the file, hence on the same disk; the same each time, so that what killed processes leave
        # does not pile up.
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            self._descriptor = self._locked()
        except OSError as error:
            raise UsageError(
                f"state: {path}: {self._unfinished} cannot be written: {error.strerror}"
            ) from None
        self._give_up = self._given_up_at_the_end()

    def give_up(self) -> None:
        """Let others have the file; the claim is used up."""
        self._give_up()

    def replace(self, content: bytes) -> None:
        """Put a file with this content in the place of the old one, once it is on the disk. The claim is used
        up.

        Raises:
            UsageError: that cannot be done; the old one is still there, whole.
        """
        try:
            if not _is_at(self._descriptor, self._unfinished):
                # Somebody has cleared up what begins with a dot.
                self._give_up()
                self._descriptor = self._locked()
                self._give_up = self._given_up_at_the_end()
            _write(self._descriptor, content)
        except OSError as error:
            self._give_up()
            raise UsageError(f"state: {self._path}: the file cannot be written: {error.strerror}") from None
        self._give_up.detach()
        if sys.platform == "win32":  # an open file cannot be renamed there
            os.close(self._descriptor)
        try:
            os.replace(self._unfinished, self._path)
        except OSError as error:
            kept = self._kept()
            raise UsageError(
                f"state: {self._path}: the file cannot be replaced: {error.strerror}; what was to be saved "
                f"is in {kept}"
            ) from None
        finally:
            if sys.platform != "win32":
                os.close(self._descriptor)
        with contextlib.suppress(OSError):
            _sync_folder(self._path.parent)

    def _given_up_at_the_end(self) -> weakref.finalize[..., Claim]:
        return weakref.finalize(self, _remove, self._unfinished, self._descriptor, os.getpid())

    def _kept(self) -> Path:
        """Where the new file is, which cannot take the place of the old one: under a name at which nobody
        else writes, if that can be.
        """
        kept = self._path.with_name(f"{self._path.name}.unsaved")
        try:
            os.replace(self._unfinished, kept)
        except OSError:
            return self._unfinished
        return kept

    def _locked(self) -> int:
        while True:
            descriptor = os.open(self._unfinished, _FLAGS, _PRIVATE)
            try:
                self._lock(descriptor)
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "it is no file")
                # Another server may have used up its claim, and with it this file, between the opening and
                # the locking.
                if _is_at(descriptor, self._unfinished):
                    if hasattr(os, "fchmod"):
                        os.fchmod(descriptor, _PRIVATE)
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        try:
            if sys.platform != "win32":
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Any other error comes from a file system that knows no locks: it is no reason not to start.
            if error.errno in _TAKEN:
                raise UsageError(
                    f"state: {self._path}: another server has this file; stop that one first, or give this "
                    f"one a file of its own"
                ) from None


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether this is the file of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _remove(path: Path, descriptor: int, owner: int) -> None:
    """Remove the new file before its lock is lifted, so that nobody else's is removed; a child of the owner's
    removes none.
    """
    if os.getpid() != owner:
        os.close(descriptor)
        return
    if sys.platform == "win32":  # an open file cannot be removed there
        os.close(descriptor)
    with contextlib.suppress(OSError):
        if sys.platform == "win32" or _is_at(descriptor, path):
            path.unlink()
    if sys.platform != "win32":
        os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    os.ftruncate(descriptor, 0)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make sure that the new name is on the disk too, where the system can do that (Windows cannot)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
