"""The ``cosim`` command: finds its subcommands, and turns errors into one line and an exit code."""

from __future__ import annotations

import errno
import importlib
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import click

import cosim
from cosim.errors import CosimError, CosimWarning, UnknownNameError

# Imported when asked for: `cosim --version` should not wait for pandas.
_COMMANDS: Final = MappingProxyType(
    {
        "run": "cosim.cli.run:run_command",
        "compare": "cosim.cli.compare:compare_command",
        "sweep": "cosim.cli.sweep:sweep_command",
        "replay": "cosim.cli.replay:replay_command",
        "report": "cosim.cli.report_page:report_command",
        "plot": "cosim.cli.plot:plot_command",
        "reproduce": "cosim.cli.reproduce:reproduce_command",
        "validate": "cosim.cli.validate:validate_command",
        "signalling": "cosim.cli.signalling:signalling_command",
        "objectives": "cosim.cli.objectives:objectives_command",
        "cell": "cosim.cli.cell:cell_command",
        "table1": "cosim.cli.table1:table1_command",
        "check-policy": "cosim.cli.check_policy:check_policy_command",
        "gym": "cosim.cli.gym:gym_command",
        "profile": "cosim.cli.profile:profile_command",
        "profiles": "cosim.cli.profiles:profiles_group",
        "ns3": "cosim.cli.ns3:ns3_command",
        "list": "cosim.cli.list:list_command",
        "doctor": "cosim.cli.doctor:doctor",
    }
)


class CosimGroup(click.Group):
    """Loads commands when they are needed, and reports errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            raise UnknownNameError("command", cmd_name, _COMMANDS)
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _usage_errors(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _usage_errors(ctx), _short_warnings():
                return super().invoke(ctx)
        except CosimError as error:
            click.echo(f"error: {_one_line(error)}", err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.Abort, click.exceptions.Exit, KeyboardInterrupt):
            raise
        except BrokenPipeError:
            raise  # whoever read our output has gone; click knows what to do
        except Exception as error:
            what = _machines_fault(error) or f"{_one_line(error)}; {_keep_traceback(error)}"
            click.echo(f"error: {what}", err=True)
            ctx.exit(1)


@click.group(cls=CosimGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(cosim.__version__, prog_name="cosim", message="%(prog)s %(version)s")
def main() -> None:
    """Split neural-network inference over a packet-level mmWave IAB network (ns-3).

    Start with `cosim run`.
    """


@contextmanager
def _usage_errors(ctx: click.Context) -> Iterator[None]:
    """Say in one line what is wrong with the command line; a group alone shows its help."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "cosim"
        click.echo(f"error: {_line(error.format_message())}; see `{where} --help`", err=True)
        ctx.exit(error.exit_code)


def _machines_fault(error: Exception) -> str | None:
    """What to say of an error that has its cause in the machine and not in cosim."""
    if isinstance(error, ImportError) and not (error.name or "").startswith("cosim"):
        return f"{_one_line(error)}; `cosim doctor` shows what is missing"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the output cannot be written: {error.strerror}"
    return None


@contextmanager
def _short_warnings() -> Iterator[None]:
    """One line for each of our own warnings, without the place in the code; others as ever."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", CosimWarning)
        show_as_ever = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, CosimWarning):
                click.echo(f"warning: {_line(str(message))}", err=True)
            else:
                show_as_ever(message, category, *place, **more)

        warnings.showwarning = show
        yield


def _one_line(error: Exception) -> str:
    text = str(error) if isinstance(error, CosimError) else f"{type(error).__name__}: {error}"
    return _line(text)


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _keep_traceback(error: Exception) -> str:
    """Write the traceback where it can be read later, and say where."""
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="cosim-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:
        return f"its traceback could not be kept:\n{text}"
    return f"this is a fault of cosim's own, the traceback is in {file.name}"
