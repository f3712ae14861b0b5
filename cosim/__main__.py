"""``python -m cosim``: the same as the command ``cosim``."""

from cosim.cli.main import main

main()
