"""What shipped recipes go on from is answered with the command that makes it, or with where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.adapters import locate_model
from toolkit.data import read_table
from toolkit.errors import DataError, HubError
from toolkit.recipe import find_recipe, list_recipes, load_recipe
from toolkit.recipe.find import Origin
from toolkit.recipe.where_from import command_that_makes, where_data_are_from


def needed(origin: Origin) -> list[str]:
    return sorted({name for recipe in list_recipes() for name, of in recipe.needs.items() if of is origin})


@pytest.mark.parametrize("name", needed(Origin.RUN))
def test_every_predecessor_has_a_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    command = command_that_makes(name)
    assert command is not None
    verb, recipe, option, folder = command.removeprefix("toolkit ").split()
    assert (verb, option) == ("fine-tune", "--output-dir")
    assert load_recipe(find_recipe(recipe))
    assert Path(folder) / "model" == Path(name)
    with pytest.raises(HubError, match="this makes it: toolkit fine-tune"):
        locate_model(name)


@pytest.mark.parametrize("name", needed(Origin.FILE))
def test_every_data_file_has_an_origin(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert where_data_are_from(name)
    with pytest.raises(DataError, match=r"the data .*(https://|python )"):
        read_table({"source": name} if name.endswith((".de", ".en")) else name)


def test_runs_of_shipped_recipes_and_other_names():
    made = "toolkit fine-tune movie-sentiment --output-dir runs/movie-sentiment-0123abcd"
    assert command_that_makes("runs/movie-sentiment-0123abcd/model") == made
    assert command_that_makes("runs/movie-sentiment-0123abcd") == made
    for name in ("runs/something-else", "org/movie-sentiment", "", "banking77"):
        assert command_that_makes(name) is None
    assert where_data_are_from("train.csv") is None
    assert where_data_are_from("data/banking77/train") is None


def test_the_list_tells_what_needs_a_network_and_how_long_it_took():
    found = {recipe.name: recipe for recipe in list_recipes()}
    assert found["movie-sentiment"].offline
    assert found["movie-sentiment"].took == "about 4 minutes on two cores"
    assert found["banking77"].needs == {
        "packaged:minilm": Origin.PACKAGE,
        "data/banking77/train.csv": Origin.FILE,
        "data/banking77/test.csv": Origin.FILE,
    }
    assert not found["summarize-t5"].offline
    assert found["summarize-t5"].took is None
    for recipe in found.values():
        loaded = load_recipe(recipe.path)
        by_hub = [loaded.model.name, loaded.data.source, loaded.data.train]
        named = [
            name for name in by_hub if isinstance(name, str) and not name.startswith(("packaged:", "data/", "runs/"))
        ]
        assert recipe.offline == (not named)
