"""The command `toolkit`: its verbs, and how every error becomes one line and an exit code.

Nothing heavy is imported here; each verb imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from toolkit import __version__
from toolkit.cli import console, doctor, evaluate, fine_tune, predict, recipes, trials
from toolkit.errors import Fault, RecipeError, ResourceError, ToolkitError
from toolkit.interrupt import Interrupted

app = typer.Typer(
    name="toolkit",
    help="Transfer learning with pretrained Transformers: fine-tune from a recipe, evaluate honestly, predict.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("fine-tune")(fine_tune.fine_tune)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("doctor")(doctor.doctor)
app.add_typer(recipes.app, name="recipes")
app.add_typer(trials.app, name="trials")

# typer carries its own copy of click, whose exceptions it does not export under a public name.
_UsageError = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_RESOURCE_ERRORS = frozenset(
    {
        errno.ENOSPC,
        errno.EFBIG,
        errno.EDQUOT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENAMETOOLONG,
        errno.EMFILE,
    }
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"transfer-toolkit {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; works behind any verb too.")] = False,
) -> None:
    """Options of every verb; `main` has read ``--debug`` before."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code (DESIGN.md 4.1)."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: list[str]) -> int:
    """Run a command line and give back its exit code."""
    debug = "--debug" in arguments
    as_json = "--json" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    console.prepare(as_json=as_json, debug=debug)
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = app(arguments, prog_name="toolkit", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt, Interrupted) as error:
        if debug:
            traceback.print_exc()
        code, faults = _explain(error)
        console.report_faults(faults, code=code, as_json=as_json)
    return code if isinstance(code, int) else 0


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    raise Interrupted(signal_number)


def _explain(error: BaseException) -> tuple[int, Sequence[Fault]]:
    """Exit code and faults of whatever ended the command."""
    if isinstance(error, ToolkitError):
        return error.exit_code, error.faults
    if isinstance(error, Interrupted):
        return error.exit_code, [Fault(str(error))]
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return 130, [Fault("interrupted")]
    if isinstance(error, _UsageError):
        return RecipeError.exit_code, [Fault(f"{error.format_message().rstrip('.')}; see toolkit --help")]  # type: ignore[attr-defined]
    if isinstance(error, MemoryError) or "out of memory" in str(error):
        return ResourceError.exit_code, [
            Fault("out of memory; lower training.per_device_train_batch_size and raise gradient_accumulation_steps")
        ]
    if isinstance(error, OSError) and error.errno in _RESOURCE_ERRORS:
        return ResourceError.exit_code, [Fault(error.strerror or str(error), where=error.filename)]
    return 1, [Fault(f"internal error: {type(error).__name__}: {error}; please report it with the output of --debug")]


if __name__ == "__main__":
    main()
