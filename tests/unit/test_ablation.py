"""The parts of search that a measurement leaves out in turn are there, and come back."""

import pytest

from benches.ablation import PARTS, Part
from service.search import numerals, plan
from service.search.query import Query


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_that_is_left_out_exists(part: Part) -> None:
    with part.left_out():  # fails where a name of it is gone
        Query.parse("the godfather 2")


def test_a_part_is_left_out_only_for_a_while() -> None:
    (numbers,) = (part for part in PARTS if part.name.startswith("numbers in any form"))
    with numbers.left_out():
        assert plan.numerals.figure("two") == "two"
    assert numerals.figure("two") == "2"
