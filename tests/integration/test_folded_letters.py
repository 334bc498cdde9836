"""The migration that folds the texts of all films again, with the marks that make other letters."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from service.database.connection import get_connection
from service.films.models import Film
from tests.support.sample_catalogue import build_film

migration = importlib.import_module("migrations.0032_folded_letters")

TITLES = ("パパだ", "Гуляй, Вася!", "Die Rückkehr", "Ёлки", "Jaws", "ความสุข", "हिन्दी")
COLUMNS = ("whole_title", "plaintext", "nametext")


class DyingClient:
    """A connection that is lost before its second page is written."""

    def __init__(self) -> None:
        self._client = get_connection()
        self.capabilities = self._client.capabilities
        self.execute_query_dict = self._client.execute_query_dict
        self.written: list[Any] = []

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        if self.written:
            raise ConnectionError
        self.written += values
        await self._client.execute_many(query, values)


async def read_texts() -> list[tuple[str, ...]]:
    return await Film.all().order_by("id").values_list("id", *COLUMNS)


@pytest.fixture
async def films(database: str) -> list[Film]:
    films = [
        build_film(number, {"title": title, "year": 2000, "directors": ["Ёж Ковалёв"]})
        for number, title in enumerate(TITLES, 1)
    ]
    await Film.bulk_create(films)
    return films


async def test_films_get_the_texts_of_this_release_and_keep_their_version(
    films: list[Film],
) -> None:
    folded = await read_texts()
    await Film.all().update(whole_title="old", plaintext=" old ", nametext=" @old ")
    await migration.fold_again(None, SimpleNamespace(client=get_connection()))
    assert await read_texts() == folded
    assert set(await Film.all().values_list("version", flat=True)) == {films[0].version}


async def test_a_fold_that_died_goes_on_with_the_films_that_are_left(
    films: list[Film], monkeypatch: pytest.MonkeyPatch
) -> None:
    folded = await read_texts()
    await Film.all().update(plaintext=" old ")
    monkeypatch.setattr(migration, "PAGE", 2)
    client = DyingClient()
    with pytest.raises(ConnectionError):
        await migration.fold_again(None, SimpleNamespace(client=client))
    assert len(client.written) == 2
    assert (await read_texts())[:2] == folded[:2] and (await read_texts())[2:] != folded[2:]
    rest = DyingClient()
    monkeypatch.setattr(migration, "PAGE", 100)
    await migration.fold_again(None, SimpleNamespace(client=rest))
    assert len(rest.written) == len(TITLES) - 2
    assert await read_texts() == folded
