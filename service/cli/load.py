"""The work of `movies load`: import files, report them, and follow the films into the index."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from service.audit.log import record
from service.cli.output import format_count, print_line
from service.cli.progress import progress_bar
from service.database.transactions import run_uncancelled
from service.films.file_reader import STANDARD_INPUT, UnreadableFile
from service.films.importer import ImportProgress
from service.films.models import Film
from service.films.schemas import Source
from service.outbox.store import count_waiting_films
from service.server.container import Container, open_container
from service.settings import Settings

MAX_SHOWN_FIELDS = 10  # names of unknown fields; the rest is counted
INDEXER_PATIENCE = 30.0  # seconds without any progress until `--wait` gives up
POLL_INTERVAL = 0.3  # between two looks at the outbox


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load: as samples, refusing unknown fields, waiting until the films are indexed."""

    as_samples: bool = False
    is_strict: bool = False
    is_waiting: bool = False


async def load(settings: Settings, paths: Sequence[Path], options: LoadOptions) -> str | None:
    """Import the films of all files; return what went wrong, or None."""
    failures: list[str] = []
    left_out = 0
    async with open_container(settings) as container:
        if options.as_samples and await Film.exists():
            typer.echo("the catalogue has films already, so no samples were loaded")
            return None
        for path in paths:
            progress = ImportProgress()
            try:
                await _load_file(container, path, options, progress)
            except UnreadableFile as error:
                failures.append(error.detail)
            left_out += progress.left_out
            _report(path, progress)
            await _record(path, progress)
        try:
            is_indexed = not options.is_waiting or await _wait_until_indexed()
        finally:
            await _report_backlog()
    if left_out:
        verb = "was" if left_out == 1 else "were"
        failures.append(f"{format_count(left_out, 'line')} {verb} left out; the rest is stored")
    if not is_indexed:
        failures.append("no indexer takes the films; start `movies serve`")
    return "; ".join(failures) or None


async def _load_file(
    container: Container, path: Path, options: LoadOptions, progress: ImportProgress
) -> None:
    """Import one file; keep `progress` up to date, also if the command is interrupted."""
    source: Source = "sample" if options.as_samples else "user"
    size = await asyncio.to_thread(_measure, path)
    try:
        with progress_bar("bytes") as bar:
            task = bar.add_task(path.name, total=size)
            async for _ in container.importer.import_file(
                path, source, is_strict=options.is_strict, progress=progress
            ):
                bar.update(task, completed=progress.bytes_read)
    except asyncio.CancelledError:
        _report(path, progress)
        await _record(path, progress)
        typer.echo("interrupted; what is counted here is stored, load the file again for the rest")
        raise


def _measure(path: Path) -> int | None:
    """Return the size of a file, or None for what has none."""
    return path.stat().st_size if path.is_file() else None


def _report(path: Path, progress: ImportProgress) -> None:
    name = "standard input" if path == STANDARD_INPUT else path.name
    for line in progress.bad_lines:
        print_line(f"{name}:{line.number}: {line.reason}", is_error=True)
    if progress.left_out > len(progress.bad_lines):
        print_line(f"{name}: and {progress.left_out - len(progress.bad_lines)} more", is_error=True)
    if progress.unknown_fields:
        fields = progress.unknown_fields.most_common(MAX_SHOWN_FIELDS)
        shown = ", ".join(f"{field} ({count})" for field, count in fields)
        more = len(progress.unknown_fields) - len(fields)
        also = f" and {more} more" if more else ""
        print_line(f"{name}: unknown fields, left out: {shown}{also}", is_error=True)
    print_line(
        f"{name}: {progress.read} read, {progress.added} added, {progress.changed} changed, "
        f"{progress.same} unchanged, {progress.left_out} left out"
    )


@run_uncancelled
async def _record(path: Path, progress: ImportProgress) -> None:
    """Record what a load changed; its films are stored in many transactions."""
    if progress.added or progress.changed:
        await record("films_loaded", file=path.name, added=progress.added, changed=progress.changed)


async def _report_backlog() -> None:
    films, waiting = await Film.all().count(), await count_waiting_films()
    typer.echo(f"{format_count(films, 'film')}, {waiting} still being indexed")


async def _wait_until_indexed() -> bool:
    """Wait until the index has every film; return False if nothing moves."""
    waiting = await count_waiting_films()
    moved_at = time.monotonic()
    with progress_bar("films") as bar:
        task = bar.add_task("indexing", total=waiting)
        while left := await count_waiting_films():
            if left != waiting:
                waiting, moved_at = left, time.monotonic()
            if time.monotonic() - moved_at > INDEXER_PATIENCE:
                return False
            bar.update(task, completed=max(0, (bar.tasks[0].total or 0) - left))
            await asyncio.sleep(POLL_INTERVAL)
    return True
