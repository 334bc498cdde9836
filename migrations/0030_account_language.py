"""An account says in which language its mails are."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("movies", "0029_login_pauses")]

    operations = [
        ops.AddField(
            model_name="User", name="language", field=fields.CharField(null=True, max_length=8)
        ),
    ]
