"""The secret that signs tokens, kept in a file where no setting names one."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from service.private_files import make_var_folder, open_private_file, restrict_file

MIN_SECRET_BYTES = 32  # HS256 needs a key as long as its digest (RFC 7518, section 3.2)
FILE_NAME = "jwt-secret"


def load_or_create_jwt_secret(home: Path) -> str:
    """Return the secret kept in `var/` of the home folder; create it at the first start.

    It is kept so that a restart ends no session. It is written aside and linked into place, so of
    several first starts at once one makes the secret, and none reads half of it.

    Raises:
        ValueError: the file cannot be read or written, or holds no secret; the message names it.
    """
    path = home / "var" / FILE_NAME
    try:
        folder = make_var_folder(home)
        if not path.exists():
            _link_secret(folder, path)
        with os.fdopen(open_private_file(path, os.O_RDONLY), encoding="ascii") as file:
            secret = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(
            f"{path}: the key of logins cannot be kept there ({reason}); give the service's user "
            "write access to the folder, or set JWT_SECRET"
        ) from None
    restrict_file(path)
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(
            f"{path} has fewer than {MIN_SECRET_BYTES} bytes; "
            "delete it, and the next start makes another one"
        )
    return secret


def _link_secret(folder: Path, path: Path) -> None:
    """Give a new secret the name `path`, unless another process was faster."""
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".jwt-secret-") as file:  # mode 0600
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
