"""Distribute tests over worker processes: `pytest --numprocesses 3`, as `tests/run` does.

Tests of one file stay together, since they share fixtures. All tests of the API form one group, so
that their service is started once. Groups that take long begin first.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SERVICE = "service"
USE_SERVICE = (
    "tests/api/",
    "tests/e2e/test_main_job",
    "tests/e2e/test_supervision",
)
OWN_SERVICE = (
    "tests/api/test_access_matrix",
    "tests/api/compat/test_restricted_registration",
    "tests/api/test_account_emails",
    "tests/api/test_search_features",
)
SHARE_REDIS = ("tests/faults/", "tests/contracts/test_caches")
"""On the full stack the fault tests freeze the only Redis; no test that needs it runs then."""
SLOW = (
    SERVICE,
    "tests/browser/",
    "tests/e2e/",
    *OWN_SERVICE,
    "tests/contracts/",
    "tests/integration/",
)


def group_of(nodeid: str, stack: str) -> str:
    """Return the group of a test; one worker process runs all of it, in the order of collection."""
    path = nodeid.partition("::")[0]
    if path.startswith(OWN_SERVICE):
        return path
    if path.startswith(USE_SERVICE) or (stack == "full" and path.startswith(SHARE_REDIS)):
        return SERVICE
    return path


def _rank(group: str) -> int:
    ranks = (number for number, prefix in enumerate(SLOW) if group.startswith(prefix))
    return next(ranks, len(SLOW))


class GroupScheduling(LoadScopeScheduling):
    """Hand out whole groups, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid, self.config.getoption("--stack"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker process, put slow groups first."""
    if hasattr(config, "workerinput"):
        stack = config.getoption("--stack")
        items.sort(key=lambda item: _rank(group_of(item.nodeid, stack)))
