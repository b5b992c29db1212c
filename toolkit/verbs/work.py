"""What surrounds the work of a verb in a Python program: progress bars, and errors that are the command line's."""

from __future__ import annotations

import logging
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.interrupt import Interrupted
from toolkit.progress import Bar, draw_with, logger
from toolkit.shortage import shortage_of


@contextmanager
def working() -> Iterator[None]:
    """Show progress within a block or a function, and word what goes wrong.

    Bars are those of ``tqdm.auto``: of the notebook in a notebook, on stderr in a terminal, none elsewhere.

    Raises:
        ToolkitError: what the command line would say; too little disk or memory among it.
        KeyboardInterrupt: after a checkpoint, if the kernel or Ctrl-C asked for it; the same call goes on.
    """
    before = draw_with(_draw)
    try:
        with _lines_above_bars():
            yield
    except ToolkitError:
        raise
    except Interrupted as stop:
        if stop.exit_code != 128 + signal.SIGINT:
            raise
        raise KeyboardInterrupt("interrupted; the same call goes on where it was") from None
    except Exception as error:
        short = shortage_of(error)
        if short is None:
            raise
        raise short from error
    finally:
        draw_with(before)


@contextmanager
def _draw(description: str, total: int, *, start: int = 0) -> Iterator[Bar]:
    bars = _bars()
    shown: dict[str, Any] = {} if _in_notebook() or _on_terminal() else {"disable": True}
    with bars(desc=description, total=total, initial=start, leave=False, **shown) as bar:
        yield _TqdmBar(bar)


class _TqdmBar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def advance(self, steps: int = 1, *, note: str = "") -> None:
        """Advance, and show a short note."""
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(steps)


def _bars() -> Any:
    """Return the class of the bars that fit where the program runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without ipywidgets gets the plain bar, without a remark
        from tqdm.auto import tqdm
    return tqdm


def _in_notebook() -> bool:
    """Return whether a kernel runs the program."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _lines_above_bars() -> AbstractContextManager[Any]:
    """Write messages above the bars, unless the program has its own handlers of messages."""
    if logging.getLogger("toolkit").hasHandlers():
        return nullcontext()
    from tqdm.contrib.logging import logging_redirect_tqdm

    redirected: AbstractContextManager[Any] = logging_redirect_tqdm([logger])
    return redirected
