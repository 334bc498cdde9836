"""Posters in a folder of this machine: nothing to install, and any web server can back it up."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from service.posters.store import StoredObject, store_misconfigured, store_unavailable


class LocalPosterStore:
    """Posters as files under `folder`, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await asyncio.to_thread(self._put, key, data)

    async def get(self, key: str) -> bytes | None:
        return await asyncio.to_thread(self._get, key)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, key)

    async def objects(self) -> AsyncIterator[StoredObject]:
        for stored in await asyncio.to_thread(lambda: tuple(self._list())):
            yield stored

    async def check(self) -> str:
        await asyncio.to_thread(self._check)
        return f"posters lie in {self._folder}"

    async def close(self) -> None:
        """A folder holds nothing open."""

    def _put(self, key: str, data: bytes) -> None:
        path = self._folder / key
        with _folder_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).chmod(0o644)  # other users of the machine may serve it
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def _get(self, key: str) -> bytes | None:
        with _folder_errors(), suppress(FileNotFoundError, NotADirectoryError):
            return (self._folder / key).read_bytes()
        return None

    def _delete(self, key: str) -> None:
        path = self._folder / key
        with _folder_errors():
            path.unlink(missing_ok=True)
            with suppress(OSError):  # others of its sizes may still be there
                path.parent.rmdir()

    def _list(self) -> Iterator[StoredObject]:
        with _folder_errors():
            for path in self._folder.glob("*/*"):
                with suppress(FileNotFoundError):
                    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield StoredObject(path.relative_to(self._folder).as_posix(), written)

    def _check(self) -> None:
        with _folder_errors():
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass


@contextmanager
def _folder_errors() -> Iterator[None]:
    try:
        yield
    except PermissionError as fault:
        raise store_misconfigured(fault.strerror or "permission denied") from fault
    except OSError as fault:
        raise store_unavailable(fault.strerror or type(fault).__name__) from fault
