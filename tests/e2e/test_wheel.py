"""The built wheel works on its own: installed elsewhere, away from the checkout."""

import os
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import ROOT, service_runner

Movies = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*command, folder], cwd=ROOT, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the wheel and the locked packages."""
    folder = tmp_path_factory.mktemp("environment")
    uv = [sys.executable, "-m", "uv", "--offline", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder], check=True)
    executable = folder / "bin/python"
    install = ["pip", "install", "--no-deps", "--python", executable, wheel]
    subprocess.run([*uv, *install], check=True)
    [site_packages] = folder.glob("lib/python*/site-packages")
    # A path added this way is searched last, and its own .pth files (the editable install) are not.
    (site_packages / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return executable


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return service_runner.process_environment(
        {"MOVIES_HOME": str(tmp_path / "home"), "JWT_SECRET": ""}
    )


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return the empty folder in which the commands run."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def movies(python: Path, environment: dict[str, str], elsewhere: Path) -> Movies:
    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python.with_name("movies"), *words],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=service_runner.START_TIMEOUT,
            check=False,
        )

    return run


@contextmanager
def serving(python: Path, environment: dict[str, str], cwd: Path) -> Iterator[str]:
    """Run `movies serve`; yield its port once the index has caught up."""
    log = Path(environment["MOVIES_HOME"]).with_name("log")
    with (
        log.open("w") as file,
        subprocess.Popen(
            [python.with_name("movies"), "serve"],
            cwd=cwd,
            env=environment,
            stdout=file,
            stderr=file,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + service_runner.START_TIMEOUT
            while not (ready := service_runner.READY_LINE.search(log.read_text())):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield ready[1] or ready[2]
        finally:
            process.terminate()


def test_a_wheel_holds_three_packages_and_the_files_they_read(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names}
    assert {name for name in folders if not name.endswith(".dist-info")} == {
        "indexer",
        "migrations",
        "service",
    }
    assert {
        "service/admin/static/swagger-ui/index.html",
        "service/resources/elasticsearch/mapping.json",
        "service/resources/elasticsearch/settings.json",
        "service/resources/samples/films.jsonl",
    } <= set(names)
    page = ROOT / "service/site/static"
    files = {path.relative_to(ROOT).as_posix() for path in page.rglob("*") if path.is_file()}
    assert files <= set(names)


def test_an_installed_wheel_migrates_loads_serves_and_searches(
    python: Path, movies: Movies, environment: dict[str, str], elsewhere: Path
) -> None:
    home = Path(environment["MOVIES_HOME"])
    migrated = movies("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "500 added" in movies("load", "--sample").stdout
    with serving(python, environment, elsewhere) as port:
        environment["PORT"] = port  # the system chose it
        doctor = movies("doctor")
        assert "ok      index" in doctor.stdout, doctor.stdout + doctor.stderr
        assert "FAILED" not in doctor.stdout
        search = movies("search", "godfahter")
    assert "The Godfather" in search.stdout, search.stderr
    assert "degraded" not in search.stderr
    assert {"movies.db", "index", "jwt-secret"} <= {path.name for path in (home / "var").iterdir()}
    assert not list(elsewhere.iterdir())


def test_an_installed_wheel_reads_its_own_files(python: Path, elsewhere: Path) -> None:
    code = (
        "import service, service.search.engines.elasticsearch.writer as w; "
        "from service.resources import CHECKOUT, resource_path; "
        "from service.settings import home_folder; w.fingerprint(); "
        "print(service.__file__, CHECKOUT, resource_path('samples'), home_folder({}), sep='\\n')"
    )
    process = subprocess.run(
        [python, "-c", code],
        cwd=elsewhere,
        env={**os.environ, "HOME": "/home/of-tests"},
        capture_output=True,
        text=True,
        check=True,
    )
    package, checkout, samples, home = process.stdout.split()
    installed = python.parent.parent
    assert Path(package).is_relative_to(installed)
    assert Path(samples).is_relative_to(installed)
    assert (checkout, home) == ("None", "/home/of-tests/.local/share/movies")
