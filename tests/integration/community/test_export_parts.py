"""What an export holds of the films that a user keeps, and what a deletion leaves: nothing."""

from typing import Any

from service.accounts.deletion.erasure import erase_account
from service.accounts.models import User
from service.clock import utc_now
from service.community.export_parts import FILM_ROWS_DATA
from service.community.history.models import HistoryEntry
from service.community.history.service import History
from service.community.lists.models import FilmList, ListItem
from service.community.lists.schemas import NewList
from service.community.lists.service import FilmLists
from service.community.watchlist.models import WatchlistEntry
from service.community.watchlist.service import Watchlists
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, Provenance
from service.server.personal_data import PERSONAL_DATA

TABLES = (HistoryEntry, WatchlistEntry, FilmList, ListItem)


async def add_user(name: str) -> User:
    now = utc_now()
    return await User.create(
        username=name, username_folded=name, password_hash="", created_at=now, updated_at=now
    )


async def keep_films(catalogue: Catalogue, user: User) -> None:
    facts = FilmFacts(title="Heat", imdb_id="tt0113277", year=1995)
    film = await catalogue.upsert(facts, Provenance(source="user"))
    gone = await catalogue.upsert(FilmFacts(title="Gone"), Provenance(source="user"))
    await History(catalogue, utc_now).add(user.id, "tt0113277")
    await Watchlists(catalogue, utc_now).add(user.id, gone.id)
    lists = FilmLists(catalogue, utc_now)
    film_list = await lists.create(user.id, NewList(name="Crime"))
    await lists.add_item(user.id, str(film_list.id), film.id, "With Ada.")
    await catalogue.delete(str(gone.id), None)


async def read_export(user: User) -> dict[str, list[Any]]:
    parts = {}
    for part in FILM_ROWS_DATA.export_parts:
        parts[part.name] = [row async for page in part.read(user.id) for row in page]
        assert all(set(row) == set(part.columns) for row in parts[part.name])
    return parts


async def test_an_export_names_each_film_and_nothing_of_others(catalogue: Catalogue) -> None:
    ada, bob = await add_user("ada"), await add_user("bob")
    await keep_films(catalogue, ada)
    parts = await read_export(ada)
    assert {name: len(rows) for name, rows in parts.items()} == {
        "history": 1,
        "watchlist": 1,
        "ratings": 0,
        "reviews": 0,
        "review_edits": 0,
        "review_likes": 0,
        "review_reports": 0,
        "blocks": 0,
        "lists": 1,
        "list_items": 1,
    }
    assert parts["history"][0]["imdb_id"] == "tt0113277"
    assert (parts["watchlist"][0]["imdb_id"], parts["watchlist"][0]["title"]) == (None, "Gone")
    assert parts["list_items"][0]["note"] == "With Ada."
    assert parts["list_items"][0]["list_id"] == parts["lists"][0]["id"]
    assert not any((await read_export(bob)).values())


async def test_nothing_is_left_of_an_erased_account_and_others_keep_theirs(
    catalogue: Catalogue,
) -> None:
    ada, bob = await add_user("ada"), await add_user("bob")
    for user in (ada, bob):
        await keep_films(catalogue, user)
    assert await erase_account(ada.id, PERSONAL_DATA)
    assert [await table.all().count() for table in TABLES] == [1, 1, 1, 1]
    assert await FilmList.filter(user_id=bob.id).exists()
