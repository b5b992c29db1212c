"""Our own Transformer from a random start: what it is made of, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import Dataset

from toolkit.adapters import LocatedModel, learn_tokenizer, open_from_scratch
from toolkit.data.vocabulary import train_tokenizer
from toolkit.errors import RecipeError
from toolkit.names import Family, Task
from toolkit.recipe import TokenizerSection
from toolkit.tasks import room_of

TEXTS = ["the cat sat on the mat", "a dog ran", "나는 밥을 먹었다"] * 4
TINY = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16, "encoder_layers": 1, "decoder_layers": 1}


def _tokenizer():
    return train_tokenizer(TEXTS, kind="bpe", vocab_size=330, max_length=10**6)


@pytest.mark.parametrize(
    ("task", "architecture"),
    [
        (Task.TRANSLATION, "encoder-decoder"),
        (Task.TEXT_GENERATION, "encoder-decoder"),
        (Task.TEXT_GENERATION, "decoder"),
        (Task.FILL_MASK, "encoder"),
    ],
)
def test_saved_and_opened_again_it_is_the_same(tmp_path: Path, task: Task, architecture: str):
    generation = {"num_beams": 3, "max_new_tokens": 7} if task is Task.TRANSLATION else {}
    made = open_from_scratch(
        {**TINY, "architecture": architecture},
        _tokenizer(),
        head=room_of(task).head,
        max_length=700,
        generation=generation,
    )
    assert len(made.new_parameters) == len(list(made.model.parameters()))  # all of it is new, and is said to be
    made.model.save_pretrained(tmp_path)
    made.tokenizer.save_pretrained(tmp_path)
    opened = room_of(task).open(LocatedModel("mine", tmp_path))
    assert (opened.family, opened.labels) == (Family(architecture), ())
    assert opened.max_length == made.max_length == 700  # longer than the usual 512, also after saving
    if generation:
        assert opened.model.generation_config.num_beams == 3
    own = dict(made.model.state_dict())
    assert all(tensor.equal(own[name]) for name, tensor in opened.model.state_dict().items())


def test_an_unknown_setting_of_generation_is_refused():
    with pytest.raises(RecipeError, match="num_beans"):
        open_from_scratch(TINY, _tokenizer(), head=room_of(Task.TRANSLATION).head, generation={"num_beans": 4})


def test_other_models_are_not_scored_in_packed_rows(tiny_bert: Path):
    with pytest.raises(RecipeError, match=r"fill-mask works with our own Transformer in this version, found .*'bert'"):
        room_of(Task.FILL_MASK).open(LocatedModel("bert", tiny_bert))


def test_a_resumed_run_keeps_the_tokenizer_that_it_began_with(tmp_path: Path):
    def learn(texts: list[str]) -> dict[str, int]:
        rows = Dataset.from_dict({"id": list(range(len(texts))), "text": texts})
        section = TokenizerSection(vocab_size=330)
        return learn_tokenizer(section, rows, ["text"], kept_in=tmp_path / "tokenizer").get_vocab()

    first = learn(TEXTS)
    assert learn(["quite other texts than those"] * 9) == first
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer"]
