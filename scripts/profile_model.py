"""Measure a zoo model on this machine and write its profile.

    python scripts/profile_model.py resnet18

writes ``profiles/models/resnet18.toml`` and ``.csv``. Needs the ``torch`` extra. Use a machine with
nothing else to do: other work only ever adds time, so more repeats help where that cannot be had.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cosim.errors import CosimError
from cosim.models.files import profiles_dir
from cosim.models.store import write_model_profile
from cosim.models.torch import find_entry, profile_model


def main() -> int:
    """Run the script; return its exit code."""
    options = _parse_arguments()
    try:
        profile = profile_model(
            find_entry(options.name), repeats=options.repeats, machine=options.machine
        )
        path = write_model_profile(profile, options.out)
    except CosimError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(
        f"{path}: {profile.layer_count} layers, {profile.flops.sum() / 1e9:.3f} GFLOP,"
        f" {profile.forward_s.sum() * 1e3:.3f} ms (whole model"
        f" {profile.provenance.whole_model_s * 1e3:.3f} ms)"
    )
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a zoo model and write its profile.")
    parser.add_argument("name", help="name of the model, e.g. resnet18")
    parser.add_argument("--repeats", type=int, default=400, help="times each layer is timed")
    parser.add_argument(
        "--machine", help="kind of machine, for the record, e.g. 'x86-64 2-core VM'"
    )
    parser.add_argument(
        "--out", type=Path, default=profiles_dir() / "models", help="directory to write into"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
