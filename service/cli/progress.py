"""Progress bars on standard error, shown only on a terminal."""

from typing import Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

stderr = Console(stderr=True)


class _RateColumn(ProgressColumn):
    """The number of films a second, once it can be measured."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.0f}/s")


def progress_bar(unit: Literal["films", "bytes"]) -> Progress:
    """Return a bar that counts films or bytes, with their rate and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *([DownloadColumn()] if unit == "bytes" else [MofNCompleteColumn(), TextColumn(unit)]),
        *([TransferSpeedColumn()] if unit == "bytes" else [_RateColumn()]),
        TimeRemainingColumn(),
        console=stderr,
        disable=not stderr.is_terminal,
        transient=True,
    )
