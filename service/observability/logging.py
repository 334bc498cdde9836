"""Structured logging: events with fields, as text for people or as JSON for machines.

Keys and passwords in URLs and messages are redacted before a line is written.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal

import structlog

from service.key_rules import KEY_PREFIX
from service.resilience.causes import describe_cause

SECRET_PATTERN = re.compile(
    r"((?:apikey|api_key|password|token|secret)=)[^&\s\"']+|(://[^/\s:@]*:)[^@/\s]+(?=@)"
    rf"|({KEY_PREFIX})[A-Za-z0-9]{{20,}}",
    re.I,
)


class Disclosed(str):
    """A text that is logged with the secrets in it, because the log is where it is wanted."""

    __slots__ = ()


def redact_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace keys and passwords in all strings of the event by `***`, but not in `Disclosed`."""
    for name, value in event.items():
        if isinstance(value, str) and not isinstance(value, Disclosed):
            event[name] = SECRET_PATTERN.sub(_hide_secret, value)
    return event


def _hide_secret(match: re.Match[str]) -> str:
    return f"{match[1] or match[2] or match[3]}***"


CONTROL_CHARACTER = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
MAX_PATH_LENGTH = 500  # characters of a request's path in a log line


def escape_control_characters(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep what a client sent from forging lines: escape control characters, cut long paths."""
    for name, value in event.items():
        if not isinstance(value, str):
            continue
        text = value[:MAX_PATH_LENGTH] if name == "path" else value
        lines = text.split("\n") if name == "exception" else [text]  # a traceback has lines
        event[name] = "\n".join(map(escape_line, lines))
    return event


def escape_line(line: str) -> str:
    """Escape what moves the cursor, ends the line, or turns the direction of reading."""
    return CONTROL_CHARACTER.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _is_not_about_body(record: logging.LogRecord) -> bool:
    """Return False for Sanic's error about a `GET` with a body, which any client can cause.

    It holds the whole address of the request as well.
    """
    return "body not consumed" not in str(record.msg)


def _log_exception(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Log what ends the process, so that with JSON every line is JSON."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    if isinstance(error, OSError) and error.filename is not None:  # the operator's, not a mistake
        reason = f"{error.filename}: {describe_cause(error)}"
        structlog.get_logger().critical("process_failed", reason=reason)
        return
    structlog.get_logger().critical("process_failed", exc_info=(kind, error, traceback))


def configure(log_format: Literal["text", "json"], level: str = "info") -> None:
    """Write the log lines of this process and of its libraries to standard error.

    An exception that ends the process becomes a line too, and so do Python's warnings.
    """
    lowest = logging.getLevelNamesMapping()[level.upper()]
    shared_processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    # Tracebacks become plain text before redaction; rich ones cost 30 ms each during an outage.
    rendering_processors: list[Any] = [
        structlog.processors.format_exc_info,
        redact_secrets,
        escape_control_characters,
        renderer,
    ]
    structlog.configure(
        processors=shared_processors + rendering_processors,
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *rendering_processors,
            ],
        )
    )
    handler.addFilter(_is_not_about_body)
    logging.basicConfig(handlers=[handler], level=max(lowest, logging.WARNING), force=True)
    logging.captureWarnings(True)
    sys.excepthook = _log_exception
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # we log its failures once
