"""The table of mails: one row per mail that is to be sent, written with its cause."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

MAX_ADDRESS_LENGTH = 254  # characters


class Mail(Model):
    """A mail to be sent, by its kind and recipient; never its text, and never a secret.

    What it says is composed when it is sent, from the account as it is then; a link gets its token
    at that moment. `account_id` is the account that it is about, where the recipient alone does not
    say so; `subject_id` is what else it is about, such as a review. `due_at` is the earliest time
    of the next attempt; a claim moves it to the end of its lease. `tried_since` is the time from
    which the day is counted after which a mail is given up. `interrupted` counts the attempts whose
    outcome is unknown because their process died. Times are milliseconds since the epoch.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=32)
    recipient = fields.CharField(max_length=MAX_ADDRESS_LENGTH)
    language = fields.CharField(max_length=8)
    account_id: UUID | None = fields.UUIDField(null=True)
    subject_id: UUID | None = fields.UUIDField(null=True)
    due_at = fields.BigIntField(default=0)
    owner = fields.CharField(max_length=100, null=True)
    attempts = fields.IntField(default=0)
    interrupted = fields.IntField(default=0)
    reason = fields.CharField(max_length=500, null=True)
    created_at = fields.BigIntField()
    tried_since = fields.BigIntField()
    sent_at = fields.BigIntField(null=True)
    given_up_at = fields.BigIntField(null=True)

    class Meta:
        table = "mails"
        table_description = (
            "One mail to be sent: its kind and recipient. Its text is composed when it is sent."
        )
        indexes = (
            Index(fields=("due_at",), name="idx_mails_due_at"),
            Index(fields=("recipient", "kind"), name="idx_mails_recipient"),
        )
