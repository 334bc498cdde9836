"""Say in words why the database cannot be used, and what to do next."""

import re
import sqlite3
import ssl
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg

from service.resilience.causes import describe_cause, iterate_chain
from service.settings import home_folder, resolve_path

SQLITE_CAUSES = {
    "SQLITE_CANTOPEN": "the file cannot be opened; give the service's user access to its folder",
    "SQLITE_READONLY": "the file cannot be written; give the service's user access to it",
    "SQLITE_BUSY": "another process holds its lock; end that one, or try again",
    "SQLITE_LOCKED": "another process holds its lock; end that one, or try again",
    "SQLITE_FULL": "the disk is full; free some space",
    "SQLITE_IOERR": "the disk fails to read or write; check it",
    "SQLITE_NOTADB": "the file is not an SQLite database; correct the path in DATABASE_URL",
    "SQLITE_CORRUPT": "the file is damaged; restore it from a back-up",
}

POSTGRES_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "PostgreSQL rejects {user} or its password; correct DATABASE_URL",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "PostgreSQL has no database {name}; create it: createdb -O {user} {name}",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "{user} lacks a privilege; make it the owner of the database {name}",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "PostgreSQL has no free connection; raise max_connections, or lower WORKERS",
    ),
    (asyncpg.DiskFullError, "the disk of PostgreSQL is full; free some space"),
    (asyncpg.CannotConnectNowError, "PostgreSQL starts or stops; try again in a moment"),
    (
        asyncpg.exceptions.ReadOnlySQLTransactionError,
        "PostgreSQL is a read-only replica; name the primary in DATABASE_URL",
    ),
)


DEFAULT_ROOT = Path("~/.postgresql/root.crt")  # where the driver looks, like libpq

UNKNOWN_CAUSE = "it does not answer; check DATABASE_URL and the server"
UNKNOWN_OPTION = re.compile(
    r"unexpected keyword argument '(\w+)'|unrecognized configuration parameter \"(\w+)\""
)
"""How the driver and the server name an option that they do not know."""


def describe_database_fault(error: BaseException, url: str) -> str:
    """Return the cause of a failure of the database at `url`, and the next step."""
    for cause in iterate_chain(error):
        text = _describe_postgres(cause, url) or _describe_sqlite(cause)
        if text:
            return text
        if isinstance(cause, OSError) and (text := _describe_certificate(url)):
            return text
        if option := UNKNOWN_OPTION.search(str(cause)):
            return f"DATABASE_URL has the unknown option {option[1] or option[2]}; remove it"
    return describe_cause(error, UNKNOWN_CAUSE, "sslrootcert=FILE in DATABASE_URL")


def _describe_certificate(url: str) -> str | None:
    """Return what is wrong with the certificate authority in the URL; None if nothing is."""
    options = dict(parse_qsl(urlsplit(url).query)) if url.startswith("postgres") else {}
    root = options.get("sslrootcert")
    if root is None:
        needs_root = options.get("sslmode", "").startswith("verify")
        if needs_root and not DEFAULT_ROOT.expanduser().is_file():
            return "sslmode=verify-… needs a certificate authority; add sslrootcert=FILE"
        return None
    try:
        ssl.create_default_context(cafile=home_folder() / root)
    except OSError:  # SSLError is one
        return (
            f"the certificate {root} in DATABASE_URL cannot be read: the file is missing or no "
            "certificate; correct sslrootcert="
        )
    return None


def _describe_postgres(error: BaseException, url: str) -> str | None:
    parts = urlsplit(url)
    names = {"user": unquote(parts.username or "") or "the user", "name": parts.path.strip("/")}
    causes = (text for kind, text in POSTGRES_CAUSES if isinstance(error, kind))
    return next((text.format(**names) for text in causes), None)


def _describe_sqlite(error: BaseException) -> str | None:
    name = getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
    return next((text for code, text in SQLITE_CAUSES.items() if name.startswith(code)), None)


def locate_database(url: str) -> str:
    """Return where the database is: host, port and name, or the file."""
    if url.startswith("sqlite"):
        return str(resolve_path(url))
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
