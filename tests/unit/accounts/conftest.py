"""A clock that tests set."""

import pytest

from tests.support.accounts import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()
