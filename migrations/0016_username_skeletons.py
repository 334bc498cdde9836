"""Names that look alike are told apart: each account has what is equal for such names."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


async def fill(apps, editor):
    """Give each account its skeleton; of several that look alike, the oldest alone."""
    client = editor.client
    users = await client.execute_query_dict("SELECT id, username FROM users ORDER BY created_at, id")
    if not users:
        return  # the data on look-alikes takes half a second to load
    from service.accounts.names import make_skeleton

    one, two = ("$1", "$2") if client.capabilities.dialect == "postgres" else ("?", "?")
    rows = {}
    for user in users:
        rows.setdefault(make_skeleton(user["username"]), user["id"])
    await client.execute_many(
        f"UPDATE users SET username_skeleton = {one} WHERE id = {two}",
        [[skeleton, user_id] for skeleton, user_id in rows.items()],
    )


async def nothing(apps, editor):
    """The column goes with its content."""


class Migration(migrations.Migration):
    dependencies = [("movies", "0015_email_verification")]

    operations = [
        ops.AddField(
            model_name="User",
            name="username_skeleton",
            field=fields.CharField(null=True, unique=True, max_length=120),
        ),
        ops.RunPython(fill, nothing),
    ]
