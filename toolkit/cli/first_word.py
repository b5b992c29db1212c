"""Something to read before a library is imported that takes seconds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from toolkit.progress import say

HEAVY = frozenset({"torch", "transformers", "datasets", "peft", "pyarrow", "sklearn", "matplotlib", "huggingface_hub"})


class _FirstWord(MetaPathFinder):
    """Finds nothing; says once what is being loaded, whichever verb needs it first."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname in HEAVY and self in sys.meta_path:
            sys.meta_path.remove(self)
            say(f"loading {fullname} …")
        return None


def announce_loading() -> None:
    """Say a line when the first heavy library is imported, unless one is there already."""
    announced = any(isinstance(finder, _FirstWord) for finder in sys.meta_path)
    if not announced and HEAVY.isdisjoint(sys.modules):
        sys.meta_path.insert(0, _FirstWord())
