"""The examples of docs/python.md and the notebooks do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from notebooks import NOTEBOOKS, ROOT, executed

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_guide_run_one_after_the_other(tiny_bert, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((ROOT / "docs" / "python.md").read_text(encoding="utf-8"))
    assert len(blocks) > 5
    names: dict[str, object] = {}
    for block in blocks:
        code = block.replace("packaged:minilm", str(tiny_bert)).replace(
            '"training.max_steps": 4', f'"training.max_steps": 4, "model.name": {str(tiny_bert)!r}'
        )
        exec(compile(code.replace("# [2, 384]", ""), "docs/python.md", "exec"), names)
    assert "did you mean 'movie-sentiment'" in capsys.readouterr().out
    assert [len(entry) > 0 for entry in names["losses"].seen][:2] == [True, True]  # type: ignore[attr-defined]
    assert names["vectors"].shape == (2, 32)  # type: ignore[attr-defined]
    assert names["loaded"].metrics == names["run"].metrics  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "notebook",
    [pytest.param(path, marks=[] if path.stem == "first-steps" else pytest.mark.soak) for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs(notebook: Path, tmp_path: Path):
    book = executed(notebook, tmp_path)
    kept = nbformat.read(notebook, as_version=4)
    assert [_kinds(cell) for cell in book.cells] == [_kinds(cell) for cell in kept.cells]
    assert any("text/html" in kind for cell in book.cells for kinds in _kinds(cell) for kind in kinds)


def _kinds(cell: nbformat.NotebookNode) -> list[list[str]]:
    return [sorted(output.get("data", {})) for output in cell.get("outputs", [])]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_and_names_no_machine(notebook: Path):
    text = notebook.read_text(encoding="utf-8")
    assert len(text) < 100_000
    assert not re.search(r"/(?:work|home|tmp|root)/", text)
    assert any(cell.get("outputs") for cell in nbformat.read(notebook, as_version=4).cells)
