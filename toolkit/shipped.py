"""The folders that are shipped with the package: recipes and templates."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def shipped_folder(name: str) -> Path:
    """Return the folder ``recipes`` or ``model_cards``, of an installed wheel or of a source checkout.

    Raises:
        FileNotFoundError: if the installation lacks the folder.
    """
    for folder in (PACKAGE / "_shipped" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the installation of transfer-toolkit lacks its folder {name!r}; install it again")
