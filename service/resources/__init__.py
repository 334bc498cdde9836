"""The files that ship with the service beside its code: index mapping and settings, sample films.

They have top-level folders of their own in a checkout. A wheel carries them in this package, since
a top-level `elasticsearch` would be installed into the client library of that name.
"""

from pathlib import Path

_PACKAGED = Path(__file__).resolve().parent

CHECKOUT = None if (_PACKAGED / "samples").is_dir() else _PACKAGED.parent.parent
"""The source tree that this code runs from; None when it was installed from a wheel."""


def resource_path(name: str) -> Path:
    """Return the path of the file or folder `name`, such as `elasticsearch/mapping.json`."""
    return (CHECKOUT or _PACKAGED) / name
