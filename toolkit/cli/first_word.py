"""Something to read before a library is imported that takes seconds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from toolkit.progress import say

HEAVY = frozenset({"torch", "transformers", "datasets", "peft", "pyarrow", "sklearn", "huggingface_hub"})


class _FirstWord(MetaPathFinder):
    """Finds nothing; says once what is being loaded, whichever verb needs it first."""

    def __init__(self) -> None:
        self.is_due = True

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        # It stays among the finders: who leaves them while they are asked makes Python skip the next one.
        if self.is_due and fullname in HEAVY:
            self.is_due = False
            say(f"loading {fullname} …")
        return None


_FIRST_WORD = _FirstWord()


def announce_loading() -> None:
    """Say a line when the first heavy library is imported, unless one is there already."""
    _FIRST_WORD.is_due = HEAVY.isdisjoint(sys.modules)
    if _FIRST_WORD.is_due and _FIRST_WORD not in sys.meta_path:
        sys.meta_path.insert(0, _FIRST_WORD)
