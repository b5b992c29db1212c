"""Executes the notebooks of the documentation; as a script it writes their outputs into them (``make notebooks``)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def executed(notebook: Path, folder: Path) -> Any:
    """Return a notebook with the outputs that it has when it is executed in a folder; bars are left out."""
    book = nbformat.read(notebook, as_version=4)
    client = NotebookClient(book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"})
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # time stamps
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]
    return book


def main() -> None:
    """Execute notebooks and write them with their outputs: those named, or all."""
    named = [Path(name) for name in sys.argv[1:]] or NOTEBOOKS
    for notebook in named:
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(executed(notebook, Path(folder)), notebook)


if __name__ == "__main__":
    main()
