"""``cosim profile``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.errors import InputError

if TYPE_CHECKING:
    from cosim.models import ModelProfile


@click.command("profile")
@click.argument("model")
@click.option(
    "--input-shape",
    "shapes",
    multiple=True,
    metavar="NxCxHxW",
    help="Shape of an input, batch first; once for each input. 1x64:int64:4096 are integers below "
    "4096.",
)
@click.option(
    "--dtype",
    metavar="NAME",
    help="Type of weights and inputs, for example float16; without it, weights keep their own.",
)
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Size of the batch.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where to run it; CUDA is timed with events.",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    metavar="N",
    help="How often each layer is timed; the shortest counts.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Threads of torch.",
)
@click.option("--backward", is_flag=True, help="Time the backward pass of each layer too.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**63 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of weights and inputs.",
)
@click.option(
    "--energy",
    is_flag=True,
    help="Energy of an inference: by zeus, RAPL or NVML where the machine has a meter, else by the "
    "power states of --energy-device; the profile says which.",
)
@click.option(
    "--energy-device",
    default="paper-ue",
    show_default=True,
    metavar="NAME",
    help="Device whose power states stand in for a meter; see `cosim list devices`.",
)
@click.option(
    "--paper",
    is_flag=True,
    help="As the paper's authors: hooks on modules, last output only; writes NAME-paper.",
)
@click.option("--name", metavar="NAME", help="Name of the profile; else the model's.")
@click.option("--machine", metavar="TEXT", help="Kind of machine, for the record.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, writable=True),
    default=Path(),
    metavar="DIR",
    help="Directory to write into. Default: the working directory.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def profile_command(
    model: str,
    name: str | None,
    out: Path,
    paper: bool,
    energy: bool,
    energy_device: str,
    as_json: bool,
    **how: Any,
) -> None:
    """Measure MODEL on this machine, and write its profile: NAME.toml and NAME.csv.

    MODEL is a name of the zoo (vgg11, resnet18, resnet50, resnet152, mobilenet_v2, rcnn, rnn,
    qmix-agent, qmix-mixer, transformer) or module:callable, where the callable returns a
    torch.nn.Module. `cosim run --model DIR/NAME.toml` uses the profile.
    """
    require_torch("cosim profile")
    if paper and (how["device"] != "cpu" or how["backward"] or energy):
        raise InputError(
            "--paper times the forward pass on the CPU, and nothing else",
            hint="leave out --device cuda, --backward and --energy",
        )
    from dataclasses import replace

    from cosim.cli.output import print_json
    from cosim.models import load_device_profile
    from cosim.models.store import write_model_profile
    from cosim.models.torch.profiler import Measurement, profile_as_paper, profile_model
    from cosim.models.torch.resolve import resolve_model

    entry = resolve_model(
        model, shapes=how.pop("shapes"), dtype=how.pop("dtype"), batch=how.pop("batch")
    )
    if name is not None:
        entry = replace(entry, name=_file_name(name))
    if energy:
        load_device_profile(energy_device)  # before all the measuring, not after it
    make_directory(out)
    measurement = Measurement(**how, energy_device=energy_device if energy else None)
    with rounds_bar(f"measuring {entry.name}") as on_round:
        profile = (
            profile_as_paper(entry, measurement)
            if paper
            else profile_model(entry, measurement, on_round)
        )
    path = write_model_profile(profile, out)
    warn_of_atomic(profile)
    if as_json:
        print_json(_summary(profile, path))
    else:
        _print_summary(profile, path)


def _file_name(name: str) -> str:
    """The name, which that of the profile's files is made of."""
    if not name or Path(name).name != name or not name.isprintable():
        raise InputError(f"--name {name!r}: files cannot be called that", hint="leave out '/'")
    return name


def require_torch(what: str) -> None:
    """Refuse what cannot be done without the torch extra."""
    if importlib.util.find_spec("torch") is None:
        raise InputError(
            f"{what} needs torch, which is not installed",
            hint="`make torch`, or pip install 'hivemind-cosim[torch]'",
        )


def make_directory(path: Path) -> None:
    """Make a directory to write into, if it is not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be made: {error.strerror}") from error


def warn_of_atomic(profile: ModelProfile) -> None:
    """Name on stderr the parts that could not be traced."""
    for part in profile.provenance.atomic:
        click.echo(f"warning: {part}; it is one layer, which cannot be cut", err=True)


@contextmanager
def rounds_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for rounds of measuring, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _summary(profile: ModelProfile, path: Path) -> dict[str, Any]:
    backward = profile.backward_s
    return {
        "name": profile.name,
        "path": str(path),
        "layers": profile.layer_count,
        "flops": int(profile.flops.sum()),
        "param_bytes": int(profile.param_bytes.sum()),
        "forward_s": float(profile.forward_s.sum()),
        "whole_model_s": profile.provenance.whole_model_s,
        "whole_model_spread": profile.provenance.whole_model_spread,
        "backward_s": None if backward is None else float(backward.sum()),
        "energy": profile.provenance.energy,
        "atomic": list(profile.provenance.atomic),
        "sha256": profile.digest,
    }


def _print_summary(profile: ModelProfile, path: Path) -> None:
    summary = _summary(profile, path)
    backward, energy = summary["backward_s"], profile.provenance.energy
    click.echo(
        f"{profile.name}: {profile.layer_count} layers, {summary['flops'] / 1e9:.3f} GFLOP, "
        f"{summary['param_bytes'] / 1e6:.2f} MB of parameters\n"
        f"forward {summary['forward_s'] * 1e3:.3f} ms layer by layer, "
        f"{summary['whole_model_s'] * 1e3:.3f} ms at once (median "
        f"{summary['whole_model_spread']:.0%} more)"
        + ("" if backward is None else f", backward {backward * 1e3:.3f} ms")
        + ("" if energy is None else f"\nenergy {energy.forward_j:.4g} J, {energy.meter}")
        + f"\nProfile: {path}"
    )
