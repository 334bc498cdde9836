"""The catalogue of faults and the marks of the tests name the same faults."""

import re

import pytest

from tests.faults.catalogue import FAULTS
from tests.support import ROOT

MARK = re.compile(r"^ *(?:@|pytestmark = )pytest\.mark\.fault\((.*?)\)$", re.MULTILINE | re.DOTALL)


def marked_slugs() -> set[str]:
    """Return the slugs of all marks in the tests' source, of every stack and of `--chaos`."""
    marks = [
        argument
        for path in (ROOT / "tests").rglob("*.py")
        for argument in MARK.findall(path.read_text())
    ]
    return {argument.strip().strip('"') for argument in marks}


@pytest.mark.once
def test_every_marked_fault_is_in_the_catalogue_and_every_entry_has_a_test() -> None:
    assert marked_slugs() == set(FAULTS)
