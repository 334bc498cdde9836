"""The table that the fault suite prints: it must not lose what a test has seen."""

import pytest

from tests.faults.table import Noted, merged, of_terminal, to_markdown


@pytest.mark.once
def test_notes_of_several_tests_about_one_fault_are_one_row() -> None:
    rows = merged(
        [
            Noted(30, "Redis away", ("slow",), frozenset({"I9"})),
            Noted(3, "engine slow", ("database | answers",), frozenset()),
            Noted(30, "Redis away", ("slow", "paused"), frozenset({"I3"})),
        ]
    )
    assert [row.number for row in rows] == [3, 30]
    assert rows[1].cells() == ("30", "Redis away", "slow; paused", "I3 I9")
    assert "| 3 | engine slow | database / answers |  |" in to_markdown(rows)
    assert "30  Redis away   slow; paused  [I3 I9]" in of_terminal(rows)
