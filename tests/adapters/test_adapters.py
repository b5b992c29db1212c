"""Finding and opening models: names, families, heads, limits, damage."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    CLIPConfig,
    GPT2Config,
    LlamaConfig,
    MarianConfig,
    RobertaConfig,
    RobertaModel,
    T5Config,
    ViTConfig,
    WhisperConfig,
)

from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    locate_model,
    open_for_prediction,
    open_for_training,
    open_tokenizer,
)
from toolkit.adapters.classification_head import problem_of
from toolkit.adapters.family import check_supported, family_of
from toolkit.data.packaged import packaged_model_folder
from toolkit.errors import HubError, IntegrityError, RecipeError
from toolkit.names import Family, Method, Problem, Task


@pytest.fixture
def copied(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


@pytest.fixture(scope="module")
def classifier(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT whose head was trained for the labels a and b."""
    folder = tmp_path_factory.mktemp("classifier")
    torch.manual_seed(1)
    config = BertConfig.from_pretrained(tiny_bert, id2label={0: "a", 1: "b"}, label2id={"a": 0, "b": 1})
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("config", "family"),
    [
        (BertConfig(), Family.ENCODER),
        (BertConfig(is_decoder=True), Family.DECODER),
        (RobertaConfig(), Family.ENCODER),
        (GPT2Config(), Family.DECODER),
        (LlamaConfig(), Family.DECODER),
        (T5Config(), Family.ENCODER_DECODER),
        (MarianConfig(), Family.ENCODER_DECODER),
    ],
)
def test_family_is_read_from_the_configuration(config: Any, family: Family):
    assert family_of(config) is family


def test_family_that_does_not_fit_is_refused_with_those_that_do():
    with pytest.raises(RecipeError, match=r"is a decoder model, and fill-mask .* works with: encoder"):
        check_supported(Task.FILL_MASK, Family.DECODER, Method.SCRATCH, model="x")


@pytest.mark.parametrize("config", [ViTConfig(), WhisperConfig(), CLIPConfig()])
def test_model_that_reads_no_text_is_refused_with_its_type(config: Any):
    with pytest.raises(RecipeError, match=f"a model of the type {config.model_type!r}, which is none of"):
        family_of(config, model="x")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("packaged:minilmm", "did you mean 'packaged:minilm'"),
        ("org/minilm", r"not in the cache.* did you mean packaged:minilm\?"),
        ("no/where", "without a network there are: packaged:minilm"),
        ("./missing-folder", "there is no such folder"),
        ("a folder with spaces", "there is no such folder"),
    ],
)
def test_model_that_is_not_there_is_told_at_once(name: str, words: str):
    with pytest.raises(HubError, match=words):
        locate_model(name)


def test_folder_without_configuration_and_file_are_no_models(tmp_path: Path):
    with pytest.raises(HubError, match=r"no config\.json"):
        locate_model(str(tmp_path))
    (tmp_path / "file").write_text("x")
    with pytest.raises(HubError, match="this is a file"):
        locate_model(str(tmp_path / "file"))


def test_new_head_is_named_and_carries_the_labels(tiny_bert: Path):
    opened = open_for_training(
        locate_model(str(tiny_bert)), SEQUENCE_HEAD, labels=("neg", "pos", "없음"), method=Method.FULL
    )
    assert opened.new_parameters == ("classifier.bias", "classifier.weight")
    assert opened.model.config.id2label == {0: "neg", 1: "pos", 2: "없음"}
    assert opened.model.config.label2id["없음"] == 2
    assert (opened.family, opened.max_length, opened.model.dtype) == (Family.ENCODER, 64, torch.float32)


def test_head_for_the_same_labels_is_kept(classifier: Path):
    opened = open_for_training(LocatedModel("x", classifier), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
    saved = BertForSequenceClassification.from_pretrained(classifier)
    assert opened.new_parameters == ()
    assert torch.equal(opened.model.classifier.weight, saved.classifier.weight)


def test_head_for_the_same_labels_in_another_order_says_the_same(classifier: Path):
    ours = open_for_training(LocatedModel("x", classifier), SEQUENCE_HEAD, labels=("b", "a"), method=Method.FULL)
    theirs = open_for_prediction(LocatedModel("x", classifier), SEQUENCE_HEAD)
    assert (ours.new_parameters, ours.model.config.id2label) == ((), {0: "b", 1: "a"})
    inputs = ours.tokenizer(["a film", "no"], padding=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(ours.model(**inputs).logits, theirs.model(**inputs).logits[:, [1, 0]])


@pytest.mark.parametrize("problem", [Problem.MULTI_LABEL, Problem.REGRESSION])
def test_head_for_another_problem_starts_anew(classifier: Path, problem: Problem):
    opened = open_for_training(
        LocatedModel("x", classifier), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL, problem=problem
    )
    assert opened.new_parameters == ("classifier.bias", "classifier.weight")
    assert opened.model.config.problem_type == problem


@pytest.mark.parametrize(
    ("n_labels", "written", "problem"),
    [
        (1, None, Problem.REGRESSION),
        (2, None, Problem.SINGLE_LABEL),
        (3, "multi_label_classification", Problem.MULTI_LABEL),
    ],
)
def test_problem_is_read_from_the_configuration(n_labels: int, written: str | None, problem: Problem):
    assert problem_of(BertConfig(num_labels=n_labels, problem_type=written)) is problem


@pytest.mark.parametrize("labels", [("c", "d"), ("a", "b", "c")])
def test_head_for_other_labels_starts_anew_and_the_body_stays(classifier: Path, labels: tuple[str, ...]):
    opened = open_for_training(LocatedModel("x", classifier), SEQUENCE_HEAD, labels=labels, method=Method.FULL)
    saved = BertForSequenceClassification.from_pretrained(classifier)
    assert opened.new_parameters == ("classifier.bias", "classifier.weight")
    assert opened.model.classifier.out_features == len(labels)
    assert not torch.equal(opened.model.classifier.weight[:2], saved.classifier.weight)
    assert torch.equal(opened.model.bert.pooler.dense.weight, saved.bert.pooler.dense.weight)


def test_positions_bound_the_length_also_where_counting_starts_late(tiny_bert: Path, tmp_path: Path):
    with pytest.raises(RecipeError, match=r"max_length is 65 tokens but the model has positions for 64"):
        open_for_training(
            locate_model(str(tiny_bert)), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL, max_length=65
        )
    config = RobertaConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=34,
        pad_token_id=1,
    )
    RobertaModel(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    opened = open_for_training(locate_model(str(tmp_path)), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
    assert opened.max_length == 32
    ids = torch.full((1, opened.max_length), 7)
    assert opened.model(input_ids=ids).logits.shape == (1, 2)
    with pytest.raises(RecipeError, match="positions for 32"):
        open_for_training(
            locate_model(str(tmp_path)), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL, max_length=33
        )


def test_the_length_is_saved_with_the_tokenizer(tiny_bert: Path, tmp_path: Path):
    opened = open_for_training(
        locate_model(str(tiny_bert)), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL, max_length=8
    )
    opened.tokenizer.save_pretrained(tmp_path)
    ids = AutoTokenizer.from_pretrained(tmp_path)("word " * 30, truncation=True)["input_ids"]
    assert len(ids) == 8


def test_prediction_needs_a_trained_head(tiny_bert: Path, classifier: Path):
    with pytest.raises(RecipeError, match="no trained head for text-classification"):
        open_for_prediction(locate_model(str(tiny_bert)), SEQUENCE_HEAD)
    assert open_for_prediction(LocatedModel("x", classifier), SEQUENCE_HEAD).labels == ("a", "b")


def test_tokenizer_of_another_model_is_refused(copied: Path):
    tokenizer = AutoTokenizer.from_pretrained(copied)
    tokenizer.add_tokens(["<one>", "<more>"])
    tokenizer.save_pretrained(copied)
    with pytest.raises(IntegrityError, match="knows 30524 tokens but the model has embeddings for 30522"):
        open_for_training(locate_model(str(copied)), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)


def _truncate(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])


def _pickle(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Trap(str(folder / "executed"))))


class _Trap:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


DAMAGES = {
    "truncated": _truncate,
    "empty": lambda folder: (folder / "model.safetensors").write_bytes(b""),
    "pickle only": _pickle,
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "configuration": lambda folder: (folder / "config.json").write_text("{"),
    "unknown type": lambda folder: (folder / "config.json").write_text('{"model_type": "nonsense"}'),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_model_is_refused_in_one_line_and_nothing_is_executed(copied: Path, kind: str):
    DAMAGES[kind](copied)
    with pytest.raises(IntegrityError) as refused:
        open_for_training(locate_model(str(copied)), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
    assert "\n" not in str(refused.value)
    assert str(copied) in str(refused.value)
    assert not (copied / "executed").exists()


def test_tokenizer_opens_without_the_weights(copied: Path):
    (copied / "model.safetensors").unlink()
    tokenizer, length = open_tokenizer(locate_model(str(copied)))
    assert (len(tokenizer), length) == (30522, 64)
    assert open_tokenizer(LocatedModel("x", packaged_model_folder("packaged:minilm")), max_length=7)[1] == 7
