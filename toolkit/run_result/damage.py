"""Damage of a run's files that only shows when their content is put into words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.errors import IntegrityError, ToolkitError
from toolkit.shortage import is_full_disk, is_out_of_memory


@contextmanager
def content_of(file: Path) -> Iterator[None]:
    """Tell an error of the block, which shows what a file of a run holds, as damage of that file.

    What a task writes about its rows is known to its room alone. The room reads it only to show it, and has shown the
    same values without an error when the run was made.

    Args:
        file: such as ``metrics.json``.

    Raises:
        IntegrityError: the content cannot be shown.
    """
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        if is_full_disk(error) or is_out_of_memory(error):
            raise
        found = f"{type(error).__name__}: {str(error).strip().split(chr(10))[0][:120]}"
        raise IntegrityError(
            f"damaged: its content cannot be shown ({found}); fine-tune again with --restart",
            where=str(file),
        ) from error
