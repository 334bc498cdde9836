"""Texts of others do not control the terminal that they are printed to."""

import pytest

from service.cli import search
from service.cli.output import print_line

HOSTILE = "A\x9b31m\u202eB\u2066\x1b]0;C\x07\tD"
ESCAPED = r"A\x9b31m\u202eB\u2066\x1b]0;C\x07\x09D"


def test_a_line_with_control_characters_is_printed_with_them_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_line(HOSTILE)
    print_line(HOSTILE, is_error=True)
    printed = capsys.readouterr()
    assert printed.out == printed.err == ESCAPED + "\n"


def test_a_highlighted_title_with_control_characters_is_escaped_and_keeps_its_highlights() -> None:
    cell = search._highlight(HOSTILE, [[0, 1], [5, 7]])
    assert cell.plain == ESCAPED
    assert [ESCAPED[span.start : span.end] for span in cell.spans] == ["A", r"\u202eB"]
