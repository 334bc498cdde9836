"""What a process and its children take: memory, and time of a core, as the kernel tells it."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Watch:
    """Peak memory in MB and CPU time in seconds of a process, alone and with its children.

    Mapped files are not counted, since the kernel keeps or drops them as it likes.
    """

    pid: int
    alone: float = 0.0
    all_of_them: float = 0.0
    worked: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        held = {pid: resident(pid, "Anonymous") for pid in [self.pid, *children(self.pid)]}
        self.alone = max(self.alone, held[self.pid])
        self.all_of_them = max(self.all_of_them, sum(held.values()))
        self.worked |= {pid: worked(pid) for pid in held}


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return [each for child in found for each in (child, *children(child))]


def resident(pid: int, kind: str = "Rss") -> float:
    """Return the MB that a process holds: resident, `Private` or `Anonymous` (not of a file)."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(size) for size in re.findall(rf"^{kind}\w*:\s+(\d+) kB", told, re.M)) / 1024


def worked(pid: int) -> float:
    """Seconds of a core that a process has used."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
