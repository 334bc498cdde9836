"""The home folder of a service that was started under a lax umask, and what `ps` shows of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, service_runner

TOKEN = "a-metrics-token-of-tests"
READ_SECRET = "from service.settings import load_settings; print(load_settings().jwt_secret)"


@pytest.fixture
def lax_umask() -> Iterator[None]:
    """Let new files be readable and writable by everybody, unless their writer prevents it."""
    before = os.umask(0)
    yield
    os.umask(before)


def list_modes(folder: Path) -> dict[str, int]:
    """Return the permissions of all files and folders that others have some of."""
    modes = {str(path): path.lstat().st_mode & 0o777 for path in folder.rglob("*")}
    return {path: mode for path, mode in modes.items() if mode & 0o077}


@pytest.mark.once
def test_everything_at_home_is_its_owners_alone_and_ps_shows_no_secret(
    tmp_path: Path, lax_umask: None
) -> None:
    home = tmp_path / "home"
    home.mkdir(0o755)
    (home / ".env").write_text(f"METRICS_TOKEN={TOKEN}\n")
    (home / "film.csv").write_text("title,year\nJaws,1975\n")
    environment = {"MOVIES_HOME": str(home)}
    with service_runner.run_service(environment) as service:
        assert service.run("load", str(home / "film.csv"), "--wait").returncode == 0
        assert service.run("create-admin", "root", stdin="a long password\n").returncode == 0
        assert service.run("check").returncode == 0
        arguments = [
            path.read_bytes()
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if str(service.process.pid).encode() in read_group(path)
        ]
    (home / "film.csv").unlink()
    assert {"var/movies.db", "var/jwt-secret", "var/index/lock"} <= {
        str(path.relative_to(home)) for path in home.rglob("*")
    }
    assert list_modes(home) == {}
    secrets = (TOKEN.encode(), (home / "var/jwt-secret").read_bytes().strip())
    assert len(arguments) >= 3
    assert not any(secret in line for line in arguments for secret in secrets)


def read_group(cmdline: Path) -> bytes:
    """Return the ids of a process and of its parent."""
    try:
        fields = (cmdline.parent / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return b""
    return b" ".join((cmdline.parent.name.encode(), fields[1]))


@pytest.mark.once
def test_several_first_starts_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    environment = service_runner.process_environment({"MOVIES_HOME": str(tmp_path)})
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", READ_SECRET], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        for _ in range(6)
    ]
    secrets = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(secrets) == 1 and len(secrets.pop()) >= 32
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["jwt-secret"]
