"""Marks that make another letter are kept when texts are folded, so all texts are folded again.

Films whose texts do not change are not written. Each page is a transaction of its own: after a
kill, the next start goes on with the films that are left.
"""

from orjson import loads
from tortoise import migrations
from tortoise.migrations import operations as ops

from service.films.search_text import SEARCH_TEXT_SOURCES, build_search_texts
from service.text.analysis import full_title_key

PAGE = 1_000
MAX_TITLE_KEY_LENGTH = 600
COLUMNS = ("whole_title", "plaintext", "nametext")


async def fold_again(apps, editor):
    """Fold the texts of every film as this release does."""
    client = editor.client
    postgres = client.capabilities.dialect == "postgres"
    one, two, three, four, five = (f"${n}" if postgres else "?" for n in range(1, 6))
    update = (
        f"UPDATE films SET whole_title = {one}, plaintext = {two}, nametext = {three} "
        f"WHERE id = {four} AND version = {five}"
    )
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        films = await client.execute_query_dict(
            f"SELECT id, version, {', '.join((*COLUMNS, *SEARCH_TEXT_SOURCES))} FROM films "
            f"WHERE id > {one} ORDER BY id LIMIT {two}",
            [last, PAGE],
        )
        if not films:
            return
        last = str(films[-1]["id"])
        folded = [(fold_film(film), film) for film in films]
        changed = [
            [*texts, film["id"], film["version"]]
            for texts, film in folded
            if texts != [film[column] for column in COLUMNS]
        ]
        if changed:
            await client.execute_many(update, changed)


def fold_film(film):
    """Return the texts of a film in the order of `COLUMNS`."""
    sources = {
        name: loads(film[name])
        if name != "title" and isinstance(film[name], str | bytes)
        else film[name]
        for name in SEARCH_TEXT_SOURCES
    }
    texts = build_search_texts(**sources)
    title_key = full_title_key(film["title"])[:MAX_TITLE_KEY_LENGTH]
    return [title_key, texts["plaintext"], texts["nametext"]]


async def nothing(apps, editor):
    """The previous release folds the texts of a film when it changes."""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("movies", "0031_live_tickets")]

    operations = [ops.RunPython(fold_again, nothing, atomic=False)]
