"""Names that filters compare, and writers, get a text of their own beside a film's words.

Both texts are worked out for every film that is there: the database is searched by them while no
index answers.
"""

from orjson import loads
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from service.films.search_text import build_search_texts

PAGE = 1_000
LISTS = ("aliases", "directors", "writers", "genres", "languages", "countries")

TRIGRAMS = """
DO $do$ BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
    CREATE INDEX IF NOT EXISTS idx_films_nametext ON films USING gin (nametext gin_trgm_ops);
  END IF;
END $do$;
"""


async def fill(apps, editor):
    """Work out both texts of every film."""
    client = editor.client
    postgres = client.capabilities.dialect == "postgres"
    one, two, three = ("$1", "$2", "$3") if postgres else ("?", "?", "?")
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        films = await client.execute_query_dict(
            f"SELECT id, title, {', '.join(LISTS)} FROM films "
            f"WHERE id > {one} ORDER BY id LIMIT {two}",
            [last, PAGE],
        )
        if not films:
            break
        last = str(films[-1]["id"])
        await client.execute_many(
            f"UPDATE films SET plaintext = {one}, nametext = {two} WHERE id = {three}",
            [[*_texts(film).values(), film["id"]] for film in films],
        )
    if postgres:
        await client.execute_script(TRIGRAMS)


def _texts(film):
    lists = {
        name: loads(film[name]) if isinstance(film[name], str | bytes) else film[name]
        for name in LISTS
    }
    return build_search_texts(title=film["title"], **lists)


async def nothing(apps, editor):
    """The column goes, and its index with it."""


class Migration(migrations.Migration):
    dependencies = [("movies", "0004_rebuild_and_drift")]

    operations = [
        ops.AddField(
            model_name="Film",
            name="nametext",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
        ops.RunPython(fill, nothing),
    ]
