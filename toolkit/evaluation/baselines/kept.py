"""The cache of baselines: every trial on the same rows needs the same predictions."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable

import numpy as np

from toolkit.cache import cache_folder, keeping, was_used
from toolkit.evaluation.baselines.classes import Baseline
from toolkit.files import replacing

_VERSION = 1  # a new number once the same rows give other predictions


def kept_baseline(key: str, make: Callable[[], Baseline]) -> Baseline:
    """Load a baseline's predictions from the cache folder, or compute and save them.

    Args:
        key: of the rows, their splits and the problem; part of a file name.
        make: fits the baseline and predicts.
    """
    path = cache_folder() / "baselines" / f"{key}-v{_VERSION}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), np.load(path) as kept:
        note = str(kept["note"])
        was_used(path)
        return Baseline(str(kept["name"]), kept["predictions"], float(kept["seconds"]), note or None)
    fresh = make()
    with keeping("baselines' predictions"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as stream:
            note = fresh.note or ""
            np.savez(stream, name=fresh.name, predictions=fresh.predictions, seconds=fresh.seconds, note=note)
    return fresh
