"""Log lines are events with fields, for people in a terminal or as JSON for machines.

Secrets do not reach them: whatever looks like a key or a password in an address is blotted out.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

SECRET_PATTERN = re.compile(
    r"((?:apikey|api_key|password|token|secret)=)[^&\s\"']+|(://[^/\s:@]*:)[^@/\s]+(?=@)", re.I
)


def redact_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blot out keys and passwords in every text of the event."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRET_PATTERN.sub(lambda found: (found[1] or found[2]) + "***", value)
    return event


def configure(log_format: Literal["text", "json"]) -> None:
    """Send this process's log lines, and those of the libraries, to standard error."""
    shared_processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    # Tracebacks are plain text before they are scrubbed; drawn ones cost 30 ms each in an outage.
    rendering_processors: list[Any] = [
        structlog.processors.format_exc_info,
        redact_secrets,
        renderer,
    ]
    structlog.configure(
        processors=shared_processors + rendering_processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
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
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # our own lines say it once
