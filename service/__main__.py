"""`python -m service` is `movies`."""

from service.cli.main import main

main()
