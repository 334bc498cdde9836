"""How long the service waits for each part, how often it asks again, and when it stops asking.

They stand together because they are one decision: an answer has ten seconds, so whatever is on its
way must give up sooner, and the parts that only save time must give up in an instant. Times are in
seconds unless the name says otherwise; `docs/reliability.md` lists all of them, and a test holds
the two against each other.
"""

# A request as a whole
REQUEST_TIMEOUT = 10  # every part below has a shorter one, so this is for bugs
DATABASE_RETRY_AFTER = 2.0  # told to clients; a restarting PostgreSQL is back within some seconds

# The database
SQLITE_BUSY_TIMEOUT_MS = (
    5_000  # for another writer's lock; the longest transaction takes some tenths
)
POSTGRES_CONNECT_TIMEOUT = (
    5  # a server that is restarting refuses at once; this is for one that is frozen
)
POSTGRES_STATEMENT_TIMEOUT = 3  # a frozen server costs an error then, not a hung request
POSTGRES_POOL_SIZE = 10  # connections a process; four workers stay below PostgreSQL's hundred
POSTGRES_POOL_TIMEOUT = 2.0  # for a free one of them, connecting included; then the client is told
POSTGRES_IDLE_TIMEOUT_MS = (
    5_000  # that a transaction may do nothing: a frozen process holds locks no longer
)
INSERT_LOCK_TIMEOUT = (
    5.0  # for one's turn to add a film: the statement that one waits for, and some more
)
MAX_CONCURRENT_INSERTS = (
    4  # who add films at once in a process; the rest of the pool is for everything else
)
MAX_CONFLICT_RETRIES = (
    3  # of a transaction that lost to another: a deadlock, a serialization failure
)
CONFLICT_INITIAL_BACKOFF = 0.05  # before the first of them, jittered by half; doubles with each
DATABASE_SEARCH_TIMEOUT = 1.0  # for a search that the database answers while the engine is away
DATABASE_SEARCH_CONCURRENCY_SQLITE = (
    1  # such searches at once: one connection does one thing after the other
)
DATABASE_SEARCH_CONCURRENCY_POSTGRES = 2  # the rest of the pool is for everything else
MIGRATION_LOCK_TIMEOUT = 60  # for another migrator

# Elasticsearch
SEARCH_TIMEOUT = 1.0  # for a whole search, asked once: retries keep a cluster in trouble there
SEARCH_BREAKER_THRESHOLD = (
    2  # in a row until the engine is left alone; one may be a single heavy query
)
SEARCH_BREAKER_RESET = (
    2.0  # without asking it; one that hangs costs its deadline once, not each time
)
READ_YOUR_WRITES_TIMEOUT = 2.0  # that a search with `after=` waits; an indexer takes a tenth of one
ELASTICSEARCH_CONNECTIONS = 20  # to each node
INVENTORY_TIMEOUT = 10.0  # for one page of the comparison; nobody waits for it
GOLDEN_QUERY_TIMEOUT = 10.0  # for a trial of an index before it goes live
BULK_TIMEOUT = 30.0  # for one bulk, its refresh included

# Redis
CACHE_TIMEOUT = 0.05  # for one call: Redis only saves time, so waiting for it would be absurd
CACHE_BREAKER_RESET = 1.0  # without asking, after a call that failed
CACHE_CONNECTIONS = 8  # more make the pool's lock the bottleneck: p99 was 1 ms at 8, 30 ms at 32

# S3
S3_CONNECT_TIMEOUT = 2.0  # a store in the same network answers in milliseconds
S3_READ_TIMEOUT = 3.0  # between two pieces of an answer
S3_CALL_TIMEOUT = 6.0  # for one call with its retry; a client of ours waits for it
MAX_CONCURRENT_S3_CALLS = 16  # at the same time; each picture is some 50 kB

# OMDb
OMDB_TIMEOUT = 3.0  # for one question with its retries; a person is waiting
OMDB_CONNECT_TIMEOUT = 1.0  # an address that does not answer leaves time for another try
OMDB_MAX_ATTEMPTS = 3  # of a question that is safe to repeat
OMDB_INITIAL_BACKOFF = 0.1  # before the first retry at most; the second waits up to twice that
OMDB_BREAKER_THRESHOLD = (
    5  # in a row until nobody asks; fewer would shut out a server for a bad moment
)
OMDB_BREAKER_RESET = 30.0  # until one call may find out whether the server is back
OMDB_KEY_REJECTED_RESET = 300.0  # a new key is refused until the mail that activates it was read

# Hosts of posters
POSTER_FETCH_TIMEOUT = 10.0  # for all hops together; one that takes longer holds up the others

# The indexer
OUTBOX_POLL_INTERVAL = 1.0  # between two looks at the outbox; a lost nudge costs at most this
INDEX_INITIAL_BACKOFF_MS = 500  # before the second try of a bulk; doubles with each, jittered
INDEX_MAX_BACKOFF_MS = 15_000  # between two tries: half of what healing may take
OUTBOX_LEASE_MS = 30_000  # far longer than a bulk takes, short enough to wait out a death
NOTIFY_RECONNECT_INTERVAL = 5.0  # between attempts to listen again; polling serves meanwhile

# Health
HEALTH_CHECK_TIMEOUT = 2.0  # for one part; all are asked at once
