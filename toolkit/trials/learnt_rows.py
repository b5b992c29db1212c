"""The rows that a run has learnt from, as fingerprints: enough to find them again, and no text is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolkit.data.fingerprints import Fingerprints
from toolkit.data.row_keys import row_keys
from toolkit.errors import IntegrityError
from toolkit.files import replacing
from toolkit.names import Method
from toolkit.training.save import MODEL_FOLDER

if TYPE_CHECKING:
    from toolkit.tasks.interfaces import TaskData

LEARNT_ROWS_FILE = "learnt-rows.npy"


def learnt_rows(data: TaskData, method: Method) -> Fingerprints:
    """Return the fingerprints of training and validation rows, each once; none where nothing was trained.

    Validation rows count, because they choose weights and settings, and the head on features is fitted to them too.
    """
    if method is Method.ZERO_SHOT:
        return np.empty(0, dtype=np.uint64)
    splits = [data.train] if data.validation is None else [data.train, data.validation]
    return np.unique(np.concatenate([row_keys(rows) for rows in splits]))


def write_learnt_rows(run: Path, keys: Fingerprints) -> None:
    """Write the fingerprints into a run folder; nothing where there are none.

    Raises:
        ResourceError: the file cannot be written.
    """
    if len(keys):
        with replacing(run / LEARNT_ROWS_FILE) as temporary, temporary.open("wb") as stream:
            np.save(stream, keys.astype("<u8"), allow_pickle=False)


def read_learnt_rows(model: str) -> Fingerprints:
    """Read the fingerprints of a run, given its folder or its model's; none for any other model.

    Raises:
        IntegrityError: the file is damaged.
    """
    folder = Path(model).expanduser().resolve()
    run = folder.parent if folder.name == MODEL_FOLDER else folder
    file = run / LEARNT_ROWS_FILE
    if not file.is_file():
        return np.empty(0, dtype=np.uint64)
    try:
        keys: Fingerprints = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise IntegrityError("the fingerprints of the run's training rows are damaged", where=str(file)) from error
    if keys.dtype != np.uint64 or keys.ndim != 1:
        raise IntegrityError("the fingerprints of the run's training rows are damaged", where=str(file))
    return keys
