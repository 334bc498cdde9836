"""The table that the fault tests print keeps every observation."""

import pytest

from tests.faults.table import Observation, merge, to_markdown, to_text


@pytest.mark.once
def test_observations_of_several_tests_about_one_fault_become_one_row() -> None:
    rows = merge(
        [
            Observation("redis-down", ("slow",), frozenset({"I9"})),
            Observation("elasticsearch-slow", ("database | answers",), frozenset()),
            Observation("redis-down", ("slow", "paused"), frozenset({"I3"})),
        ]
    )
    assert [row.slug for row in rows] == ["elasticsearch-slow", "redis-down"]
    name = "Redis down, slow or frozen"
    assert rows[1].cells() == ("redis-down", name, "slow; paused", "I3 I9")
    slow = "| elasticsearch-slow | Elasticsearch slow (5 s) | database / answers |  |"
    assert slow in to_markdown(rows)
    assert f"redis-down          {name}  slow; paused  [I3 I9]" in to_text(rows)
