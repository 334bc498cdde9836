"""Exports of what is stored about a person wait, are made, and are kept for a week."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    dependencies = [("movies", "0023_audit_log")]

    operations = [
        ops.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "user",
                    fields.OneToOneField(
                        "movies.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="export",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.BigIntField()),
                ("due_at", fields.BigIntField(default=0)),
                ("owner", fields.CharField(null=True, max_length=100)),
                ("attempts", fields.IntField(default=0)),
                ("finished_at", fields.BigIntField(null=True)),
                ("failure", fields.CharField(null=True, max_length=20)),
                ("size_bytes", fields.BigIntField(null=True)),
            ],
            options={
                "table": "exports",
                "app": "movies",
                "indexes": [Index(fields=["due_at"], name="idx_exports_due_at")],
                "pk_attr": "id",
                "table_description": "One archive of what is stored about a user, requested or "
                "made.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExportChunk",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "export",
                    fields.ForeignKeyField(
                        "movies.Export",
                        source_field="export_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="chunks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("attempt", fields.IntField()),
                ("number", fields.IntField()),
                ("data", fields.BinaryField()),
            ],
            options={
                "table": "export_chunks",
                "app": "movies",
                "unique_together": (("export", "attempt", "number"),),
                "pk_attr": "id",
                "table_description": "A piece of an export's archive.",
            },
            bases=["Model"],
        ),
    ]
