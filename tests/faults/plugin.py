"""Marks, observations and the final table of fault tests, wherever these tests stand.

A test names the faults that it causes (`@pytest.mark.fault("redis-down")`), notes briefly what it
observed (`observations.add("503 for 1.2 s, then recovered")`) and which invariants it checked
afterwards (`observations.confirm("I1", "I3")`). A test without a mark that adds observations speaks
for all faults of its module: a group's invariants are checked once. A marked test that adds none is
reported by its name.

`--chaos` runs all fault tests and nothing else; without it the slow ones are left out. The table
can be written into a page of the documentation, between markers.

Observations travel in the reports' `user_properties`, so that the table is complete when worker
processes run the tests.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import page
from tests.faults.catalogue import FAULTS
from tests.faults.table import Observation, merge, to_markdown, to_text

PROPERTY = "fault observation"
BLOCKS = "blocks of the page"
blocks = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--chaos", action="store_true", help="run all fault tests and nothing else")
    group.addoption("--table", metavar="FILE", help="write the table of faults to this file")
    group.addoption("--page", metavar="FILE", help="write the tables into this page")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[blocks] = {}
    config.pluginmanager.register(FaultTable(config), "fault table")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for slug in marked_faults(item):
            if slug not in FAULTS:
                raise pytest.UsageError(f"{item.nodeid}: no fault {slug!r} in the catalogue")
    if config.getoption("--chaos"):
        items[:] = [item for item in items if is_fault_test(item)]
    else:
        items[:] = [item for item in items if not item.get_closest_marker("chaos")]


def is_fault_test(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("fault")) or "observations" in fixtures


def marked_faults(item: pytest.Item) -> list[str]:
    return [slug for mark in item.iter_markers("fault") for slug in mark.args]


class Observations:
    """What one test observed of its faults."""

    def __init__(self) -> None:
        self._texts: list[tuple[str | None, str]] = []
        self.invariants: set[str] = set()

    def add(self, text: str, fault: str | None = None) -> None:
        """Add an observation of one fault, or of all faults of the test."""
        self._texts.append((fault, text))

    def texts(self, slug: str) -> tuple[str, ...]:
        """Return the observations of this fault."""
        return tuple(text for fault, text in self._texts if fault in (None, slug))

    def confirm(self, *invariants: str) -> None:
        """Note that these invariants, of `I1` to `I9`, were checked after the fault and hold."""
        unknown = set(invariants) - {f"I{number}" for number in range(1, 10)}
        assert not unknown, unknown
        self.invariants |= set(invariants)


@pytest.fixture
def observations() -> Observations:
    """Where a test notes what it observed; a failure is noted without its help."""
    return Observations()


@pytest.fixture(scope="session")
def documented(pytestconfig: pytest.Config) -> dict[str, str]:
    """Blocks for the page, by their names."""
    return pytestconfig.stash[blocks]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report: pytest.TestReport = yield
    if (report.when == "call" or report.failed) and not report.skipped and is_fault_test(item):
        observed = getattr(item, "funcargs", {}).get("observations") or Observations()
        for slug in faults_of(item):
            texts = observed.texts(slug) or words_of_name(item)
            invariants = sorted(observed.invariants)
            if report.failed:
                texts, invariants = (f"FAILED: {item.name}",), []
            report.user_properties.append((PROPERTY, [slug, texts, invariants]))
    return report


def words_of_name(item: pytest.Item) -> tuple[str, ...]:
    """Return the name of a marked test as a sentence; nothing for a test without a mark."""
    if not item.get_closest_marker("fault"):
        return ()
    name = item.name.partition("[")[0]
    return (name.removeprefix("test_").replace("_", " "),)


def faults_of(item: pytest.Item) -> list[str]:
    """Return the slugs of the faults that a test causes, or of its module if it has no mark."""
    if own := marked_faults(item):
        return own
    others = (other for other in item.session.items if other.path == item.path)
    return sorted({slug for other in others for slug in marked_faults(other)})


class FaultTable:
    """Collects the observations of all tests, also of those that worker processes ran."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._observations: list[Observation] = []
        self._blocks = config.stash[blocks]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == PROPERTY:
                slug, texts, invariants = value
                self._observations.append(Observation(slug, tuple(texts), frozenset(invariants)))

    def pytest_sessionfinish(self) -> None:
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[BLOCKS] = self._blocks

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._blocks.update(getattr(node, "workeroutput", {}).get(BLOCKS, {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        stack = self._config.getoption("--stack")
        rows = merge(self._observations)
        if not rows:
            return
        terminalreporter.section(f"faults, on the {stack} stack")
        terminalreporter.write_line(to_text(rows))
        table = to_markdown(rows)
        if self._config.getoption("--table"):
            Path(self._config.getoption("--table")).write_text(table)
        if self._config.getoption("--page"):
            file = Path(self._config.getoption("--page"))
            for name, block in {f"faults, {stack}": table, **self._blocks}.items():
                page.replace_block(file, name, block)
