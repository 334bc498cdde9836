"""The table of requests that came with an `Idempotency-Key`."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class IdempotentRequest(Model):
    """A request in flight (`status` is null), or one whose answer is kept to be replayed.

    `key` and `fingerprint` are keyed hashes, so the table holds neither what clients chose as keys
    nor what they sent. `expires_at` is in milliseconds since the epoch, because SQL compares it.
    """

    key = fields.CharField(max_length=64, primary_key=True)
    fingerprint = fields.CharField(max_length=64)
    claim = fields.CharField(max_length=32)
    expires_at = fields.BigIntField()
    status = fields.IntField(null=True)
    headers = fields.TextField(null=True)
    body = fields.TextField(null=True)

    class Meta:
        table = "idempotent_requests"
        table_description = (
            "A request with an Idempotency-Key: in flight, or with the answer that a retry gets."
        )
        indexes = (Index(fields=("expires_at",), name="idx_idempotent_requests_expires_at"),)
