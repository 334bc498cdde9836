"""The space that is left on the disks of the embedded parts."""

from pathlib import Path

import pytest

from service.admin.health import PartWarning
from service.cli.disk_space import check_disk, list_folders, measure_free
from service.errors import Unavailable
from service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MOVIES_HOME", str(tmp_path))
    (tmp_path / "posters").mkdir()
    return Settings(posters_url="file://posters")


def test_the_folder_with_the_least_space_is_named(settings: Settings, tmp_path: Path) -> None:
    posters = tmp_path / "posters"
    assert list_folders(settings) == [tmp_path, tmp_path, tmp_path, posters]
    space = {tmp_path: 900_000_000_000, posters: 700_000_000}
    assert check_disk(settings, space.__getitem__) == f"700 MB are free in {posters}"


def test_little_space_is_a_warning_and_next_to_none_a_failure(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(PartWarning, match="499 MB are free"):
        check_disk(settings, lambda _: 499_000_000)
    with pytest.raises(Unavailable, match=f"0 MB are free in {tmp_path}.*; free some space"):
        check_disk(settings, lambda _: 0)


def test_the_space_of_a_real_folder_is_measured(tmp_path: Path) -> None:
    assert 0 <= measure_free(tmp_path) < 2**63


def test_parts_on_servers_have_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIES_HOME", str(tmp_path))
    urls = {"database_url": "postgres://db/films", "search_url": "http://es:9200"}
    assert list_folders(Settings(**urls, posters_url="s3://films")) == [tmp_path]
