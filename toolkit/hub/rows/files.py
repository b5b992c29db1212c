"""The files of a data set: a Parquet file a split, and the card; compared with what others read of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets import Dataset

from toolkit.files import sha256_file
from toolkit.hub.push.manifest import CARD, Manifest, ManifestFile, made_file
from toolkit.hub.rows import read_back
from toolkit.hub.verify.checks import Check
from toolkit.hub.verify.fresh_process import replayed
from toolkit.names import Split

_SCRIPT = Path(read_back.__file__)


def row_files(splits: Mapping[Split, Dataset], into: Path) -> tuple[ManifestFile, ...]:
    """Write each split into a folder; return the files under their names in the repository."""
    files = []
    for split, rows in splits.items():
        path = into / f"{split}.parquet"
        rows.to_parquet(path)
        name = f"data/{split}-00000-of-00001.parquet"
        files.append(ManifestFile(name, path, path.stat().st_size, sha256_file(path), path))
    return tuple(sorted(files, key=lambda file: file.path))


def rows_manifest(files: tuple[ManifestFile, ...], card: str) -> Manifest:
    """Return the files of a data set with its card."""
    return Manifest(()).having(made_file(CARD, card.encode()), *files)


def read_rows_back(
    repo_id: str, commit: str, splits: Mapping[Split, Dataset], *, endpoint: str, token: str
) -> tuple[Check, ...]:
    """Load a data set from the hub with `datasets`, in a fresh process and an empty cache, and compare it.

    Args:
        repo_id, commit: what was pushed.
        splits: the rows as they were sent.
        endpoint, token: of the hub.

    Raises:
        IntegrityError: the process dies.
    """
    request = {"repo": repo_id, "revision": commit}
    with replayed(request, offline=False, endpoint=endpoint, token=token, script=_SCRIPT) as report:
        if "error" in report:
            return (Check("opens", False, str(report["error"]["message"])),)
        there: dict[str, Any] = report["splits"]
    checks = [_split(split.value, read_back.described(rows), there.get(split.value)) for split, rows in splits.items()]
    others = sorted(there.keys() - {split.value for split in splits})
    named = ", ".join(there)
    return (Check("splits", not others, f"{named}; not sent: {', '.join(others)}" if others else named), *checks)


def _split(name: str, sent: Mapping[str, Any], there: Mapping[str, Any] | None) -> Check:
    if there is None:
        return Check(name, False, "it is not there")
    if sent["columns"] != there["columns"]:
        return Check(name, False, f"its columns are {there['columns']}, sent were {sent['columns']}")
    if sent["rows"] != there["rows"]:
        return Check(name, False, f"{there['rows']:,} rows, sent were {sent['rows']:,}")
    same = sent["digest"] == there["digest"]
    columns = ", ".join(sent["columns"])
    return Check(name, same, f"{sent['rows']:,} rows ({columns}), {'the same' if same else 'with another content'}")
