"""An attacker in a process of its own: sends one request after the other until it is ended.

    python -m benches.attacker URL < attack.json

The attack has `method`, `path` and `body`; each `@N` in the path becomes another number for each
request, so that none is answered from the cache. Replies are read and not parsed, since this
process must not take more of the machine than sending requests does. Their statuses are printed.
"""

import http.client
import itertools
import json
import sys
from contextlib import suppress
from urllib.parse import urlsplit

MAX_NUMBER = 900  # of a request; it may be an offset


def main() -> None:
    """Read the attack from the standard input and send it for ever."""
    address, attack = urlsplit(sys.argv[1]), json.load(sys.stdin)
    body = None if attack["body"] is None else json.dumps(attack["body"])
    for number in itertools.count():
        path = attack["path"].replace("@N", str(number % MAX_NUMBER))
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        with suppress(OSError, http.client.HTTPException):
            connection.request(attack["method"], path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            print(response.status, flush=True)
        connection.close()


if __name__ == "__main__":
    main()
