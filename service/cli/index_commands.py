"""The commands that rebuild the index, and compare it with the database."""

from typing import Annotated

import typer

from service.cli.app import JsonOption, app, require_settings, warn_renamed
from service.cli.film_commands import explain
from service.cli.running import run


@app.command()
def reindex(
    wait: Annotated[bool, typer.Option(help="wait until it is done")] = True,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="make the index before the live one live again")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="show the active or last job")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="cancel the active job")] = False,
    as_json: JsonOption = False,
) -> None:
    """Rebuild the index while searches go on; join a rebuild that runs."""
    settings = require_settings()
    from service.cli import reindex as command

    if status or cancel:
        run(settings, command.show_reindex(settings, cancel=cancel, as_json=as_json))
    else:
        options = command.ReindexOptions(wait, rollback, as_json)
        run(settings, command.reindex(settings, options))


@app.command()
def check(
    movie: Annotated[str | None, typer.Argument(hidden=True)] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="queue the films that differ for indexing; with --twins, merge those without "
            "differences; with --counters, count again",
        ),
    ] = False,
    twins: Annotated[
        bool,
        typer.Option("--twins", help="list films that are stored twice; exit with 1 if some are"),
    ] = False,
    counters: Annotated[
        bool,
        typer.Option(
            "--counters",
            help="compare the votes, scores and reviews that films show, and the likes that "
            "reviews show, with those that are stored; exit with 1 if some differ",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare database and index film by film; exit with 3 if films only wait for the index."""
    if movie is not None:
        warn_renamed("movies check FILM", "movies explain FILM")
        explain(movie, as_json)
        return
    if twins and counters:
        raise typer.BadParameter("choose --twins or --counters", param_hint="--counters")
    settings = require_settings()
    if twins:
        from service.cli.twins import check_twins

        run(settings, check_twins(settings, repair=repair, as_json=as_json))
        return
    if counters:
        from service.cli.counters import check_counters

        run(settings, check_counters(settings, repair=repair, as_json=as_json))
        return
    from service.cli import check as command

    run(settings, command.check(settings, repair=repair, as_json=as_json))
