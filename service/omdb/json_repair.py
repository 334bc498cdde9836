"""Parse OMDb's replies even where they are not valid JSON.

OMDb pastes its texts between quotes: raw control characters, backslashes that escape nothing,
quotes inside an error's text. Each repair is tried only after the plainer parse has failed, so a
valid reply is never altered.
"""

import json
import re

_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|(.)|$)', re.DOTALL)
_ERROR_START = re.compile(r'"Error"\s*:\s*"')
_REPLY_END = re.compile(r'"\s*\}\s*\Z')
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_AFTER_CLOSING_QUOTE = re.compile(r'\s*(?::|\}|\]|,\s*["{\[]|\Z)')


def parse_reply(raw: bytes) -> dict[str, object]:
    """Return the JSON object in `raw`.

    Raises:
        ValueError: no repair makes it one.
    """
    text = _decode(raw)
    for repair in (str, _drop_invalid_escapes, _escape_inner_quotes):
        text = repair(text)
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise ValueError("not a JSON object")


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _drop_invalid_escapes(text: str) -> str:
    r"""Drop backslashes that escape nothing, as JavaScript does: `\'` is `'`.

    Before a letter or digit they separate two names and stay: `Miliardi\Millions`.
    """
    return _ESCAPE.sub(_repair_escape, text)


def _repair_escape(escape: re.Match[str]) -> str:
    if escape[1]:
        return escape[0]
    escaped = escape[2] or ""
    return rf"\\{escaped}" if escaped.isalnum() else escaped


def _escape_inner_quotes(text: str) -> str:
    """Escape quotes inside strings: those that no structural character follows.

    An error's text is the last thing in its reply, so it ends where the reply does.
    """
    if start := _ERROR_START.search(text):
        closing = _REPLY_END.search(text, start.end())
        end = closing.start() if closing else len(text)
        message = _BARE_QUOTE.sub(r"\"", text[start.end() : end])
        return text[: start.end()] + message + text[end:]
    pieces: list[str] = []
    in_string = False
    position = 0
    while position < len(text):
        character = text[position]
        if in_string and character == "\\":
            pieces.append(text[position : position + 2])
            position += 2
            continue
        if character == '"':
            if in_string and not _AFTER_CLOSING_QUOTE.match(text, position + 1):
                character = '\\"'
            else:
                in_string = not in_string
        pieces.append(character)
        position += 1
    return "".join(pieces)
