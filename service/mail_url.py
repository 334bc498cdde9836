"""How mail leaves the service: the setting `MAIL_URL`, as one value."""

import re
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

TlsMode = Literal["none", "starttls", "tls"]

TLS_MODES = ("none", "starttls", "tls")
TLS_PORT, SUBMISSION_PORT = 465, 587
MAX_TIMEOUT = 300.0  # seconds
PARAMETERS = ("tls", "from", "ca", "timeout")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL_PART = rf"(?=[^@]{{1,64}}@)(?![^@]*=\?){_ATOM}(?:\.{_ATOM})*"
"""What precedes the `@`: RFC 5322's dot-atom, without `=?`, which begins an encoded word."""
ADDRESS_PATTERN = re.compile(LOCAL_PART + r"@[A-Za-z0-9.-]{1,190}")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An SMTP server, and who the mail is from.

    `tls` is `starttls` unless the URL says otherwise; on port 465 it is `tls` from the first byte.
    """

    host: str
    port: int
    tls: TlsMode
    username: str | None = None
    password: str | None = None
    sender: str | None = None
    ca_file: str | None = None
    timeout: float | None = None


def parse_mail_url(url: str) -> SmtpServer | None:
    """Return the server of `smtp://user:password@host:port?tls=…`; None for `console://`.

    Raises:
        ValueError: the URL is wrong; the message says what to write.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return None
    if parts.scheme != "smtp":
        raise ValueError("must begin with console:// or smtp://")
    if not parts.hostname:
        raise ValueError("names no host")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := [name for name in options if name not in PARAMETERS]:
        raise ValueError(f"{unknown[0]!r} must be one of {', '.join(PARAMETERS)}")
    port = parts.port or (TLS_PORT if options.get("tls") == "tls" else SUBMISSION_PORT)
    tls = options.get("tls", "tls" if port == TLS_PORT else "starttls")
    if tls not in TLS_MODES:
        raise ValueError(f"tls must be one of {', '.join(TLS_MODES)}")
    username = unquote(parts.username) if parts.username else None
    return SmtpServer(
        host=parts.hostname,
        port=port,
        tls=cast(TlsMode, tls),
        username=username,
        password=unquote(parts.password) if parts.password else None,
        sender=_read_sender(options.get("from"), username),
        ca_file=options.get("ca"),
        timeout=_read_timeout(options.get("timeout")),
    )


def _read_sender(text: str | None, username: str | None) -> str | None:
    """Return the address that mail is from: the one stated, else the user name if it is one."""
    if text is None:
        return username if username and ADDRESS_PATTERN.fullmatch(username) else None
    if not ADDRESS_PATTERN.fullmatch(text):
        raise ValueError("from must be an e-mail address")
    return text


def _read_timeout(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{0,4}\.?\d+", text) or not 0 < float(text) <= MAX_TIMEOUT:
        raise ValueError(f"the timeout must be a number of seconds, at most {MAX_TIMEOUT:g}")
    return float(text)
