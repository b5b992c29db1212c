"""Answers of a baseline to some data, kept: the same rows are asked again with every trial."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable

import numpy as np

from toolkit.cache import cache_folder
from toolkit.errors import ResourceError
from toolkit.evaluation.baselines.classes import Baseline
from toolkit.files import replacing

_VERSION = 1  # another number where the same rows would give other answers


def kept_baseline(key: str, make: Callable[[], Baseline]) -> Baseline:
    """A baseline's answers from the cache folder, or made and put there.

    Args:
        key: tells rows, splits and problem apart, as part of a file name.
        make: fits the baseline and answers.
    """
    path = cache_folder() / "baselines" / f"{key}-v{_VERSION}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), np.load(path) as kept:
        note = str(kept["note"])
        return Baseline(str(kept["name"]), kept["predictions"], float(kept["seconds"]), note or None)
    made = make()
    with contextlib.suppress(OSError, ResourceError):  # then it is only made again
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, name=made.name, predictions=made.predictions, seconds=made.seconds, note=made.note or "")
    return made
