"""The lines of a table, with a limit for each row.

A row has as many lines as its quotes hold: without a limit, one row can be a whole file.
"""

import io
from typing import Self

from service.films.json_stream import MAX_FILM_BYTES


class RowTooLong(Exception):
    """The row has more than `MAX_FILM_BYTES`; its lines have been skipped."""


class TableLines:
    """An iterator of lines; bytes that are not UTF-8 become characters that facts refuse.

    It raises RowTooLong instead of the rest of a row that is too long, and goes on behind that row.
    """

    def __init__(self, reader: io.BufferedReader) -> None:
        self._reader = reader
        self._row_bytes = 0
        self._is_quoted = False
        self.has_ended = False
        """Whether all lines have been read, and one more was wanted."""
        self.number = 0
        """The number of lines that have been read."""

    def begin_row(self) -> None:
        """Count the next line as the first one of a row."""
        self._row_bytes = 0
        self._is_quoted = False

    def skip_quoted_lines(self) -> None:
        """Skip the lines of the row that its quotes still hold."""
        while self._is_quoted and self._read_piece():
            continue

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._read_piece()
        if self._row_bytes > MAX_FILM_BYTES:
            while line and (self._is_quoted or not line.endswith(b"\n")):
                line = self._read_piece()
            raise RowTooLong
        if not line:
            self.has_ended = True
            raise StopIteration
        return line.decode("utf-8", "surrogateescape")

    def _read_piece(self) -> bytes:
        """Read a line, or as much of it as a row may have."""
        piece = self._reader.readline(MAX_FILM_BYTES + 1)
        self._row_bytes += len(piece)
        self._is_quoted ^= piece.count(b'"') % 2 == 1
        self.number += piece.endswith(b"\n")
        return piece
