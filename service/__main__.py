"""`python -m service` is `movies`."""

from service.cli import main

main()
