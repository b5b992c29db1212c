"""The command `toolkit`: its verbs, and the line and the exit code of every error.

Nothing heavy is imported here; each verb imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import errno
import gc
import inspect
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Any

import typer

from toolkit import __version__
from toolkit.cli import (
    cache,
    choose,
    compare,
    console,
    doctor,
    evaluate,
    export,
    extract,
    fine_tune,
    predict,
    push,
    recipes,
    report,
    reproduce,
    trials,
    verify,
    zero_shot,
)
from toolkit.cli.asked_language import settle_language
from toolkit.cli.first_word import announce_loading
from toolkit.cli.verbs import Verbs, as_written, start_lines
from toolkit.errors import Fault, RecipeError, ResourceError, ToolkitError
from toolkit.interrupt import Interrupted
from toolkit.shortage import shortage_of

app = typer.Typer(
    name="toolkit",
    help="Transfer learning with pretrained Transformers: choose, fine-tune from a recipe, evaluate honestly, publish.",
    epilog=console.example("toolkit fine-tune movie-sentiment", "toolkit recipes list"),
    cls=Verbs,
    context_settings={"token_normalize_func": as_written},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("choose", epilog=choose.EXAMPLE)(choose.choose)
app.command("fine-tune", epilog=fine_tune.EXAMPLE)(fine_tune.fine_tune)
app.command("evaluate", epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command("compare", epilog=compare.EXAMPLE)(compare.compare)
app.command("report", epilog=report.EXAMPLE)(report.report)
app.command("predict", epilog=predict.EXAMPLE)(predict.predict)
app.command("extract", epilog=extract.EXAMPLE)(extract.extract)
app.command("zero-shot", epilog=zero_shot.EXAMPLE)(zero_shot.zero_shot)
app.command("export", epilog=export.EXAMPLE)(export.export)
app.command("push", epilog=push.EXAMPLE)(push.push)
app.command("verify", epilog=verify.EXAMPLE)(verify.verify)
app.command("reproduce", epilog=reproduce.EXAMPLE)(reproduce.reproduce)
app.command("doctor", epilog=doctor.EXAMPLE)(doctor.doctor)
app.add_typer(recipes.app, name="recipes")
app.add_typer(trials.app, name="trials")
app.add_typer(cache.app, name="cache")

# typer carries its own copy of click, whose exceptions it does not export under a public name.
_UsageError = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_INTERRUPTED = 130
_COMPLETING = "_TOOLKIT_COMPLETE"
"""Where a shell that asks for completions says so, by the custom of click."""

_RESOURCE_ERRORS = frozenset(
    {
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
    wide: Annotated[
        bool, typer.Option("--wide", help="Show tables whole, however wide; works behind any verb too.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; works behind any verb too.")] = False,
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            help="Answer in English (en) or Korean (ko); works behind any verb too. By default as TOOLKIT_LANG or the "
            "system's LANG says.",
        ),
    ] = None,
) -> None:
    """Accept the options of every verb; `run` has read them already."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code (docs/design.md, section 4.1)."""
    signal.signal(signal.SIGTERM, _stop)
    code = run(sys.argv[1:] if arguments is None else list(arguments))
    gc.freeze()  # else the interpreter looks through all objects of the libraries for cycles, more than a second
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; ``toolkit`` alone shows the verbs to start with."""
    debug = "--debug" in arguments
    as_json = "--json" in arguments
    console.prepare(as_json=as_json, debug=debug, wide="--wide" in arguments)
    announce_loading()
    rest = [argument for argument in arguments if argument not in ("--debug", "--wide")]
    code = 0
    try:
        code = _carry_out(rest, debug=debug, as_json=as_json)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        code = 0
        _drop_results()
    except OSError as error:  # nothing more can be written to stdout, not even with --json
        _drop_results()
        if not code:  # else another fault is told already
            code, faults = _explain(error)
            console.report_faults(faults, code=code, as_json=False)
    return code


def _drop_results() -> None:
    """Send what is left for stdout nowhere: Python would fail once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _carry_out(arguments: list[str], *, debug: bool, as_json: bool) -> int:
    try:
        _require_text(arguments)
        arguments = settle_language(arguments, verbs=_with_a_language())
        if not arguments and _COMPLETING not in os.environ:
            console.print_lines(start_lines(typer.main.get_group(app)))
            return 0
        code = app(arguments, prog_name="toolkit", standalone_mode=False)
        if code == _INTERRUPTED:  # typer turns Ctrl-C into this code without a message
            raise KeyboardInterrupt
    except BrokenPipeError:
        raise
    except SystemExit as end:  # typer's own answer to a closed pipe
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise
    except BaseException as error:  # also a panic of Rust, which is no `Exception`
        if debug:
            traceback.print_exc()
        code, faults = _explain(error)
        console.report_faults(faults, code=code, as_json=as_json)
    return code if isinstance(code, int) else 0


def _with_a_language() -> set[str]:
    """Return the verbs that have an option for a language of their own."""
    verbs = ((str(info.name), info.callback) for info in app.registered_commands)
    return {name for name, carry_out in verbs if carry_out and "language" in inspect.signature(carry_out).parameters}


def _require_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8, which could be neither shown nor written into a recipe or a result."""
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise RecipeError(f"{argument!r} is not valid UTF-8; write it in UTF-8, or rename the file") from None


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    raise Interrupted(signal_number)


def _explain(error: BaseException) -> tuple[int, Sequence[Fault]]:
    """Return the exit code and the faults of the error that ended the command."""
    if isinstance(error, Interrupted):
        return error.exit_code, [Fault(str(error))]
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return _INTERRUPTED, [Fault("interrupted")]
    if (short := shortage_of(error)) is not None:
        return short.exit_code, short.faults
    if isinstance(error, ToolkitError):
        return error.exit_code, error.faults
    if isinstance(error, _UsageError):
        return RecipeError.exit_code, [_usage_fault(error)]
    if isinstance(error, OSError) and error.errno in _RESOURCE_ERRORS:
        return ResourceError.exit_code, [Fault(error.strerror or str(error), where=error.filename)]
    return 1, [Fault(f"internal error: {type(error).__name__}: {error}; please report it with the output of --debug")]


def _usage_fault(error: Any) -> Fault:
    """Turn an error of the command line's parser into one line that ends with the verb's help."""
    verb = error.ctx.command_path if getattr(error, "ctx", None) is not None else "toolkit"
    message = " ".join(error.format_message().split()).rstrip(".") + _as_a_setting(error)
    return Fault(f"{message}{' ' if message.endswith('?') else '; '}see {verb} --help")


def _as_a_setting(error: Any) -> str:
    """Return how a setting of a recipe is written that was given as an option; nothing for other errors."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or getattr(error, "possibilities", None) or context is None:
        return ""
    if not any(parameter.name == "overrides" for parameter in context.command.params):
        return ""
    from toolkit.recipe import json_schema
    from toolkit.recipe.other_names import homes_of

    homes = homes_of(option.lstrip("-").replace("-", "_"), json_schema())
    example = f"{homes[0]}=VALUE" if homes else "training.num_train_epochs=1"
    return f"; settings of a recipe follow its name without dashes: {example}"


if __name__ == "__main__":
    main()
