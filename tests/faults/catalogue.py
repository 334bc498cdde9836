"""Every fault that a test causes: its slug, its name, and what the service must do.

`@pytest.mark.fault("redis-down")` names a fault by its slug. The tables in docs/fault-report.md
list the faults in this order.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault's name, and the behaviour that its tests check."""

    name: str
    expected: str


FAULTS = {
    "elasticsearch-down-at-start": Fault(
        "Elasticsearch down at the start",
        "The service starts degraded: the database answers searches, changes wait in the outbox. "
        "It recovers without a restart.",
    ),
    "elasticsearch-down": Fault(
        "Elasticsearch down while films are written",
        "Searches are answered by the database and marked degraded. Nothing is lost; the index "
        "catches up after the outage.",
    ),
    "elasticsearch-slow": Fault(
        "Elasticsearch slow (5 s)",
        "A search gives up after its timeout, the circuit breaker opens, the database answers.",
    ),
    "bulk-429": Fault(
        "429 on bulk items",
        "Only the rejected items are sent again, with backoff; their documents stay claimed.",
    ),
    "elasticsearch-read-only": Fault(
        "Elasticsearch's read-only block",
        "Changes wait with the reason, searches go on. Indexing resumes when the block is lifted.",
    ),
    "document-rejected": Fault(
        "a document rejected for good",
        "The row is quarantined with the engine's reason; the rest of the batch is indexed.",
    ),
    "indexer-killed": Fault(
        "the indexer killed at any step of its loop",
        "Its lease expires, another indexer takes over, nothing takes effect twice.",
    ),
    "load-killed": Fault(
        "`movies load` killed while it writes",
        "What is stored waits for the index, film by film. The same load, run again, adds the rest "
        "and nothing twice, and what people changed meanwhile stays.",
    ),
    "mail-worker-killed": Fault(
        "the indexer killed at any step of sending a mail",
        "The mail arrives, at most twice; after a second death it is given up, with the reason.",
    ),
    "export-worker-killed": Fault(
        "the indexer killed at any step of an export",
        "Another indexer makes the export; only a whole archive is shown, and no piece of another "
        "attempt stays. After three deaths it has failed, with the reason.",
    ),
    "deletion-killed": Fault(
        "a process killed at any step of the deletion of an account",
        "All of a step has happened, or nothing. What is due is erased by the next run, once.",
    ),
    "indexer-killed-in-rebuild": Fault(
        "the indexer killed in a rebuild",
        "The rebuild goes on from its last step or is cancelled. The live index stays as it is.",
    ),
    "concurrent-rebuilds": Fault(
        "two rebuilds at once",
        "One runs; the other request gets 409 with a link to the running job.",
    ),
    "changes-during-rebuild": Fault(
        "changes and deletions during a rebuild",
        "The new index has them when it goes live; no deleted film comes back.",
    ),
    "swap-response-lost": Fault(
        "the response to the swap is lost",
        "The alias is read again and decides; the swap happens once.",
    ),
    "new-index-incomplete": Fault(
        "the new index is incomplete",
        "Verification fails and the live index stays.",
    ),
    "alias-replaced": Fault(
        "a bare index, or none, in place of the alias",
        "The database answers; the next rebuild restores the alias.",
    ),
    "events-out-of-order": Fault(
        "events late, twice or out of order",
        "The index ends with what the database holds; an older version counts as done.",
    ),
    "late-write-after-delete": Fault(
        "an older write after Elasticsearch forgot the delete",
        "A tombstone keeps the film deleted.",
    ),
    "partial-search-response": Fault(
        "a partial search response",
        "The response says that results are missing, its total is a lower bound, and it is not "
        "cached.",
    ),
    "orphaned-document": Fault(
        "a row deleted outside the service",
        "The hit is left out of the response and its document is removed; never a 500.",
    ),
    "elasticsearch-credentials-wrong": Fault(
        "password or certificate wrong",
        "The log names the cause, retries are rare, and the service is ready but degraded.",
    ),
    "elasticsearch-version-mismatch": Fault(
        "a server of another major version",
        "The indexer and the doctor name both versions.",
    ),
    "postgres-connections-lost": Fault(
        "PostgreSQL ends all connections, transactions in use",
        "503 with `Retry-After` while it lasts; the pool recovers without a restart.",
    ),
    "commit-response-lost": Fault(
        "the response to a commit is lost",
        "503; the second attempt finds the film that the first one added.",
    ),
    "postgres-pool-exhausted": Fault(
        "PostgreSQL's pool exhausted",
        "A bounded wait, then 503; films are still shown and found.",
    ),
    "transaction-conflict": Fault(
        "deadlock, serialization failure, two writers",
        "The transaction is repeated a few times with backoff, then 503.",
    ),
    "outbox-backlog": Fault(
        "a long outbox with poison rows",
        "It drains in batches, poison rows are quarantined, old rows are purged.",
    ),
    "redis-down": Fault(
        "Redis down, slow or frozen",
        "Everything works without the cache; login, logout and revocation stay correct.",
    ),
    "cache-stampede": Fault(
        "many requests for a key that is not cached",
        "One request per process computes the response, the others wait for it.",
    ),
    "cache-garbage": Fault(
        "garbage in the cache",
        "It counts as a miss and is replaced.",
    ),
    "redis-flushed": Fault(
        "Redis emptied",
        "Sessions and films stay: the cache holds nothing that exists only there.",
    ),
    "stale-cache-write": Fault(
        "a response computed before a change is cached after it",
        "It is not served after the change: the key holds the generation.",
    ),
    "s3-down": Fault(
        "S3 busy, broken or frozen",
        "Posters stay pending with backoff; their films are served.",
    ),
    "bucket-missing": Fault(
        "bucket missing or forbidden",
        "One error in the log, few calls; posters stay pending.",
    ),
    "crash-between-store-and-database": Fault(
        "a crash between poster store and database",
        "The poster is stored again under the same key; a sweep removes what no film shows.",
    ),
    "poster-missing": Fault(
        "a poster does not exist",
        "The poster counts as missing with its reason and is checked again rarely.",
    ),
    "poster-not-an-image": Fault(
        "no image, or a truncated one",
        "Decoding decides, not the declared type; the poster is rejected for good.",
    ),
    "poster-body-too-large": Fault(
        "huge, endless or slow bodies",
        "Size and time are limited while the body arrives, also after decompression.",
    ),
    "poster-address-private": Fault(
        "a poster address that is not public",
        "Every address of the host is checked at every redirect; the fetch is rejected.",
    ),
    "omdb-quota-spent": Fault(
        "OMDb's quota is spent",
        "OMDb is not called until the reset; what is in the catalogue is served.",
    ),
    "omdb-key-rejected": Fault(
        "OMDb rejects the key",
        "One message for the operator, no retry; the service is ready but degraded.",
    ),
    "omdb-error-with-200": Fault(
        "OMDb's errors with status 200",
        "Each message is mapped to its own error.",
    ),
    "omdb-down": Fault(
        "OMDb down, slow or sending garbage",
        "A few attempts within one timeout, then the circuit breaker; the catalogue is served.",
    ),
    "concurrent-lookups": Fault(
        "a new title requested a hundred times at once",
        "One call to OMDb, one film, one poster, over all processes.",
    ),
    "sigterm-under-load": Fault(
        "SIGTERM under load",
        "Not ready at once, responses for all requests in flight, no connection broken.",
    ),
    "process-killed-or-frozen": Fault(
        "a process killed, frozen or blocked",
        "The supervisor replaces it; a blocked loop shows in the metrics.",
    ),
}
