"""The fault report shows the observations of the last run of all faults."""

from pathlib import Path

import pytest

from tests.faults import page
from tests.faults.catalogue import FAULTS
from tests.faults.what_works import AWAY, LATER, MAKESHIFT, THINGS, WORKS
from tests.support import ROOT

PAGE = ROOT / "docs/fault-report.md"


def cells(name: str) -> list[list[str]]:
    """Return the lines of a table without its heading."""
    lines = [line for line in page.read_block(PAGE, name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.once
def test_each_part_and_each_thing_has_its_answer_on_the_page() -> None:
    lines = cells("what works without what")
    assert [line[0] for line in lines] == list(AWAY)
    for part, *answers in lines:
        assert len(answers) == len(THINGS), part
        for outcome in answers:
            assert outcome in (WORKS, MAKESHIFT, LATER) or outcome.startswith("503 `"), (
                part,
                outcome,
            )


@pytest.mark.once
def test_every_fault_was_made_and_none_of_them_failed() -> None:
    lines = [*cells("faults, full"), *cells("faults, embedded")]
    assert {line[0] for line in lines} >= set(FAULTS)
    for slug, _, observed, _ in lines:
        assert observed and "FAILED" not in observed, slug


@pytest.mark.once
def test_a_block_of_a_page_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    begin, end = page.markers("films")
    written = tmp_path / "page.md"
    written.write_text(f"before\n{begin}\n{end}\nafter\n")
    for text in ("| one |\n", "| two |\n"):
        page.replace_block(written, "films", text)
    assert page.read_block(written, "films") == "| two |\n"
    assert written.read_text().startswith("before\n") and written.read_text().endswith("\nafter\n")
