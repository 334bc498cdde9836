"""What the tests of faults share: their table, and a note for each of what was seen.

A test says which faults it makes (`@pytest.mark.fault(30, "Redis down, slow, paused")`), notes in
few words what happened (`seen("503 for 1.2 s, then healed")`) and which invariants it found to hold
afterwards (`seen.held("I1", "I3")`). A test without a fault of its own speaks for all the faults of
its module: that is where a group's invariants are checked once. Where a fault is proved by a test
of the part that meets it, that test has the mark, and its name is what was seen.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.table import Noted, Row, merged, of_terminal, to_markdown

notes = pytest.StashKey[list[Noted]]()
marked = pytest.StashKey[dict[str, pytest.Item]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[notes] = []


class Seen:
    """What one test saw of its faults."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.invariants: set[str] = set()

    def __call__(self, text: str) -> None:
        """Note in a few words what happened."""
        self.texts.append(text)

    def held(self, *invariants: str) -> None:
        """Note that these, of `I1` to `I9`, were checked after the fault and hold."""
        unknown = set(invariants) - {f"I{number}" for number in range(1, 10)}
        assert not unknown, unknown
        self.invariants |= set(invariants)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    report: pytest.TestReport = yield
    if report.when == "call" or report.failed:
        item.stash.setdefault(failed, False)
        item.stash[failed] |= report.failed
    return report


failed = pytest.StashKey[bool]()


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    """Where a test notes what it saw; what fails is noted by itself."""
    noted = Seen()
    yield noted
    item = request.node
    if item.stash.get(failed, False):
        noted.texts.append(f"FAILED: {item.name}")
        noted.invariants.clear()
    for number, name in faults_of(item):
        request.config.stash[notes].append(
            Noted(number, name, tuple(noted.texts), frozenset(noted.invariants))
        )


def faults_of(item: pytest.Item) -> list[tuple[int, str]]:
    """The faults that a test makes, or those of its module where it makes none itself."""
    own = [mark.args for mark in item.iter_markers("fault")]
    if own:
        return own
    path = item.path
    others = (other for other in item.session.items if other.path == path)
    return sorted({mark.args for other in others for mark in other.iter_markers("fault")})


def pytest_collection_finish(session: pytest.Session) -> None:
    """Know the tests that make a fault and note nothing themselves."""
    session.config.stash[marked] = {
        item.nodeid: item
        for item in session.items
        if item.get_closest_marker("fault") and "seen" not in getattr(item, "fixturenames", ())
    }


def of_names(terminalreporter: pytest.TerminalReporter) -> Iterator[Noted]:
    """What those tests saw, by their names."""
    silent = terminalreporter.config.stash.get(marked, {})
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            item = silent.get(report.nodeid)
            if item is None:
                continue
            name = item.name.partition("[")[0]
            said = name.removeprefix("test_").replace("_", " ")
            text = said if outcome == "passed" else f"FAILED: {item.name}"
            for number, fault in faults_of(item):
                yield Noted(number, fault, (text,), frozenset())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    rows: list[Row] = merged([*config.stash[notes], *of_names(terminalreporter)])
    if not rows:
        return
    terminalreporter.section(f"faults, on the {config.getoption('--stack')} stack")
    terminalreporter.write_line(of_terminal(rows))
    if config.getoption("--table"):
        Path(config.getoption("--table")).write_text(to_markdown(rows))
