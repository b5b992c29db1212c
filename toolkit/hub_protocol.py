"""The hub's client without the protocol that huggingface.co alone speaks, for our own uploads and downloads.

The client would use it without asking, and it fails with every other hub. A program that imports the toolkit keeps its
own setting.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_SETTING = "HF_HUB_DISABLE_XET"


@contextmanager
def plain_transfers() -> Iterator[None]:
    """Turn the protocol off within a block, unless the environment asks for it with ``HF_HUB_DISABLE_XET=0``."""
    from huggingface_hub import constants

    before = constants.HF_HUB_DISABLE_XET
    constants.HF_HUB_DISABLE_XET = before or os.environ.get(_SETTING, "1").upper() in constants.ENV_VARS_TRUE_VALUES
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before
