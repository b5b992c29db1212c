"""Each name becomes a candidate or a reason; a bad one does not stop the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_models
import torch

from toolkit.adapters.locate import locate_model
from toolkit.choose.advice.rules import family_rules
from toolkit.choose.look.candidates import (
    SCRATCH,
    SCRATCH_ROWS,
    count_parameters,
    find_candidates,
    scratch_pays,
    usual_names,
)
from toolkit.errors import HubError, IntegrityError, RecipeError, ResourceError
from toolkit.names import Family, Method, Problem, Task

CLASSIFY = Task.TEXT_CLASSIFICATION


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("candidates")
    return {name: tiny_models.pretrained(name, folder / name) for name in ("bert", "gpt2", "t5", "two-berts")}


def test_what_a_model_is_is_read_from_its_files(models: dict[str, Path]):
    found = find_candidates([str(path) for path in models.values()], task=CLASSIFY)
    families = [Family.ENCODER, Family.DECODER, Family.ENCODER_DECODER, Family.ENCODER_DECODER]
    assert [one.family for one in found] == families
    for one in found:
        assert one.refused is None
        assert (one.hidden_dim, one.n_layers) == (16, 2)
        assert one.max_length == 40
        assert one.located is not None
        assert one.vocabulary == len(tiny_models.tokenizer_for("bert"))
        assert one.disk_bytes == (one.located.folder / "model.safetensors").stat().st_size
        assert Method.FULL in one.methods
        assert Method.SCRATCH not in one.methods


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_parameters_are_counted_without_reading_them(name: str, models: dict[str, Path]):
    family = tiny_models.ARCHITECTURES[name][0]
    model = tiny_models.language_model(family).from_pretrained(models[name])
    saved = {id(parameter): parameter.numel() for parameter in model.parameters()}
    assert count_parameters(models[name]) == sum(saved.values())


def test_the_packaged_encoder_is_as_large_as_the_hub_says():
    (minilm,) = find_candidates(["packaged:minilm"], task=CLASSIFY)
    assert minilm.parameters == pytest.approx(22_713_216, rel=1e-4)
    assert (minilm.hidden_dim, minilm.n_layers, minilm.vocabulary, minilm.max_length) == (384, 6, 30522, 512)
    tokenizer = minilm.tokenizer()
    assert tokenizer is not None
    assert tokenizer.tokenize("a film") == ["a", "film"]


def test_scratch_is_a_name_too():
    for task, family in (
        (CLASSIFY, Family.ENCODER),
        (Task.TRANSLATION, Family.ENCODER_DECODER),
        (Task.TEXT_GENERATION, Family.DECODER),
        (Task.FILL_MASK, Family.ENCODER),
    ):
        (one,) = find_candidates([SCRATCH], task=task)
        assert (one.family, one.methods, one.located, one.tokenizer()) == (family, (Method.SCRATCH,), None, None)


def test_misspelt_names_are_refused_at_once_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-model").mkdir()
    with pytest.raises(HubError) as raised:
        find_candidates(["packaged:minlm", "smollm", "scrach", "./my-modle", "packaged:minilm"], task=CLASSIFY)
    packaged, bare, scratch, folder = (fault.message for fault in raised.value.faults)
    assert "did you mean 'packaged:minilm'?" in packaged
    assert "did you mean 'packaged:smollm2'?" in bare
    assert "did you mean 'scratch'?" in scratch
    assert "my-model" in folder


def test_a_model_that_cannot_be_had_is_a_result_and_the_rest_goes_on(models: dict[str, Path], tmp_path: Path):
    pickled = tiny_models.pretrained("bert", tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    damaged = tiny_models.pretrained("bert", tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"not a model")
    coded = tiny_models.pretrained("bert", tmp_path / "coded")
    config = json.loads((coded / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "theirs", "auto_map": {"AutoConfig": "code.Theirs"}}
    (coded / "config.json").write_text(json.dumps(config), encoding="utf-8")
    names = [str(models["bert"]), "klue/bert-bas", str(pickled), str(damaged), str(coded), str(models["bert"])]
    good, missing, pickle, broken, code = find_candidates(names, task=CLASSIFY)
    assert good.refused is None
    assert "did you mean 'klue/bert-base'?" in str(missing.refused)
    assert "pytorch_model.bin" in str(pickle.refused)
    assert "damaged" in str(broken.refused)
    assert code.refused is not None
    assert [one.tokenizer() for one in (missing, pickle, broken, code)] == [None] * 4


def test_when_nothing_is_left_all_that_is_wrong_is_said(tmp_path: Path):
    pickled = tiny_models.pretrained("bert", tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(IntegrityError) as raised:
        find_candidates([str(pickled), "no-such/model"], task=CLASSIFY)
    assert [fault.where for fault in raised.value.faults] == [f"model {pickled}", "model no-such/model"]
    with pytest.raises(RecipeError, match="no model to choose from"):
        find_candidates([" ", ""], task=CLASSIFY)


def test_an_encoder_alone_is_refused_for_translation(models: dict[str, Path]):
    with pytest.raises(RecipeError, match="encoder-only; with encoder-decoder or decoder it is"):
        find_candidates([str(models["bert"])], task=Task.TRANSLATION)
    encoder, both = find_candidates([str(models["bert"]), str(models["t5"])], task=Task.TRANSLATION)
    assert "encoder-only" in str(encoder.refused)
    assert both.refused is None
    assert set(both.methods) == {"full", "peft", "zero-shot"}


def test_an_unknown_task_is_refused_before_anything_is_looked_for():
    with pytest.raises(RecipeError, match="nothing is known of the task 'poetry'"):
        find_candidates(["packaged:minilm"], task="poetry")  # type: ignore[arg-type]


def test_memory_leaves_out_methods_and_models(models: dict[str, Path]):
    name = str(models["bert"])
    needed = 16 * count_parameters(models["bert"])
    (all_ways,) = find_candidates([name], task=CLASSIFY, memory_bytes=needed)
    assert Method.FULL in all_ways.methods
    (some_ways,) = find_candidates([name], task=CLASSIFY, memory_bytes=needed - 1)
    assert Method.FULL not in some_ways.methods
    assert Method.PEFT in some_ways.methods
    assert "training all weights takes" in some_ways.notes[0]
    with pytest.raises(ResourceError, match="are allowed"):
        find_candidates([name], task=CLASSIFY, memory_bytes=1000)
    with pytest.raises(ResourceError, match="355,359,744 parameters"):  # known before it would be fetched
        find_candidates(["FacebookAI/roberta-large"], task=CLASSIFY, memory_bytes=10**9)


def test_what_the_problem_forbids_is_no_way(models: dict[str, Path]):
    (one,) = find_candidates([str(models["gpt2"])], task=CLASSIFY, problem=Problem.REGRESSION)
    assert Method.ZERO_SHOT not in one.methods


def test_what_to_choose_from_when_nobody_says():
    packaged = ("packaged:minilm", "packaged:smollm2", "packaged:minilm2minilm")
    assert usual_names(CLASSIFY, n_rows=2000) == packaged
    assert usual_names(CLASSIFY, n_rows=SCRATCH_ROWS) == (*packaged, SCRATCH)
    assert SCRATCH_ROWS in [rule.when.get("rows_under") for rule in family_rules()]
    assert usual_names(Task.TRANSLATION) == ("packaged:smollm2", "packaged:minilm2minilm", SCRATCH)
    assert not scratch_pays(CLASSIFY, None)


def test_nothing_of_the_weights_is_opened(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "load", None)
    monkeypatch.setattr("transformers.PreTrainedModel.from_pretrained", None)
    (one,) = find_candidates([str(models["bert"])], task=CLASSIFY)
    assert one.located == locate_model(str(models["bert"]))
