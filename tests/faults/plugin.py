"""What tests of faults share, wherever they stand: marks, notes, and the table at the end.

A test says which faults it makes (`@pytest.mark.fault(30, "Redis down, slow, paused")`), notes in
few words what happened (`seen("503 for 1.2 s, then healed")`) and which invariants it found to hold
afterwards (`seen.held("I1", "I3")`). A test that notes something without a fault of its own speaks
for all the faults of its module: that is where a group's invariants are checked once. Where a test
of a part proves a fault, it has the mark, and what it saw is its name.

`--chaos` runs the tests of faults alone, and all of them; without it those that take long are left
out. What was seen can be written into a page of the documentation, between marks made for it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import page
from tests.faults.table import Noted, merged, of_terminal, to_markdown

notes = pytest.StashKey[list[Noted]]()
blocks = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--chaos", action="store_true", help="the tests of faults, all of them")
    group.addoption("--table", metavar="FILE", help="write what was seen of each fault there")
    group.addoption("--page", metavar="FILE", help="put what was seen into this page")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[notes] = []
    config.stash[blocks] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--chaos"):
        items[:] = [item for item in items if is_of_faults(item)]
    else:
        items[:] = [item for item in items if not item.get_closest_marker("chaos")]


def is_of_faults(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("fault")) or "seen" in getattr(item, "fixturenames", ())


class Seen:
    """What one test saw of its faults."""

    def __init__(self) -> None:
        self._texts: list[tuple[int | None, str]] = []
        self.invariants: set[str] = set()

    def __call__(self, text: str, of: int | None = None) -> None:
        """Note in a few words what happened, in all the test's faults or `of` one of them."""
        self._texts.append((of, text))

    def texts(self, number: int) -> tuple[str, ...]:
        """What was noted of this fault."""
        return tuple(text for of, text in self._texts if of in (None, number))

    def held(self, *invariants: str) -> None:
        """Note that these, of `I1` to `I9`, were checked after the fault and hold."""
        unknown = set(invariants) - {f"I{number}" for number in range(1, 10)}
        assert not unknown, unknown
        self.invariants |= set(invariants)


@pytest.fixture
def seen() -> Seen:
    """Where a test notes what it saw; that it failed is noted by itself."""
    return Seen()


@pytest.fixture(scope="session")
def documented(pytestconfig: pytest.Config) -> Iterator[dict[str, str]]:
    """Blocks for the page, by their names."""
    yield pytestconfig.stash[blocks]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report: pytest.TestReport = yield  # type: ignore[misc, assignment]
    if (report.when == "call" or report.failed) and not report.skipped and is_of_faults(item):
        found = getattr(item, "funcargs", {}).get("seen") or Seen()
        for number, name in faults_of(item):
            texts = found.texts(number) or sentence_of(item)
            held = frozenset(found.invariants)
            if report.failed:
                texts, held = (f"FAILED: {item.name}",), frozenset()
            item.config.stash[notes].append(Noted(number, name, texts, held))
    return report  # type: ignore[return-value]


def sentence_of(item: pytest.Item) -> tuple[str, ...]:
    """What a test of a part saw that makes a fault and notes nothing: what its name says."""
    if not item.get_closest_marker("fault"):
        return ()
    name = item.name.partition("[")[0]
    return (name.removeprefix("test_").replace("_", " "),)


def faults_of(item: pytest.Item) -> list[tuple[int, str]]:
    """The faults that a test makes, or those of its module where it makes none itself."""
    own = [mark.args for mark in item.iter_markers("fault")]
    if own:
        return own
    others = (other for other in item.session.items if other.path == item.path)
    return sorted({mark.args for other in others for mark in other.iter_markers("fault")})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config, stack = terminalreporter.config, terminalreporter.config.getoption("--stack")
    rows = merged(config.stash[notes])
    if not rows:
        return
    terminalreporter.section(f"faults, on the {stack} stack")
    terminalreporter.write_line(of_terminal(rows))
    told = to_markdown(rows)
    if config.getoption("--table"):
        Path(config.getoption("--table")).write_text(told)
    if config.getoption("--page"):
        written = Path(config.getoption("--page"))
        for name, block in {f"faults, {stack}": told, **config.stash[blocks]}.items():
            page.put(written, name, block)
