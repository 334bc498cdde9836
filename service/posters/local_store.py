"""Keep posters in a local folder: nothing to install, and easy to back up."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from service.posters.store import StoredObject, store_misconfigured, store_unavailable
from service.resilience.causes import describe_cause

PROBE_SIZE = 4096  # bytes; a full disk creates files, but holds no more data


class LocalPosterStore:
    """Posters as files under `folder`, which is created when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await asyncio.to_thread(self._put, key, data)

    async def get(self, key: str) -> bytes | None:
        return await asyncio.to_thread(self._get, key)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, key)

    async def list_objects(self) -> AsyncIterator[StoredObject]:
        for stored in await asyncio.to_thread(lambda: tuple(self._list())):
            yield stored

    async def check(self) -> str:
        await asyncio.to_thread(self._check)
        return f"posters are kept in {self._folder}"

    async def close(self) -> None:
        """Do nothing: a folder holds nothing open."""

    def _put(self, key: str, data: bytes) -> None:
        path = self._folder / key
        with _translate_os_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).chmod(0o644)  # other users of the machine may serve it
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    def _get(self, key: str) -> bytes | None:
        with _translate_os_errors(), suppress(FileNotFoundError, NotADirectoryError):
            return (self._folder / key).read_bytes()
        return None

    def _delete(self, key: str) -> None:
        path = self._folder / key
        with _translate_os_errors():
            path.unlink(missing_ok=True)
            with suppress(OSError):  # other sizes of the poster may still be there
                path.parent.rmdir()

    def _list(self) -> Iterator[StoredObject]:
        with _translate_os_errors():
            for path in self._folder.glob("*/*"):
                with suppress(FileNotFoundError):
                    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield StoredObject(path.relative_to(self._folder).as_posix(), written_at)

    def _check(self) -> None:
        with _translate_os_errors():
            # Not created: who runs the check may be another user than the service.
            folder = next(path for path in (self._folder, *self._folder.parents) if path.exists())
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(bytes(PROBE_SIZE))


@contextmanager
def _translate_os_errors() -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise store_misconfigured(describe_cause(error)) from error
    except OSError as error:
        raise store_unavailable(describe_cause(error)) from error
