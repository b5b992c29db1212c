"""A script that reads a data set as anyone would, in a process of its own, and says what it found.

It imports nothing but `datasets`, and travels nowhere; `toolkit.hub.verify.fresh_process` starts it. A request stands
on its stdin, one JSON object comes out.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Load all splits; what cannot be done is said under ``error`` instead of raised.

    Args:
        request: ``repo`` and ``revision``.
    """
    try:
        from datasets import load_dataset

        splits = load_dataset(request["repo"], revision=request["revision"])
        return {"splits": {str(name): described(rows) for name, rows in splits.items()}}
    except Exception as error:  # whatever the library raises, its reader shall see it in one line
        return {"error": {"message": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}"}}


def described(rows: Any) -> dict[str, Any]:
    """Return number, columns and digest of the rows of a split."""
    digest = hashlib.sha256()
    for batch in rows.iter(batch_size=1000):
        for row in zip(*(batch[name] for name in sorted(batch)), strict=True):
            digest.update(json.dumps(row, sort_keys=True, separators=(",", ":")).encode())
            digest.update(b"\n")
    columns = {name: str(rows.features[name]) for name in sorted(rows.features)}
    return {"rows": len(rows), "columns": columns, "digest": digest.hexdigest()}


if __name__ == "__main__":
    answer = main(json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(answer))
