"""Files that only their owner may read: databases, secrets, locks, and the folder around them.

A name in a shared folder may be a symbolic link that somebody else has put there, so none is
followed. Only the database may be one, if the service's own user or root made it: operators move
databases to other disks so.
"""

import contextlib
import os
import stat
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
PRIVATE_UMASK = 0o077  # of every process of the service
OTHERS_READ_WRITE, OTHERS_ALL = 0o066, 0o077


def make_private_folder(path: Path) -> None:
    """Create the folder for its owner alone, unless it exists: it may be everybody's, as `/tmp`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(PRIVATE_FOLDER)


def make_var_folder(home: Path) -> Path:
    """Return the folder `var` of the home folder, which others cannot list; create it if missing.

    Others may still pass through, to a folder that an operator opened to them. The `var` of the
    whole system, if `/` is the home folder, stays as it is.
    """
    path = home / "var"
    make_private_folder(path)
    if path.parent != path.parent.parent:
        _take_away(path, OTHERS_READ_WRITE)
    return path


def make_private_file(path: Path) -> None:
    """Create the file if it is missing, and take it away from everybody but its owner.

    A symbolic link is followed if this user or root made it. An existing file is not opened, since
    closing it would end the locks that this process has on it: SQLite's.

    Raises:
        OSError: it is another user's symbolic link, or cannot be opened.
    """
    if path.is_symlink() and path.lstat().st_uid in (os.geteuid(), 0):
        path = path.resolve()
    if path.is_symlink() or not path.is_file():
        os.close(open_private_file(path))
    _take_away(path, OTHERS_ALL)


def restrict_file(path: Path) -> None:
    """Take an existing file away from everybody but its owner; ignore that it is missing."""
    _take_away(path, OTHERS_ALL)


def open_private_file(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Return a descriptor of the file, which must not be a symbolic link.

    Raises:
        OSError: it is a symbolic link, or cannot be opened.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)


def _take_away(path: Path, bits: int) -> None:
    """Remove permissions from a file or folder of ours; a link or a device is everybody's."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
        if status.st_mode & bits and status.st_uid == os.geteuid() and is_plain:
            path.chmod(status.st_mode & 0o777 & ~bits)
