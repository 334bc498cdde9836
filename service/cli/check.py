"""The work of `movies check`: compare every film with the index."""

from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import Field

from service.audit.log import record
from service.cli.output import print_json
from service.cli.progress import progress_bar
from service.cli.running import fail
from service.database.sql import now_ms
from service.indexing.comparison import Difference
from service.indexing.drift import DifferenceView, DriftReport
from service.outbox import store
from service.server.container import open_container
from service.settings import Settings

WAITING_STATUS = 3  # equal but for what waits to be indexed


@dataclass(frozen=True, slots=True)
class CheckView:
    """A comparison of database and index, and how far the index has yet to catch up."""

    drift: Annotated[int, Field(description="How many films differ in all.")]
    missing: Annotated[int, Field(description="Films that the index lacks.")]
    stale: Annotated[int, Field(description="Films that it has in another version.")]
    orphaned: Annotated[int, Field(description="Films that only the index has.")]
    compared: Annotated[int, Field(description="How many films were compared.")]
    index: Annotated[str, Field(description="The index that was compared.")]
    outdated: Annotated[
        bool, Field(description="Whether it was made with another mapping or analysis.")
    ]
    waiting: Annotated[int, Field(description="Changes that wait to be indexed.")]
    quarantined: Annotated[int, Field(description="Changes that cannot be indexed.")]
    repaired: Annotated[
        bool, Field(description="Whether the films that differ were queued for indexing.")
    ]
    films: Annotated[
        list[DifferenceView], Field(description="The first hundred films that differ.")
    ]


async def check(settings: Settings, *, repair: bool, as_json: bool) -> None:
    """Compare every film with the index, and print the first ones that differ.

    The command ends with 1 if films differ or changes are quarantined, and with 3 if films only
    wait to be indexed.
    """
    async with open_container(settings) as container:
        with progress_bar("films") as bar:
            task = bar.add_task("comparing", total=None)
            async for report in container.drift.compare_all():
                bar.update(task, completed=report.compared, total=report.total)
                if repair:
                    await container.drift.repair(report.page_differences)
        if repair and report.drift:
            await record("films_repaired", films=report.drift)
        depth = await store.measure_depth(await now_ms())
    view = _to_view(report, depth.waiting, depth.quarantined, repair)
    if as_json:
        print_json(view)
    else:
        for film in view.films:
            typer.echo(_describe_difference(film))
    line = f"{view.drift} of {view.compared} films differ"
    _fail_if_different(view, line)
    if view.waiting and not repair:
        line = f"{line}; {view.waiting} changes wait to be indexed"
    elif view.drift:
        line = f"{line}, and will be indexed"
    if not as_json:
        typer.echo(line)
    if view.waiting and not repair:
        raise typer.Exit(WAITING_STATUS)


def _to_view(report: DriftReport, waiting: int, quarantined: int, repair: bool) -> CheckView:
    return CheckView(
        drift=report.drift,
        missing=report.missing,
        stale=report.stale,
        orphaned=report.orphaned,
        compared=report.compared,
        index=report.index_name,
        outdated=not report.by_content,
        waiting=waiting,
        quarantined=quarantined,
        repaired=repair and report.drift > 0,
        films=[_to_difference_view(difference) for difference in report.first_differences],
    )


def _to_difference_view(difference: Difference) -> DifferenceView:
    return DifferenceView(
        difference.film_id,
        difference.kind,
        difference.database_version,
        difference.index_version,
    )


def _describe_difference(film: DifferenceView) -> str:
    in_database, in_index = film.database_version or "none", film.index_version or "none"
    return f"{film.kind:<8}  {film.film_id}  database {in_database}, index {in_index}"


def _fail_if_different(view: CheckView, line: str) -> None:
    if view.outdated:
        fail(f"{line} in version; the index was made with another mapping or analysis")
    if view.drift and not view.repaired:
        fail(f"{line}; `movies check --repair` has them indexed")
    if view.quarantined:
        fail(f"{line}; {view.quarantined} changes are quarantined, see /api/v1/admin/outbox")
