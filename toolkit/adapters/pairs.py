"""Whether a trained model reads pairs of texts: no class of the library says it, so its configuration keeps it."""

from __future__ import annotations

from typing import Any

from toolkit.adapters.loading import open_config
from toolkit.adapters.locate import LocatedModel
from toolkit.adapters.settings_check import CONFIG

_KEY = "reads_pairs"


def keep_pairs(config: Any) -> None:
    """Write into a configuration that the model learns from pairs; plain transformers keeps the key and ignores it.

    Args:
        config: changed in place.
    """
    setattr(config, _KEY, True)


def reads_pairs(located: LocatedModel) -> bool:
    """Return whether a model says that it reads pairs; models of others, and of older versions, say nothing.

    Nor does an adapter without a configuration of its own.

    Raises:
        IntegrityError: its configuration is damaged.
    """
    if not (located.folder / CONFIG).is_file():
        return False
    return getattr(open_config(located), _KEY, False) is True
