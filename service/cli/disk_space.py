"""How much space the disks of the embedded parts have left."""

import os
from collections.abc import Callable
from pathlib import Path

from service.admin.health import PartWarning
from service.errors import Unavailable
from service.settings import Settings, home_folder, resolve_path

MIN_FREE = 20_000_000  # bytes; SQLite's log alone may need that much at once
WARN_FREE = 500_000_000  # bytes; a rebuild keeps two indexes

EMBEDDED_SCHEMES = ("sqlite:", "tantivy:", "file:")


def measure_free(folder: Path) -> int:
    """Return the bytes that the service may still write below the folder, which exists."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def list_folders(settings: Settings) -> list[Path]:
    """Return the folders that hold data: those of the embedded parts, and the home folder."""
    urls = (settings.database_url, settings.search_url, settings.posters_url)
    paths = [resolve_path(url) for url in urls if url.startswith(EMBEDDED_SCHEMES)]
    return [_find_existing(path) for path in (home_folder(), *paths)]


def check_disk(settings: Settings, measure: Callable[[Path], int] = measure_free) -> str:
    """Return one line on the folder with the least free space.

    Raises:
        Unavailable: next to nothing can be written any more.
        PartWarning: not much can.
    """
    free, folder = min((measure(folder), folder) for folder in list_folders(settings))
    amount = f"{free / 1_000_000:,.0f} MB are free in {folder}"
    if free < MIN_FREE:
        raise Unavailable(f"{amount}; free some space")
    if free < WARN_FREE:
        raise PartWarning(f"{amount}; a rebuild may need more")
    return amount


def _find_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
