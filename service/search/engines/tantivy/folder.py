"""The folder of the embedded indexes.

- `current`: the name of the live index; replaced atomically, so that readers never see half of it.
- `lock`: locked by the one process that writes.
- `<name>/`: an index. `made-by`, beside its segments, holds the fingerprint of its schema.
"""

import os
from pathlib import Path

import orjson

UNREADABLE_ADVICE = "it may be damaged; run `movies reindex`"
POINTER_FILE, LOCK_FILE, FINGERPRINT_FILE = "current", "lock", "made-by"
META_FILE = "meta.json"  # tantivy's own; without it there is no index


def read_pointer(root: Path) -> str | None:
    """Return the name of the live index, or None; also if somebody deleted it. Raise OSError."""
    try:
        name = (root / POINTER_FILE).read_text().strip()
    except FileNotFoundError:
        return None
    return name if name and (root / name / META_FILE).exists() else None


def write_pointer(root: Path, name: str) -> None:
    """Make `name` the live index, atomically and durably, even across a power failure."""
    new_pointer = root / f"{POINTER_FILE}.new"
    with new_pointer.open("w") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    new_pointer.replace(root / POINTER_FILE)
    descriptor = os.open(root, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_fingerprint(folder: Path) -> str:
    """Return the fingerprint of the schema that the index was made with. Raise OSError."""
    return (folder / FINGERPRINT_FILE).read_text().strip()


def write_fingerprint(folder: Path, fingerprint: str) -> None:
    """Mark the folder as an index with this schema."""
    (folder / FINGERPRINT_FILE).write_text(fingerprint)


def list_index_names(root: Path) -> list[str]:
    """Return the names of all indexes, complete or not."""
    return sorted(path.parent.name for path in root.glob(f"*/{FINGERPRINT_FILE}"))


def read_field_names(folder: Path) -> frozenset[str]:
    """Return the names of an index's fields. Raise OSError, or ValueError for a broken index."""
    meta = orjson.loads((folder / META_FILE).read_bytes())
    return frozenset(field["name"] for field in meta["schema"])
