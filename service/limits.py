"""The timeouts, retries, concurrency limits and circuit breakers that depend on each other.

A response has ten seconds, so every wait on its way must be shorter, and parts that only save time
must give up at once. A limit that concerns one module is a constant there, near its use, and mostly
the default of a constructor argument. Times are in seconds unless the name ends in `_MS`.
`docs/reference/limits.md` is generated from this file.
"""

# A whole request
REQUEST_TIMEOUT = 10  # for a response; every wait on its way is shorter, background work has others
DATABASE_RETRY_AFTER = 2.0  # sent to clients; a restarting PostgreSQL is back within seconds

HEAD_TIMEOUT = 20  # for the whole head of a request, of 16 kB at most
BODY_TIMEOUT = 25  # for a whole body of 256 kB at most: about 10 kB a second
MIN_TRANSFER_RATE = 10_000  # bytes a second, of a body read in pieces, and of every response
TRANSFER_RATE_WINDOW = 10.0  # over which that rate is averaged
MAX_CONNECTIONS_PER_NETWORK = 200  # per process, of an IPv4 address or IPv6 /64; browsers open six

# The database
SQLITE_BUSY_TIMEOUT_MS = 5_000  # for another writer's lock; the longest transaction takes ~0.5 s
POSTGRES_CONNECT_TIMEOUT = 5  # for a frozen server; one that is restarting refuses at once
POSTGRES_STATEMENT_TIMEOUT = 3  # a frozen server then costs an error, not a hung request
POSTGRES_POOL_SIZE = 10  # connections per process; four workers stay below PostgreSQL's 100
POSTGRES_POOL_TIMEOUT = 2.0  # for a free connection, connecting included; then the client gets 503
POSTGRES_IDLE_TIMEOUT_MS = 5_000  # of an open transaction: a frozen process keeps locks no longer
INSERT_LOCK_TIMEOUT = 5.0  # for the insert lock: one statement timeout plus slack
MAX_CONCURRENT_INSERTS = 4  # per process; the rest of the pool is for everything else
MAX_CONFLICT_RETRIES = 3  # of a transaction that lost a deadlock or could not be serialized
CONFLICT_INITIAL_BACKOFF = 0.05  # before the first of them, jittered by half; doubles with each
DATABASE_SEARCH_TIMEOUT = 1.0  # for a search in the database while the engine is unavailable
DATABASE_SEARCH_CONCURRENCY_SQLITE = 1  # such searches at once; there is one connection anyway
DATABASE_SEARCH_CONCURRENCY_POSTGRES = 2  # the rest of the pool is for everything else

# Elasticsearch
SEARCH_TIMEOUT = 1.0  # for a whole search, without retries: they would load a cluster in trouble
SEARCH_BREAKER_THRESHOLD = 2  # consecutive failures; a single one may be one heavy query
SEARCH_BREAKER_RESET = 2.0  # so an engine that hangs costs its timeout once, not at every search
READ_YOUR_WRITES_TIMEOUT = 2.0  # of a search with `after=`; indexing a change takes about 0.1 s
ELASTICSEARCH_CONNECTIONS = 20  # to each node
INVENTORY_TIMEOUT = 10.0  # for one page of the comparison; no client waits for it
GOLDEN_QUERY_TIMEOUT = 10.0  # for one golden query, before an index goes live
BULK_TIMEOUT = 30.0  # for one bulk request, its refresh included

# Redis
CACHE_TIMEOUT = 0.05  # for one call; Redis only saves time, so waiting for it would be absurd
CACHE_BREAKER_RESET = 1.0  # the breaker opens at the first failure
CACHE_CONNECTIONS = 8  # more make the pool's lock the bottleneck: p99 was 1 ms at 8, 30 ms at 32

# Live events
LIVE_TIMEOUT = 2.0  # for one call of Redis; no client waits for it but one that joins a room
LIVE_RECONNECT_INTERVAL = 0.5  # between attempts to subscribe again; rooms then catch up
LIVE_CONNECTIONS = 4  # to Redis, beside the one that listens
MAX_SOCKET_MESSAGE_BYTES = 4_096  # of a client; a longer message closes the socket
SOCKET_PING_INTERVAL = 30.0  # proxies close what is silent for a minute
SOCKET_PING_TIMEOUT = 20.0  # for the answer to a ping; then the client is gone
SOCKET_CLOSE_TIMEOUT = 5.0  # for a client to answer that a socket is closed

# S3
S3_CONNECT_TIMEOUT = 2.0  # a store in the same network answers in milliseconds
S3_READ_TIMEOUT = 3.0  # between two chunks of a response
S3_CALL_TIMEOUT = 6.0  # for one call with its retry; a client waits for it
MAX_CONCURRENT_S3_CALLS = 16  # a poster is about 50 kB

# OMDb
OMDB_TIMEOUT = 3.0  # for one call with its retries; a client waits for it
OMDB_CONNECT_TIMEOUT = 1.0  # an address that does not answer leaves time for another attempt
OMDB_MAX_ATTEMPTS = 3  # of a call that is safe to repeat
OMDB_INITIAL_BACKOFF = 0.1  # at most, before the first retry; up to twice that before the second
OMDB_BREAKER_THRESHOLD = 5  # consecutive failures; fewer would open it for one bad moment
OMDB_BREAKER_RESET = 30.0  # until one call probes whether the server is back
OMDB_KEY_REJECTED_RESET = 300.0  # a new key is rejected until its owner opens the activation mail

# Poster hosts
POSTER_FETCH_TIMEOUT = 10.0  # for all redirects together; a slower host would delay the others

# The mail server
SMTP_COMMAND_TIMEOUT = 20.0  # for one answer of the server; some delay their greeting on purpose
SMTP_TIMEOUT = 60.0  # for one mail; a server that scans it answers last after tens of seconds

# The indexer
OUTBOX_POLL_INTERVAL = 1.0  # the maximum delay that a lost notification causes
OUTBOX_LEASE_MS = 30_000  # far longer than a bulk takes; after a crash, rows wait this long
NOTIFY_RECONNECT_INTERVAL = 5.0  # between attempts to listen again; polling bridges the gap

# Health
HEALTH_CHECK_TIMEOUT = 2.0  # for one part; all are checked concurrently
