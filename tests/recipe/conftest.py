from pathlib import Path

import pytest

from toolkit.errors import RecipeError
from toolkit.recipe import load_recipe

VALID = """\
task: text-classification
model: {name: packaged:minilm}
data: {source: reviews.csv}
method: full
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a recipe under a short relative name, as a user has it."""
    monkeypatch.chdir(tmp_path)

    def write(content):
        path = Path("recipe.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


@pytest.fixture
def load(write):
    """Loads a recipe from lines that follow the four required ones."""

    def load(more="", *overrides):
        return load_recipe(write(VALID + more), overrides)

    return load


@pytest.fixture
def faults(write):
    """The lines that a user sees for a whole recipe text."""

    def faults(content, *overrides):
        with pytest.raises(RecipeError) as caught:
            load_recipe(write(content), overrides)
        assert caught.value.exit_code == 2
        return [str(fault) for fault in caught.value.faults]

    return faults
