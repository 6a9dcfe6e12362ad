"""The claim of one server on its state file, and the new file that replaces the old one.

The claim is a lock on the new file, which is beside the old one from the start. The system releases a lock
when its process ends, so a server that was killed blocks no other.
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
    """The exclusive right to replace a file, until it is used or given up."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            UsageError: another server has the claim, or no file can be created beside `path`.
        """
        self._path = path
        # Beside the file, so on the same disk. Always the same name: files of killed processes don't pile up.
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            self._take()
        except OSError as error:
            message = f"state: {path}: {self._unfinished} cannot be written: {error.strerror}"
            raise UsageError(message) from None

    def give_up(self) -> None:
        """Release the file without a change. Also happens when the claim is collected, or at the exit."""
        self._finalizer()

    def replace(self, content: bytes) -> None:
        """Replace the file by one with this content, after that is on the disk. This uses the claim.

        Raises:
            UsageError: the file cannot be replaced; the old one is still there, whole.
        """
        try:
            if not _is_at(self._descriptor, self._unfinished):
                # Something has removed the file, perhaps a cleanup of hidden files.
                self.give_up()
                self._take()
            _write(self._descriptor, content)
        except OSError as error:
            self.give_up()
            raise UsageError(f"state: {self._path}: the file cannot be written: {error.strerror}") from None
        self._finalizer.detach()
        if sys.platform == "win32":  # an open file cannot be renamed there
            os.close(self._descriptor)
        try:
            os.replace(self._unfinished, self._path)
        except OSError as error:
            kept = self._keep_unsaved()
            raise UsageError(
                f"state: {self._path}: the file cannot be replaced: {error.strerror}; what was to be saved "
                f"is in {kept}"
            ) from None
        finally:
            if sys.platform != "win32":
                os.close(self._descriptor)
        with contextlib.suppress(OSError):
            _sync_folder(self._path.parent)

    def _take(self) -> None:
        self._descriptor = self._open_locked()
        self._finalizer = weakref.finalize(self, _remove, self._unfinished, self._descriptor, os.getpid())

    def _keep_unsaved(self) -> Path:
        """Give the new file a name that no server writes to, if that is possible; returns its path."""
        kept = self._path.with_name(f"{self._path.name}.unsaved")
        try:
            os.replace(self._unfinished, kept)
        except OSError:
            return self._unfinished
        return kept

    def _open_locked(self) -> int:
        while True:
            descriptor = os.open(self._unfinished, _FLAGS, _PRIVATE)
            try:
                self._lock(descriptor)
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "it is no file")
                # Between opening and locking, another server may have used its claim, and so moved this file.
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
            # Any other error comes from a file system without locks, which is no reason not to start.
            if error.errno in _TAKEN:
                raise UsageError(
                    f"state: {self._path}: another server uses this file; stop that server first, or "
                    f"give this one its own file"
                ) from None


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one at `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _remove(path: Path, descriptor: int, owner: int) -> None:
    """Remove the new file while it is locked, so that no other server's is removed. A child process of the
    owner removes none.
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
    """Write the new name to the disk too. Windows cannot do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
