"""Transfer learning with pretrained Transformers: choose, fine-tune, evaluate honestly, publish.

Each verb of the command ``toolkit`` is a function here, imported at its first use (docs/python.md).
"""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.errors import ToolkitError
    from toolkit.verbs.apply import evaluate, extract, predict, zero_shot
    from toolkit.verbs.cache import cache_clear, cache_list
    from toolkit.verbs.choose import choose
    from toolkit.verbs.compare import compare
    from toolkit.verbs.doctor import doctor
    from toolkit.verbs.fine_tune import fine_tune
    from toolkit.verbs.model import Model, Run, load
    from toolkit.verbs.publish import export, push, verify
    from toolkit.verbs.recipes import import_recipe, new_recipe
    from toolkit.verbs.reproduce import reproduce
    from toolkit.verbs.results import Chosen, Compared, Drafted, Evaluation, Examined, Predictions, ReproducedRun

__version__ = "0.1.0"

__all__ = [
    "Chosen",
    "Compared",
    "Drafted",
    "Evaluation",
    "Examined",
    "Model",
    "Predictions",
    "ReproducedRun",
    "Run",
    "ToolkitError",
    "cache_clear",
    "cache_list",
    "choose",
    "compare",
    "doctor",
    "evaluate",
    "export",
    "extract",
    "fine_tune",
    "import_recipe",
    "load",
    "new_recipe",
    "predict",
    "push",
    "reproduce",
    "verify",
    "zero_shot",
]

_HOMES = {
    "errors": ("ToolkitError",),
    "verbs.apply": ("evaluate", "extract", "predict", "zero_shot"),
    "verbs.cache": ("cache_clear", "cache_list"),
    "verbs.choose": ("choose",),
    "verbs.compare": ("compare",),
    "verbs.doctor": ("doctor",),
    "verbs.fine_tune": ("fine_tune",),
    "verbs.model": ("Model", "Run", "load"),
    "verbs.publish": ("export", "push", "verify"),
    "verbs.recipes": ("import_recipe", "new_recipe"),
    "verbs.reproduce": ("reproduce",),
    "verbs.results": ("Chosen", "Compared", "Drafted", "Evaluation", "Examined", "Predictions", "ReproducedRun"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = _find(name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _find(name: str) -> Any:
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


class _Verb(ModuleType):
    """A package that is called like a verb, and can be called as that verb."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _find(self.__name__.rpartition(".")[2])(*arguments, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_find(self.__name__.rpartition(".")[2]))


# Python binds a package to its parent as soon as anything of it is imported, in the place of a function of its name.
import_module(f"{__name__}.choose").__class__ = _Verb
