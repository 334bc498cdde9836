"""What admins change, and what matters to security, is recorded."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0022_ratings")]

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                ("at", fields.BigIntField()),
                ("action", fields.CharField(max_length=40)),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.UUIDField(null=True)),
                ("actor_name", fields.CharField(null=True, max_length=200)),
                ("key_id", fields.UUIDField(null=True)),
                ("address", fields.CharField(null=True, max_length=100)),
                ("subject_kind", fields.CharField(null=True, max_length=16)),
                ("subject_id", fields.CharField(null=True, max_length=64)),
                ("subject_name", fields.CharField(null=True, max_length=200)),
                ("details", fields.JSONField(default=dict)),
            ],
            options={
                "table": "audit_entries",
                "app": "movies",
                "indexes": [
                    Index(fields=["at", "id"], name="idx_audit_entries_at"),
                    Index(fields=["actor_id", "at"], name="idx_audit_entries_actor_id"),
                    Index(fields=["subject_id", "at"], name="idx_audit_entries_subject_id"),
                ],
                "pk_attr": "id",
                "table_description": "One change by an admin, or one event that matters to "
                "security.",
            },
            bases=["Model"],
        ),
    ]
