"""OMDb's answers as text, read into a mapping even where they are not quite JSON.

OMDb pastes what it has between quotes: raw control characters, backslashes that escape nothing,
quotes inside an error's text. A person can read such an answer, so it is read here; every repair
is tried only after the plainer reading has failed, so that a sound answer is never altered.
"""

import json
import re

_LOOSE_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|(.)|$)', re.DOTALL)
_ERROR = re.compile(r'"Error"\s*:\s*"')
_END = re.compile(r'"\s*\}\s*\Z')
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_CLOSES = re.compile(r'\s*(?::|\}|\]|,\s*["{\[]|\Z)')


def parse_reply(raw: bytes) -> dict[str, object]:
    """The mapping that `raw` holds.

    Raises:
        ValueError: if it cannot be read as one by any means.
    """
    text = _decoded(raw)
    for repaired in (str, _mended, _quoted):
        text = repaired(text)
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise ValueError("not a JSON object")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _mended(text: str) -> str:
    r"""A backslash that escapes nothing is dropped, as JavaScript does: `\'` is `'`."""
    return _LOOSE_ESCAPE.sub(lambda m: m.group() if m.group(1) else m.group(2) or "", text)


def _quoted(text: str) -> str:
    """A quote inside a string is one that nothing structural follows; it gets its backslash.

    An error's text is the last thing in its answer, so it ends where the answer does.
    """
    if opened := _ERROR.search(text):
        closed = _END.search(text, opened.end())
        until = closed.start() if closed else len(text)
        message = _BARE_QUOTE.sub(r"\"", text[opened.end() : until])
        return text[: opened.end()] + message + text[until:]
    pieces: list[str] = []
    inside = False
    place = 0
    while place < len(text):
        character = text[place]
        if inside and character == "\\":
            pieces.append(text[place : place + 2])
            place += 2
            continue
        if character == '"':
            if inside and not _CLOSES.match(text, place + 1):
                character = '\\"'
            else:
                inside = not inside
        pieces.append(character)
        place += 1
    return "".join(pieces)
