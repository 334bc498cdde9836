"""The table of faults: what was observed of each, and which invariants held afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.faults.catalogue import FAULTS

HEAD = ("slug", "fault", "what was observed", "checked afterwards")


@dataclass(frozen=True)
class Observation:
    """What one test observed of one of its faults."""

    slug: str
    texts: tuple[str, ...]
    invariants: frozenset[str]


@dataclass(frozen=True)
class Row:
    """All observations of one fault."""

    slug: str
    texts: tuple[str, ...]
    invariants: tuple[str, ...]

    def cells(self) -> tuple[str, str, str, str]:
        name = FAULTS[self.slug].name
        return self.slug, name, "; ".join(self.texts), " ".join(self.invariants)


def merge(observations: Iterable[Observation]) -> list[Row]:
    """Return one row per fault, in the order of the catalogue."""
    texts: dict[str, dict[str, None]] = {}
    invariants: dict[str, set[str]] = {}
    for observation in observations:
        texts.setdefault(observation.slug, {}).update(dict.fromkeys(observation.texts))
        invariants.setdefault(observation.slug, set()).update(observation.invariants)
    return [
        Row(slug, tuple(texts[slug]), tuple(sorted(invariants[slug])))
        for slug in FAULTS
        if slug in texts
    ]


def to_text(rows: Iterable[Row]) -> str:
    """Return the table for a terminal; every column but the observations is padded."""
    cells = [HEAD, *(row.cells() for row in rows)]
    slug_width, name_width = (max(len(line[column]) for line in cells) for column in (0, 1))
    return "\n".join(
        f"{slug:<{slug_width}}  {name:<{name_width}}  {texts}"
        f"{f'  [{invariants}]' if invariants else ''}"
        for slug, name, texts, invariants in cells
    )


def to_markdown(rows: Iterable[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
