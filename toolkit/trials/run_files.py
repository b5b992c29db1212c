"""The digests of a run's files, taken when it was done, so that a push can tell that they are still the same."""

from __future__ import annotations

from pathlib import Path

from toolkit.cache import file_digest
from toolkit.errors import Fault, IntegrityError
from toolkit.evaluation.proof.golden import GOLDEN_FILE
from toolkit.files import read_json, sha256_file, write_json_atomically
from toolkit.trials.learnt_rows import LEARNT_ROWS_FILE

FILES_FILE = "files.json"
_FOLDERS = ("model", "adapter")
_FILES = ("recipe.yaml", "metrics.json", "predictions.parquet", GOLDEN_FILE, LEARNT_ROWS_FILE)


def write_digests(run: Path, *, base: str | None = None) -> None:
    """Write ``files.json``: the SHA-256 of the files of a run, by their path in the run folder.

    Card and report are left out: both are rendered again from the rest.

    Args:
        run: the run folder, with all but ``trial.json`` in it.
        base: digest of the files of the model that the run began with; None where there is none.

    Raises:
        ResourceError: the file cannot be written.
    """
    files = [run / name for name in _FILES]
    files += [file for name in _FOLDERS for file in sorted((run / name).rglob("*"))]
    digests = {file.relative_to(run).as_posix(): sha256_file(file) for file in files if file.is_file()}
    write_json_atomically(run / FILES_FILE, {"schema": 1, "files": digests, **({} if base is None else {"base": base})})


def read_digests(run: Path) -> dict[str, str] | None:
    """Read the digests by path; return None for runs of older versions, which have none.

    Raises:
        IntegrityError: the file is damaged.
    """
    content = _read(run)
    return None if content is None else content[0]


def read_base(run: Path) -> str | None:
    """Read the digest of the model that a run began with; return None where it is not known.

    Raises:
        IntegrityError: the file is damaged.
    """
    content = _read(run)
    return None if content is None else content[1]


def _read(run: Path) -> tuple[dict[str, str], str | None] | None:
    file = run / FILES_FILE
    try:
        content = read_json(file)
        digests = {str(path): str(digest) for path, digest in content["files"].items()}
        return digests, None if content.get("base") is None else str(content["base"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError("the digests of the run's files cannot be read", where=str(file)) from error


def refuse_changed_files(run: Path, *, below: str) -> None:
    """Refuse a run one of whose files is not what it was when the run was done.

    Args:
        run: the run folder; one of an older version has no digests, and is not checked.
        below: the folder in it whose files are asked for.

    Raises:
        IntegrityError: with each file that changed or went.
    """
    faults = []
    for path, digest in (read_digests(run) or {}).items():
        if not path.startswith(f"{below}/"):
            continue
        file = run / path
        if not file.is_file():
            faults.append(Fault("this file of the run is missing", where=str(file)))
        elif file_digest(file) != digest:
            faults.append(Fault("this file changed since the run was done", where=str(file)))
    if faults:
        raise IntegrityError(*faults, Fault("put them back, or fine-tune again with --restart", where=str(run)))
