"""Measure the memory and CPU time of a process and its descendants through /proc."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class ResourceWatch:
    """Peak memory in MB and CPU seconds of a process, alone and with its descendants.

    Mapped files are not counted, because the kernel drops them when memory is scarce.
    """

    pid: int
    own_mb: float = 0.0
    total_mb: float = 0.0
    cpu_seconds: dict[int, float] = field(default_factory=dict)

    def sample(self) -> None:
        memory = {
            pid: read_memory_mb(pid, "Anonymous") for pid in [self.pid, *list_descendants(self.pid)]
        }
        self.own_mb = max(self.own_mb, memory[self.pid])
        self.total_mb = max(self.total_mb, sum(memory.values()))
        self.cpu_seconds |= {pid: read_cpu_seconds(pid) for pid in memory}


def list_descendants(pid: int) -> list[int]:
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            children.append(int(stat.parent.name))
    return [other for child in children for other in (child, *list_descendants(child))]


def read_memory_mb(pid: int, kind: str = "Rss") -> float:
    """Return the memory of a process in MB: `Rss`, `Private` or `Anonymous` (not of a file)."""
    try:
        smaps = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(size) for size in re.findall(rf"^{kind}\w*:\s+(\d+) kB", smaps, re.M)) / 1024


def read_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
