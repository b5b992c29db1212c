import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
import yaml

from toolkit.errors import RecipeError, ResourceError
from toolkit.names import Family
from toolkit.recipe import copy_recipe, find, find_recipe, json_schema, list_recipes, load_recipe
from toolkit.shipped import shipped_folder

SHIPPED = list_recipes()
SCHEMA = shipped_folder("recipes") / "recipe.schema.json"


def test_every_recipe_of_the_folder_is_listed_and_described():
    files = {path for path in shipped_folder("recipes").rglob("*") if path.suffix in {".yaml", ".yml"}}
    assert {recipe.path for recipe in SHIPPED} == files
    assert {"movie-sentiment", "banking77", "banking77-lora"} <= {recipe.name for recipe in SHIPPED}


@pytest.mark.parametrize("recipe", SHIPPED, ids=lambda recipe: recipe.name)
def test_shipped_recipes(recipe, monkeypatch):
    loaded = load_recipe(recipe.path)
    assert (recipe.task, recipe.method, recipe.model) == (loaded.task, loaded.method, loaded.model.label)
    assert recipe.family in set(Family)
    assert recipe.summary.endswith(".")

    first, _, third, *rest = recipe.path.read_text(encoding="utf-8").splitlines()
    verb = f"# toolkit fine-tune recipes/{recipe.family}/{recipe.path.name} "
    assert first.startswith(verb)
    # The override of the example works.
    load_recipe(recipe.path, first.removeprefix(verb).partition("--")[0].split())
    assert third == "# yaml-language-server: $schema=../recipe.schema.json"
    jsonschema.validate(yaml.safe_load("\n".join(rest)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_shipped_schema_is_up_to_date():
    shipped = json.loads(SCHEMA.read_text(encoding="utf-8"))
    # Other versions of the libraries have other keys; the file is written for the pinned ones.
    made_for = f"transformers {version('transformers')} and peft {version('peft')}"
    if made_for not in shipped["$comment"]:
        pytest.skip(f"the shipped schema is for other versions: {shipped['$comment']}")
    assert shipped == json_schema()


@pytest.mark.parametrize(
    "name",
    [
        "movie-sentiment",
        "encoder/movie-sentiment",
        "movie-sentiment.yaml",
        "recipes/encoder/movie-sentiment.yaml",
    ],
)
def test_shipped_recipes_are_found_by_name_from_anywhere(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_recipe(name) == shipped_folder("recipes") / "encoder" / "movie-sentiment.yaml"


def test_a_file_of_the_user_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("movie-sentiment.yaml").write_text("x", encoding="utf-8")
    assert find_recipe("movie-sentiment.yaml") == Path("movie-sentiment.yaml")


@pytest.mark.parametrize("name", ["movie-sentimant", "decoder/movie-sentiment", "x" * 5000, "a\0b", ""])
def test_a_name_that_is_not_there(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError) as caught:
        load_recipe(find_recipe(name))
    assert caught.value.exit_code == 2


def test_a_name_of_two_families_is_asked_about(tmp_path, monkeypatch):
    for family in ("encoder", "decoder"):
        (tmp_path / family).mkdir()
        (tmp_path / family / "news.yaml").write_text("task: x", encoding="utf-8")
    monkeypatch.setattr(find, "shipped_folder", lambda name: tmp_path)
    with pytest.raises(RecipeError, match="say which: decoder/news, encoder/news"):
        find_recipe("news")
    assert find_recipe("encoder/news") == tmp_path / "encoder" / "news.yaml"


def test_a_copy_works_and_says_its_own_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy = copy_recipe("banking77", Path("mine/own.yaml"))
    assert copy == Path("mine/own.yaml")
    assert load_recipe(copy) == load_recipe(find_recipe("banking77"))
    first, _, third, *_ = copy.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# toolkit fine-tune mine/own.yaml ")
    assert third.endswith(SCHEMA.resolve().as_uri())


def test_a_copy_into_a_folder_and_never_over_a_file(tmp_path):
    copy = copy_recipe("banking77", tmp_path)
    assert copy == tmp_path / "banking77.yaml"
    copy.write_text("mine", encoding="utf-8")
    with pytest.raises(ResourceError, match="exists already"):
        copy_recipe("banking77", copy)
    assert copy.read_text(encoding="utf-8") == "mine"


def test_a_copy_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError) as caught:
        copy_recipe("banking77", tmp_path / "file" / "x.yaml")
    assert caught.value.exit_code == 4


def test_listing_imports_no_heavy_library():
    code = (
        "import sys; from toolkit.recipe import list_recipes, find_recipe;"
        "list_recipes(); find_recipe('banking77');"
        "print([name for name in ('torch', 'transformers', 'peft', 'datasets') if name in sys.modules])"
    )
    root = Path(find.__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_recipes_are_checked_without_the_libraries_once_they_have_been_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code = (
        "import sys; from pathlib import Path; from toolkit.recipe import load_recipe\n"
        "for name in sys.argv[1:]: load_recipe(Path(name))\n"
        "print([name for name in ('torch', 'transformers', 'peft', 'datasets') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, *(str(one.path) for one in SHIPPED)]
    imported = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert imported == ["['torch', 'transformers', 'peft']\n", "[]\n"]
