"""The files of a SQLite database: that it is one, and that only its owner may read it."""

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path

from service.limits import SQLITE_BUSY_TIMEOUT_MS
from service.private_files import restrict_file

NOT_A_DATABASE = "SQLITE_NOTADB"
SUFFIXES = ("", "-wal", "-shm")


def read_only_uri(path: Path) -> str:
    """Return the address of a database that must exist and is not written."""
    return f"{path.absolute().as_uri()}?mode=ro"


def require_database(path: Path) -> None:
    """Raise SQLite's error if there is something that is no database; ignore other faults.

    SQLite itself reads a file: closing a descriptor of ours would end the locks of this process. It
    would take a device such as `/dev/null` for an empty database, and wait for a pipe.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        error = sqlite3.DatabaseError("file is not a database")
        error.sqlite_errorname = NOT_A_DATABASE
        raise error
    try:
        with closing(
            sqlite3.connect(read_only_uri(path), timeout=SQLITE_BUSY_TIMEOUT_MS / 1000, uri=True)
        ) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") == NOT_A_DATABASE:
            raise


def restrict_database(path: Path) -> None:
    """Take the database away from everybody but its owner, unless the file is something else."""
    with contextlib.suppress(sqlite3.DatabaseError):  # the first statement says what is wrong
        require_database(path)
        for suffix in SUFFIXES:
            restrict_file(path.with_name(path.name + suffix))
