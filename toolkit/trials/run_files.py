"""The digests of a run's files, taken when it was done, so that a push can tell that they are still the same."""

from __future__ import annotations

import json
from pathlib import Path

from toolkit.errors import IntegrityError
from toolkit.evaluation.proof.golden import GOLDEN_FILE
from toolkit.files import sha256_file, write_json_atomically
from toolkit.trials.learnt_rows import LEARNT_ROWS_FILE

FILES_FILE = "files.json"
_FOLDERS = ("model", "adapter")
_FILES = ("recipe.yaml", "metrics.json", "predictions.parquet", GOLDEN_FILE, LEARNT_ROWS_FILE)


def write_digests(run: Path) -> None:
    """Write ``files.json``: the SHA-256 of the files of a run, by their path in the run folder.

    Card and report are left out: both are rendered again from the rest.

    Args:
        run: the run folder, with all but ``trial.json`` in it.

    Raises:
        ResourceError: the file cannot be written.
    """
    files = [run / name for name in _FILES]
    files += [file for name in _FOLDERS for file in sorted((run / name).rglob("*"))]
    digests = {file.relative_to(run).as_posix(): sha256_file(file) for file in files if file.is_file()}
    write_json_atomically(run / FILES_FILE, {"schema": 1, "files": digests})


def read_digests(run: Path) -> dict[str, str] | None:
    """Read the digests by path; return None for runs of older versions, which have none.

    Raises:
        IntegrityError: the file is damaged.
    """
    file = run / FILES_FILE
    try:
        digests = json.loads(file.read_text(encoding="utf-8"))["files"]
        return {str(path): str(digest) for path, digest in digests.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError("the digests of the run's files cannot be read", where=str(file)) from error
