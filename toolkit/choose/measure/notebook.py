"""Results on disk, one JSON line each, so that an interrupted choice goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.files import write_text_atomically

FILE = "measured.jsonl"
_FORMAT = 4  # another number where the same settings would give other results


class Notebook:
    """The results of one output folder.

    Args:
        folder: of ``measured.jsonl``.
        data: identity of the data, see `toolkit.choose.look.rows.Rows.identity`.
    """

    def __init__(self, folder: Path, *, data: str) -> None:
        self.path = folder / FILE
        self._data = data
        self._lines: dict[str, str] = dict(_lines_of(self.path))

    def once(
        self,
        stage: Stage,
        *,
        model: str,
        settings: Mapping[str, Any],
        measure: Callable[[], Measurement],
        enough: Callable[[Measurement], bool] = lambda _: True,
    ) -> Measurement:
        """Return an earlier result, or measure and keep a new one.

        Args:
            stage: of measuring.
            model: digest of the candidate's files.
            settings: what else the result depends on.
            measure: measures.
            enough: returns whether an earlier result can be used again.
        """
        key = self._key(stage, model, settings)
        known = self._known(key)
        if known is not None and known.status is Status.MEASURED and enough(known):
            return known
        result = measure()
        self._lines[key] = json.dumps({"key": key, **result.to_json()}, ensure_ascii=False)
        write_text_atomically(self.path, "".join(f"{line}\n" for line in self._lines.values()))
        return result

    def _key(self, stage: Stage, model: str, settings: Mapping[str, Any]) -> str:
        values = [_FORMAT, self._data, model, stage.value, settings]
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _known(self, key: str) -> Measurement | None:
        if key not in self._lines:
            return None
        try:
            return Measurement.from_json(json.loads(self._lines[key]))
        except (TypeError, ValueError, KeyError):  # of another version: it is measured again
            return None


def _lines_of(path: Path) -> list[tuple[str, str]]:
    """Return the valid lines of the file by their keys."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            found.append((str(json.loads(line)["key"]), line))
        except (ValueError, TypeError, KeyError):
            continue
    return found
