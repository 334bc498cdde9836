"""A film's words as one text, so that the database can search while no index answers.

On PostgreSQL its pieces of three letters are indexed. Where the extension is not installed, or may
not be created by this user, searches of the database go on without: slower, and no wiser than
their words.
"""

from orjson import loads
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from service.search.plaintext import plaintext

PAGE = 1_000

TRIGRAMS = """
DO $do$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'pg_trgm is not there: %', SQLERRM;
END $do$;
DO $do$ BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
    CREATE INDEX IF NOT EXISTS idx_films_plaintext ON films USING gin (plaintext gin_trgm_ops);
  END IF;
END $do$;
"""


async def fill(apps, editor):
    """Work out the text of every film that is there already."""
    client = editor.client
    postgres = client.capabilities.dialect == "postgres"
    one, two = ("$1", "$2") if postgres else ("?", "?")
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        films = await client.execute_query_dict(
            "SELECT id, title, aliases, directors, genres FROM films "
            f"WHERE id > {one} ORDER BY id LIMIT {two}",
            [last, PAGE],
        )
        if not films:
            break
        last = str(films[-1]["id"])
        await client.execute_many(
            f"UPDATE films SET plaintext = {one} WHERE id = {two}",
            [[_text(film), film["id"]] for film in films],
        )
    if postgres:
        await client.execute_script(TRIGRAMS)


def _text(film):
    lists = {
        name: loads(film[name]) if isinstance(film[name], str | bytes) else film[name]
        for name in ("aliases", "directors", "genres")
    }
    return plaintext(title=film["title"], **lists)


async def nothing(apps, editor):
    """The column goes, and its index with it."""


class Migration(migrations.Migration):
    dependencies = [("movies", "0002_open_outbox")]

    operations = [
        ops.AddField(
            model_name="Film",
            name="plaintext",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
        ops.RunPython(fill, nothing),
    ]
