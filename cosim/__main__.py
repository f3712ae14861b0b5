"""The command ``cosim``, and ``python -m cosim``."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command. Ctrl-C before it can see to that itself ends it without a traceback."""
    is_raising = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_raising:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cosim.cli.main import main as command

    if is_raising:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command()


if __name__ == "__main__":
    main()
