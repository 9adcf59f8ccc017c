"""``python -m symcost``."""

from symcost.cli import main

main()
