"""The table of faults: what was seen of each, and which invariants held afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass

HEAD = ("#", "fault", "what was seen", "checked afterwards")


@dataclass(frozen=True)
class Noted:
    """What one test noted about one of its faults."""

    number: int
    name: str
    texts: tuple[str, ...]
    invariants: frozenset[str]


@dataclass(frozen=True)
class Row:
    """All that is known about one fault."""

    number: int
    name: str
    texts: tuple[str, ...]
    invariants: tuple[str, ...]

    def cells(self) -> tuple[str, str, str, str]:
        return str(self.number), self.name, "; ".join(self.texts), " ".join(self.invariants)


def merged(notes: Iterable[Noted]) -> list[Row]:
    """One row for each fault, in the order of their numbers, whoever noted what."""
    names: dict[int, str] = {}
    texts: dict[int, dict[str, None]] = {}
    invariants: dict[int, set[str]] = {}
    for note in notes:
        names.setdefault(note.number, note.name)
        texts.setdefault(note.number, {}).update(dict.fromkeys(note.texts))
        invariants.setdefault(note.number, set()).update(note.invariants)
    return [
        Row(number, names[number], tuple(texts[number]), tuple(sorted(invariants[number])))
        for number in sorted(names)
    ]


def of_terminal(rows: Iterable[Row]) -> str:
    """For people at a terminal: as wide as it needs to be for all but the notes."""
    cells = [HEAD, *(row.cells() for row in rows)]
    wide = max(len(each[1]) for each in cells)
    return "\n".join(
        f"{number:>3}  {name:<{wide}}  {seen}{f'  [{held}]' if held else ''}"
        for number, name, seen, held in cells
    )


def to_markdown(rows: Iterable[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
