"""The words in which failures of the operating system and of drivers are reported."""

import socket
import sqlite3
import ssl

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from service.cli.running import describe_failure
from service.database.fault_descriptions import describe_database_fault, locate_database
from service.errors import FieldError, Invalid, Misconfigured, Unavailable
from service.resilience import causes
from service.resilience.causes import describe_cause
from service.settings import Settings


def wrap(error: Exception) -> Exception:
    wrapper = RuntimeError("a driver's own words")
    wrapper.__cause__ = error
    return wrapper


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "x"), causes.REFUSED),
        (socket.gaierror(-2, "Name or service not known"), causes.NO_HOST),
        (TimeoutError(), causes.NO_ANSWER),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), causes.NO_TLS),
        (ssl.SSLError(1, "certificate verify failed"), causes.UNTRUSTED),
        (PermissionError(13, "Permission denied", "/x"), causes.DENIED),
        (ConnectionResetError(104, "x"), causes.CLOSED),
        (ConnectionResetError(), causes.CLOSED),
        (OSError(28, "No space left on device", "/x"), causes.DISK_FULL),
        (ValueError("An IO error occurred: 'No space left on device'"), causes.DISK_FULL),
        (OSError(30, "Read-only file system", "/x"), causes.READ_ONLY),
        (RuntimeError("never seen"), "it failed"),
    ],
)
def test_a_cause_is_put_in_words_however_deep_it_is_wrapped(error: Exception, words: str) -> None:
    assert describe_cause(error) == words
    assert describe_cause(wrap(wrap(error))) == words


def test_errors_that_wrap_each_other_in_a_circle_end() -> None:
    first, second = RuntimeError("1"), RuntimeError("2")
    first.__cause__, second.__cause__ = second, first
    assert describe_cause(first) == "it failed"


def test_faults_of_a_database_name_what_to_change_and_no_password() -> None:
    url = "postgres://ann:hush@db.example:5433/films"
    assert locate_database(url) == "db.example:5433/films"
    wrong = describe_database_fault(wrap(asyncpg.InvalidPasswordError("x")), url)
    assert wrong == "PostgreSQL rejects ann or its password; correct DATABASE_URL"
    full = describe_database_fault(OperationalError(asyncpg.DiskFullError("x")), url)
    assert full == "the disk of PostgreSQL is full; free some space"
    missing = describe_database_fault(asyncpg.InvalidCatalogNameError("x"), url)
    assert "createdb -O ann films" in missing


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SQLITE_FULL", "the disk is full; free some space"),
        ("SQLITE_CANTOPEN", "give the service's user access to its folder"),
        ("SQLITE_READONLY_DIRECTORY", "give the service's user access to it"),
        ("SQLITE_BUSY", "another process holds its lock"),
    ],
)
def test_faults_of_sqlite_name_the_next_step(code: str, words: str) -> None:
    error = sqlite3.OperationalError("a driver's own words")
    error.sqlite_errorname = code
    assert words in describe_database_fault(wrap(OperationalError(error)), "sqlite://movies.db")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            Unavailable("X.", code="search_unavailable"),
            "the search index at http://es:9200: X.",
        ),
        (Unavailable("X.", code="omdb_unavailable"), "OMDb at omdb.example: X."),
        (
            Misconfigured("X.", code="posters_refused"),
            "the poster store at /posters: X.",
        ),
        (
            asyncpg.InvalidPasswordError("x"),
            "the database at db:5432/films: PostgreSQL rejects ann or its password; "
            "correct DATABASE_URL",
        ),
        (OSError(28, "x", "/films.jsonl"), "/films.jsonl: the disk is full; free some space"),
        (
            Invalid("password must be long.", errors=(FieldError("password", "must be long"),)),
            "password must be long.",
        ),
        (
            Invalid("Invalid: title.", errors=(FieldError("/title", "must be long"),)),
            "Invalid: title.; /title: must be long",
        ),
        (RuntimeError("password=hush"), "password=***; LOG_LEVEL=debug shows where"),
    ],
)
def test_a_command_that_fails_names_part_and_place(error: Exception, line: str) -> None:
    settings = Settings(
        database_url="postgres://ann:hush@db:5432/films",
        search_url="http://elastic:hush@es:9200",
        posters_url="file:///posters",
        omdb_url="https://omdb.example/",
    )
    assert describe_failure(settings, error) == line
