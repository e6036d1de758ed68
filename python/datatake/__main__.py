"""`python -m datatake` is the command `datatake`."""

from ._program import main

main()
