"""The words in which failures of the operating system and of drivers are reported."""

import socket
import ssl

import asyncpg
import pytest

from service.database.faults import describe_database_fault, locate_database
from service.resilience import causes
from service.resilience.causes import describe_cause


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
    missing = describe_database_fault(asyncpg.InvalidCatalogNameError("x"), url)
    assert "createdb -O ann films" in missing
