"""Cells of CSV: what a spreadsheet must not run, and values that are no texts."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from service.text.csv_cells import encode_cell

pytestmark = pytest.mark.once


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b"])
def test_a_text_that_begins_like_a_formula_is_disarmed(sign: str) -> None:
    assert encode_cell(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("separator", [";", ",", "\t", "\n"])
def test_a_formula_behind_a_separator_inside_a_text_is_disarmed(separator: str) -> None:
    assert encode_cell(f"Jaws{separator}=cmd()") == f"Jaws{separator}'=cmd()"


def test_an_ordinary_text_stays_as_it_is() -> None:
    assert encode_cell("Jaws - a film, 1975; +") == "Jaws - a film, 1975; +"


def test_values_become_cells_that_a_spreadsheet_understands() -> None:
    moment = datetime(2026, 5, 4, 12, tzinfo=UTC)
    uuid = UUID("01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42")
    values = [None, True, False, -3, 7.5, moment, uuid, ["Drama", "=1"], {"up": 1}]
    assert [encode_cell(value) for value in values] == [
        *("", "true", "false", -3, 7.5, "2026-05-04T12:00:00Z", str(uuid)),
        *("Drama; =1", '{"up":1}'),
    ]
