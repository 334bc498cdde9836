"""Read the films of a file, whatever format it has, as numbered records.

JSON lines, a JSON array however indented, single objects one after the other, and tables with a
header are read, each plain or gzipped, as UTF-8 with or without a byte order mark, from files and
pipes. Everything else is one sentence that says what to do. All reading is done in bounded memory.
"""

import csv
import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from service.errors import Malformed
from service.films.file_streams import BROKEN_GZIP_ERRORS, GZIP_MAGIC, FileSource, peek
from service.films.json_stream import MAX_FILM_BYTES, CutOff, read_json_values
from service.films.line_parser import parse_json
from service.films.table_lines import RowTooLong, TableLines

STANDARD_INPUT = Path("-")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
JSON_LINES_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
FIELD_LIMIT_ERROR = "field larger than field limit"
TITLE_COLUMNS = frozenset({"title", "name", "original_title", "Title"})

FOREIGN_FORMATS = (
    (b"PAR1", "a Parquet file", "export it as CSV or JSON lines"),
    (b"PK\x03\x04", "a ZIP or Excel file", "unpack it, or export it as CSV"),
    (b"BZh", "compressed by bzip2", "unpack it, or compress it by gzip"),
    (b"\xfd7zXZ\x00", "compressed by xz", "unpack it, or compress it by gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it, or compress it by gzip"),
    (b"SQLite format 3", "an SQLite database", "export its films as CSV or JSON lines"),
    (b"\xff\xfe\x00\x00", "UTF-32", "convert it with `iconv -f UTF-32 -t UTF-8`"),
    (b"\x00\x00\xfe\xff", "UTF-32", "convert it with `iconv -f UTF-32 -t UTF-8`"),
    (b"\xff\xfe", "UTF-16", "convert it with `iconv -f UTF-16 -t UTF-8`"),
    (b"\xfe\xff", "UTF-16", "convert it with `iconv -f UTF-16 -t UTF-8`"),
    (b"<", "HTML or XML", "export its films as CSV or JSON lines"),
)


class UnreadableFile(Malformed):
    """The file cannot be read, or not any further."""


@dataclass(frozen=True, slots=True)
class Record:
    """One film of a file, or the reason why it cannot be read; `number` is its line or position."""

    number: int
    film: object = None
    fault: str | None = None


class FilmFile:
    """An open file of films. `path` `-` is standard input."""

    def __init__(self, path: Path) -> None:
        self.name = "standard input" if path == STANDARD_INPUT else path.name
        self._path = path
        try:
            self._file = self._open()
        except OSError as error:
            raise UnreadableFile(_describe_os_error(error, path)) from None
        self._source = FileSource(self._file)

    def _open(self) -> BinaryIO:
        if self._path == STANDARD_INPUT:
            if sys.stdin is None:
                raise UnreadableFile("standard input is closed; give it a file or a pipe")
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        return self._path.open("rb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """The bytes read so far, as stored (compressed)."""
        return self._source.count

    def stop(self) -> None:
        """Make a reader in another thread end soon; it yields no half-read film."""
        self._source.is_stopped = True

    def read_records(self) -> Iterator[Record]:
        """Yield the films of the file.

        Raises:
            UnreadableFile: the format is not known, or the file ends or breaks in the middle.
            ReadingStopped: after `stop`.
        """
        try:
            yield from self._read_records()
        except BROKEN_GZIP_ERRORS:
            raise UnreadableFile(
                f"{self.name} is damaged: its compressed data breaks off; compress it again"
            ) from None
        except CutOff:
            raise UnreadableFile(
                f"{self.name} is cut off: it ends in the middle of the list; fetch it again"
            ) from None
        except OSError as error:
            raise UnreadableFile(_describe_os_error(error, self._path)) from None

    def _read_records(self) -> Iterator[Record]:
        reader, start = self._decompress()
        text_start = start.removeprefix(BYTE_ORDER_MARK)
        reader.read(len(start) - len(text_start))
        self._refuse_foreign_format(text_start)
        lines = [line for line in text_start.splitlines() if line.strip()]
        if not lines:
            yield from _read_json_lines(reader)
        elif _is_array(lines):
            yield from _read_stream(reader)
        elif self._is_json_lines(lines):
            yield from _read_json_lines(reader)
        elif lines[0].lstrip().startswith(b"{"):
            yield from _read_stream(reader)
        else:
            yield from self._read_table(reader)

    def _decompress(self) -> tuple[io.BufferedReader, bytes]:
        """Return a reader of the uncompressed bytes, and its first lines without reading them."""
        reader, start = peek(self._source)
        if not start.startswith(GZIP_MAGIC):
            return reader, start
        # A GzipFile is a raw stream to its reader: it returns what it has.
        return peek(gzip.GzipFile(fileobj=reader))  # type: ignore[arg-type]  # it reads alike

    def _refuse_foreign_format(self, start: bytes) -> None:
        for magic, kind, remedy in FOREIGN_FORMATS:
            if start.lstrip().startswith(magic):
                raise UnreadableFile(f"{self.name} is {kind}; {remedy}")
        if b"\x00" in start[:2]:
            kind = "UTF-32" if start[:4].count(0) == 3 else "UTF-16"
            raise UnreadableFile(
                f"{self.name} is {kind} or not text; save it as UTF-8, as CSV or JSON lines"
            )

    def _is_json_lines(self, lines: list[bytes]) -> bool:
        """Return whether each line is a film, though the first may be a bad one."""
        first = lines[0].strip()
        if first.startswith(b"{") and (len(lines) == 1 or _is_json(first)):
            return True
        if len(lines) > 1 and lines[1].lstrip().startswith(b"{"):
            return first != b"{"
        suffixes = set(self._path.suffixes)
        return not first.startswith(b"{") and not suffixes.isdisjoint(JSON_LINES_SUFFIXES)

    def _read_table(self, reader: io.BufferedReader) -> Iterator[Record]:
        lines = TableLines(reader)
        header_line = _read_header(lines)
        delimiter = max("\t;,", key=header_line.count)
        header = _split_header(header_line, delimiter)
        if TITLE_COLUMNS.isdisjoint(header):
            raise UnreadableFile(
                f"{self.name} is neither JSON nor a table: its first line names no column "
                "`title` or `name`; see docs/howto/load-films.md"
            )
        rows = csv.reader(lines, delimiter=delimiter)
        while True:
            lines.begin_row()
            number = lines.number + 1
            try:
                row = next(rows, None)
            except RowTooLong:
                yield Record(number, fault=f"is longer than {MAX_FILM_BYTES} bytes")
                continue
            except csv.Error as error:
                if FIELD_LIMIT_ERROR in str(error):  # the reader gave up in the middle of the row
                    lines.skip_quoted_lines()
                yield Record(number, fault=f"is no row of a table: {error}")
                continue
            if row is None:
                return
            if lines.has_ended:  # the reader wants more lines of a row only within quotes
                yield Record(number, fault="has a quote that is not closed before the file ends")
            elif len(row) > len(header):
                yield Record(number, fault=f"has {len(row)} columns, the header {len(header)}")
            elif any(map(str.strip, row)):
                yield Record(number, dict(zip(header, row, strict=False)))


def _is_array(lines: list[bytes]) -> bool:
    first = lines[0].strip()
    if not first.startswith(b"["):
        return False
    is_whole = len(lines) > 1 and _is_json(first) and lines[1].lstrip().startswith(b"{")
    return not is_whole


def _is_json(line: bytes) -> bool:
    with suppress(ValueError):
        parse_json(line)
        return True
    return False


def _read_stream(reader: io.BufferedReader) -> Iterator[Record]:
    for number, (film, fault) in enumerate(read_json_values(reader), 1):
        yield Record(number, film, fault)


def _read_json_lines(reader: io.BufferedReader) -> Iterator[Record]:
    number = 0
    while line := reader.readline(MAX_FILM_BYTES + 1):
        number += 1
        if len(line) > MAX_FILM_BYTES and not line.endswith(b"\n"):
            _skip_line(reader)
            yield Record(number, fault=f"is longer than {MAX_FILM_BYTES} bytes")
        elif line.strip():
            try:
                yield Record(number, parse_json(line))
            except ValueError as error:
                yield Record(number, fault=str(error))


def _read_header(lines: TableLines) -> str:
    """Return the first line that is not blank; none if there is no such line."""
    with suppress(RowTooLong):
        return next((line for line in lines if line.strip()), "")
    return ""


def _split_header(line: str, delimiter: str) -> list[str]:
    """Return the names of the columns; none if the line is no row of a table."""
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _skip_line(reader: io.BufferedReader) -> None:
    while (rest := reader.readline(MAX_FILM_BYTES)) and not rest.endswith(b"\n"):
        continue


def _describe_os_error(error: OSError, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: it does not exist; create it, or correct the path"
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name the files in it"
    if isinstance(error, PermissionError):
        return f"{path} may not be read; check its permissions"
    return f"{path} cannot be read: {error.strerror or 'the read failed'}"
