"""The page's static files: read once per worker, served under one version for all of them.

The version is a digest of every file, so an address with it never changes its content, and
relative imports between the files stay within it. Files are compressed at the highest level when
they are first asked for, and kept so.
"""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from service.http.compression import (
    ENCODINGS,
    MIN_COMPRESSED_BYTES,
    TEXT_TYPES,
    Encoding,
    choose_encoding,
)

STATIC_FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
VERSION_LENGTH = 16  # letters of the digest that are in addresses
ETAG_LENGTH = 32
_STATIC_IMPORT = re.compile(
    r"""^\s*(?:import|export)\b(?:[^'"();]*?\bfrom)?\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE
)


def _best_compression(name: str) -> Callable[[bytes], bytes] | None:
    """Return how to compress at the highest level; None for an encoding that files do not use."""
    if name == "br":
        return partial(import_module("brotli").compress, quality=11)
    if name == "gzip":
        return partial(gzip.compress, compresslevel=9, mtime=0)
    return None


FILE_ENCODINGS = tuple(
    Encoding(encoding.name, encoding.suffix, compress)
    for encoding in ENCODINGS
    if (compress := _best_compression(encoding.name)) is not None
)


class Asset(NamedTuple):
    """One static file; `etag` is a digest of its content."""

    path: str
    body: bytes
    media_type: str
    etag: str


class Assets:
    """All static files, by their paths below the folder."""

    def __init__(self, folder: Path = STATIC_FOLDER) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA_TYPES)
        files = [_read_file(folder, path) for path in paths]
        self._files = {file.path: file for file in files}
        self._compressed: dict[tuple[str, str], bytes] = {}
        self._modules: dict[tuple[str, ...], tuple[str, ...]] = {}
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.path}\0{file.etag}\0".encode())
        self.version = digest.hexdigest()[:VERSION_LENGTH]

    def get(self, path: str) -> Asset | None:
        """Return the file at `path`, if there is one."""
        return self._files.get(path)

    def address(self, path: str) -> str:
        """Return the address of the file at `path`, which never changes its content."""
        return f"/static/{self.version}/{path}"

    async def compress(self, file: Asset, accept: str) -> tuple[bytes, Encoding | None]:
        """Return the body in the encoding that `accept` prefers, and that encoding."""
        is_text = file.media_type.startswith(TEXT_TYPES)
        if not is_text or len(file.body) < MIN_COMPRESSED_BYTES:
            return file.body, None
        encoding = choose_encoding(accept, FILE_ENCODINGS)
        if encoding is None:
            return file.body, None
        key = (file.path, encoding.name)
        if key not in self._compressed:
            self._compressed[key] = await asyncio.to_thread(encoding.compress, file.body)
        return self._compressed[key], encoding

    def list_modules(self, *entries: str) -> tuple[str, ...]:
        """Return the paths of the modules that `entries` import statically, themselves included.

        A browser that is told them loads all at once instead of one level of imports at a time.
        """
        if entries not in self._modules:
            self._modules[entries] = self._find_modules(entries)
        return self._modules[entries]

    def _find_modules(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        queue, modules = [path for path in entries if path in self._files], dict[str, None]()
        while queue:
            path = queue.pop(0)
            if path in modules or path not in self._files:
                continue
            modules[path] = None
            source = self._files[path].body.decode()
            queue += list_imports(path, source)
        return tuple(modules)


def _read_file(folder: Path, path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        path.relative_to(folder).as_posix(),
        body,
        MEDIA_TYPES[path.suffix],
        hashlib.sha256(body).hexdigest()[:ETAG_LENGTH],
    )


def list_imports(path: str, source: str) -> list[str]:
    """Return the paths of the modules that the module at `path` imports statically."""
    return [_resolve_import(path, name) for name in _STATIC_IMPORT.findall(source)]


def _resolve_import(importer: str, name: str) -> str:
    """Return the path of the module that `importer` calls by the relative `name`."""
    parts: list[str] = list(PurePosixPath(importer).parent.parts)
    for part in PurePosixPath(name).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)
