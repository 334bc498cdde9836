"""Say in words why something could not be reached or written, and what to do next.

Drivers wrap the operating system's errors in their own, whose names mean nothing to an operator.
"""

import errno
import socket
import ssl
from collections.abc import Iterator

MAX_DEPTH = 8  # errors that wrap each other

REFUSED = "nothing listens there; start it, or correct host and port"
NO_HOST = "there is no host of that name; correct it"
NO_ANSWER = (
    "it did not answer in time: it is overloaded, behind a firewall, or another program; "
    "check host, port and scheme"
)
NO_TLS = "it does not speak TLS; use the URL's form without it (http://, redis://, ?tls=none)"
UNTRUSTED = "its TLS certificate is not trusted; name the authority that signed it"
CLOSED = (
    "it closed the connection: another program listens there, or only one side uses TLS; "
    "correct host, port or scheme"
)
OTHER_PROGRAM = "another program listens there; correct host and port"
DISK_FULL = "the disk is full; free some space"
READ_ONLY = "the file system is read-only; use a folder that can be written"
DENIED = "permission denied; give the service's user access"

CAUSES_BY_ERRNO = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: CLOSED,
    errno.EPIPE: CLOSED,
    errno.EHOSTUNREACH: "there is no route to it; check the network and the address",
    errno.ENETUNREACH: "there is no route to it; check the network and the address",
    errno.ETIMEDOUT: NO_ANSWER,
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.EROFS: READ_ONLY,
    errno.ENOSPC: DISK_FULL,
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.ENOENT: "it does not exist; create it, or correct the path",
    errno.ENOTDIR: "a part of the path is a file, not a folder; correct the path",
    errno.EISDIR: "it is a folder; name a file",
    errno.ELOOP: "it is a symbolic link; put a file in its place",
    errno.EEXIST: "a file is in the way of a folder; correct the path",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
}

CAUSES_BY_TEXT = {
    "wrong_version_number": NO_TLS,
    "wrong version number": NO_TLS,
    "record layer failure": NO_TLS,
    "rejected ssl upgrade": "another program listens there, or one without TLS; correct the URL",
    "unexpected_eof": CLOSED,
    "eof occurred": CLOSED,
    "protocol error": OTHER_PROGRAM,
    "certificate_verify_failed": UNTRUSTED,
    "certificate verify failed": UNTRUSTED,
    "name or service not known": NO_HOST,
    "cannot connect to host": CLOSED,
    "could not connect to the endpoint": CLOSED,
    "connection_lost": CLOSED,
    "server disconnected": CLOSED,
    "connection closed": CLOSED,
    "bad status line": OTHER_PROGRAM,
    "bad http": OTHER_PROGRAM,
    "no space left": DISK_FULL,
    "permission denied": DENIED,
    "read-only file system": READ_ONLY,
    "timed out": NO_ANSWER,
    "timeout": NO_ANSWER,
}
"""Parts of messages in lower case, the specific ones first: many drivers keep only the text."""


def describe_cause(error: BaseException, default: str = "it failed", ca_option: str = "") -> str:
    """Return the cause of `error` and the next step; `default` if it is not known.

    Args:
        error: the error, with those that it wraps.
        default: what to return for an unknown cause.
        ca_option: the option that names a certificate authority.
    """
    chain = list(iterate_chain(error))
    for step in (_describe_type, _describe_text):
        for cause in chain:
            if text := step(cause):
                return f"{text}: {ca_option}" if text == UNTRUSTED and ca_option else text
    return default


def iterate_chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and the errors that it wraps, in whichever way its driver keeps them."""
    pending, seen = [error], set[int]()
    while pending and len(seen) < MAX_DEPTH:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (
            current.__cause__,
            current.__context__,
            getattr(current, "os_error", None),
            *_as_tuple(getattr(current, "errors", ())),
            *_as_tuple(getattr(current, "exceptions", ())),
            *current.args,
        )
        pending += [part for part in wrapped if isinstance(part, BaseException)]


def _as_tuple(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def _describe_type(error: BaseException) -> str | None:
    if isinstance(error, socket.gaierror):
        return NO_HOST
    if isinstance(error, ssl.SSLError):
        return None  # its errno is OpenSSL's, and its text says more
    if isinstance(error, TimeoutError):
        return NO_ANSWER
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return CLOSED
    if isinstance(error, OSError) and error.errno in CAUSES_BY_ERRNO:
        return CAUSES_BY_ERRNO[error.errno]
    return None


def _describe_text(error: BaseException) -> str | None:
    text = str(error).lower()
    return next((cause for part, cause in CAUSES_BY_TEXT.items() if part in text), None)
