"""What the service cannot run on gets one sentence instead of a traceback."""

import sys

import pytest

from service.__main__ import main


@pytest.mark.parametrize("version", [(3, 10, 14), (2, 7, 18)])
def test_a_python_that_is_too_old_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"^movies: Python 3.11 or newer is needed"):
        main()


def test_a_command_on_windows_ends_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match=r"^movies: Windows is not supported; use WSL or Docker"):
        main()
