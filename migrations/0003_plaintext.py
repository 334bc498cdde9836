"""A film's words as one text, so that the database can search while no index answers.

On PostgreSQL its pieces of three letters are indexed. Where the extension is not installed, or may
not be created by this user, searches of the database go on without: slower, and no wiser than
their words.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

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


async def index(apps, editor):
    """What the text of each film is, a later migration works out."""
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_script(TRIGRAMS)


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
        ops.RunPython(index, nothing),
    ]
