"""Read JSON values one after the other from a stream, in bounded memory.

The values may be the elements of arrays or stand alone, with any indentation. A value that is not
JSON is reported, and reading goes on at the next object.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator

MAX_FILM_BYTES = 1_000_000  # a film takes about 2 kB
CHUNK_BYTES = 65_536
MIN_LOOKAHEAD = 16  # characters that `NaN` or `false` may lack at the end of what was read

_SEPARATORS = re.compile(r"[\s,]*")
# Possessive, and begun only where whitespace begins: any amount of it is read once, not from each
# of its characters on.
_NEXT_OBJECT = re.compile(r"(?:\}\s*+,?+\s*+|(?<!\s)(?=[^\S\r\n]*+[\r\n])\s++)(?=\{)")


class CutOff(Exception):
    """The stream ends in the middle of a value or of the array."""


def read_json_values(reader: io.BufferedReader) -> Iterator[tuple[object, str | None]]:
    """Yield each value, or None and the reason why it cannot be read. Raises CutOff."""
    return _JsonStream(reader).read_values()


class _JsonStream:
    def __init__(self, reader: io.BufferedReader) -> None:
        self._reader = reader
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._parse = json.JSONDecoder(parse_constant=lambda _: None).raw_decode
        self._text = ""
        self._position = 0
        self._has_ended = False

    def read_values(self) -> Iterator[tuple[object, str | None]]:
        is_array = False
        while character := self._skip_separators():
            if character == ("]" if is_array else "["):
                is_array = not is_array
                self._position += 1
            else:
                yield self._read_value()
        if is_array:
            raise CutOff

    def _skip_separators(self) -> str:
        """Return the next character that is no separator, or `` at the end."""
        while True:
            match = _SEPARATORS.match(self._text, self._position)
            self._position = match.end() if match else self._position
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_more():
                return ""

    def _read_value(self) -> tuple[object, str | None]:
        while True:
            try:
                value, end = self._parse(self._text, self._position)
            except RecursionError:
                return self._skip_value("is nested too deeply")
            except json.JSONDecodeError as error:
                rest = len(self._text) - error.pos
                is_complete = rest > MIN_LOOKAHEAD and not error.msg.startswith("Unterminated")
            except ValueError:  # a number of more than 4,300 digits
                is_complete = True
            else:
                if end < len(self._text) or self._has_ended:
                    self._position = end
                    return value, None
                is_complete = False
            if is_complete:
                return self._skip_value("is not JSON")
            if len(self._text) - self._position > MAX_FILM_BYTES:
                return self._skip_value(f"is longer than {MAX_FILM_BYTES} bytes")
            if not self._read_more():
                raise CutOff

    def _skip_value(self, fault: str) -> tuple[None, str]:
        """Go to the next object, or to the end if there is none."""
        self._position += 1
        while True:
            if match := _NEXT_OBJECT.search(self._text, self._position):
                self._position = match.end()
                return None, fault
            self._position = max(self._position, len(self._text) - MIN_LOOKAHEAD)
            if not self._read_more():
                return None, fault

    def _read_more(self) -> bool:
        """Read a chunk and drop what is behind; return False at the end."""
        if self._has_ended:
            return False
        chunk = self._reader.read1(CHUNK_BYTES)
        self._has_ended = not chunk
        self._text = self._text[self._position :] + self._decode(chunk, final=not chunk)
        self._position = 0
        return bool(chunk) or bool(self._text)
