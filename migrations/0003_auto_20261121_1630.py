from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('movies', '0002_open_outbox')]

    initial = False

    operations = [
        ops.RemoveField(model_name='IndexState', name='id'),
        ops.AddField(
            model_name='IndexState',
            name='id',
            field=fields.IntField(primary_key=True, unique=True, db_index=True),
        ),
        ops.AddIndex(
            model_name='IndexState',
            index=Index(fields=['id']),
        ),
    ]
