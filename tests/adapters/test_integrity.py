"""Files that the library would open, and must not; kinds of encoders that it must open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BigBirdConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    LongformerConfig,
    ModernBertConfig,
    MPNetConfig,
    PreTrainedConfig,
)

from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    locate_model,
    open_for_prediction,
    open_for_training,
    open_tokenizer,
)
from toolkit.errors import HubError, IntegrityError, RecipeError
from toolkit.names import Method

VOCABULARY = 30522
LAYER = "bert.encoder.layer.0.output.dense.weight"
SMALL = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 66,
}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}


@pytest.fixture
def classifier(tiny_bert: Path, tmp_path: Path) -> Path:
    """A tiny BERT with a head for the labels a and b."""
    folder = tmp_path / "model"
    torch.manual_seed(1)
    config = BertConfig.from_pretrained(tiny_bert, id2label={0: "a", 1: "b"}, label2id={"a": 0, "b": 1})
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    return folder


def _change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    file = folder / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in load_file(file).items()}
    file.unlink()
    change(tensors)
    save_file(tensors, file, metadata={"format": "pt"})


def _refused(folder: Path) -> list[str]:
    with pytest.raises(IntegrityError) as refused:
        open_for_prediction(LocatedModel("mine", folder), SEQUENCE_HEAD)
    messages = [fault.message for fault in refused.value.faults]
    with pytest.raises(IntegrityError):
        open_for_training(LocatedModel("mine", folder), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
    assert {fault.where for fault in refused.value.faults} == {"model mine"}
    return messages


def test_missing_tensor_of_the_body_is_not_started_at_random(classifier: Path):
    _change_weights(classifier, lambda tensors: tensors.pop(LAYER))
    assert _refused(classifier) == [f"the weights lack {LAYER}"]


def test_tensor_of_another_shape_is_named_with_both_shapes(classifier: Path):
    _change_weights(classifier, lambda tensors: tensors.update({LAYER: tensors[LAYER][:, :7].clone()}))
    assert _refused(classifier) == [f"{LAYER} has the shape [32, 7] in the weights and [32, 64] in the configuration"]


def test_head_of_another_size_is_replaced_in_training_and_refused_in_prediction(classifier: Path):
    _change_weights(classifier, lambda tensors: tensors.update({"classifier.bias": torch.zeros(3)}))
    assert _refused(classifier) == ["classifier.bias has the shape [3] in the weights and [2] in the configuration"]
    opened = open_for_training(LocatedModel("mine", classifier), SEQUENCE_HEAD, labels=("c", "d"), method=Method.FULL)
    assert opened.new_parameters == ("classifier.bias", "classifier.weight")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(classifier: Path, number: float):
    _change_weights(classifier, lambda tensors: tensors[LAYER].__setitem__((0, 0), number))
    assert _refused(classifier) == [f"{LAYER} holds numbers that are not finite"]


def test_only_the_first_faults_are_listed(classifier: Path):
    def keep_the_head(tensors: dict[str, torch.Tensor]) -> None:
        for name in [name for name in tensors if ".layer." in name]:
            del tensors[name]

    _change_weights(classifier, keep_the_head)
    *named, rest = _refused(classifier)
    assert len(named) == 3
    assert rest == "and 29 more such faults"


def _shard(folder: Path, shards: dict[str, str]) -> None:
    """Replace the weights by an index that names some shards."""
    (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
    index = {"metadata": {}, "weight_map": shards}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["../outside.safetensors", "/etc/outside.safetensors", "weights.bin", "sub/outside.safetensors"]
)
def test_index_that_leads_elsewhere_is_refused(classifier: Path, name: str):
    _shard(classifier, {LAYER: name})
    assert f"model.safetensors.index.json names {name!r}, which is no weight file of this folder" in _refused(
        classifier
    )


def test_missing_shard_and_damaged_index_are_named(classifier: Path):
    _shard(classifier, {LAYER: "model-00001-of-00002.safetensors"})
    assert _refused(classifier) == ["the weight file model-00001-of-00002.safetensors is missing"]
    for content in ("{", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'):
        (classifier / "model.safetensors.index.json").write_text(content, encoding="utf-8")
        assert _refused(classifier) == ["model.safetensors.index.json is damaged"]


def test_parts_that_no_index_names_are_refused(classifier: Path):
    shutil.copy(classifier / "model.safetensors", classifier / "model-00001-of-00002.safetensors")
    stray = "model-00001-of-00002.safetensors is named by no index: files of two saves are mixed"
    assert _refused(classifier) == [f"{stray}; take the whole model again"]
    (classifier / "model.safetensors").rename(classifier / "model-00001-of-00001.safetensors")
    index = {"metadata": {}, "weight_map": {LAYER: "model-00001-of-00001.safetensors"}}
    (classifier / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert _refused(classifier) == [f"{stray}; take the whole model again"]


def test_a_tensor_that_stands_twice_is_refused(classifier: Path):
    """The library takes the last one of the two, so that two readers may see two models."""
    file = classifier / "model.safetensors"
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].decode().rstrip()
    again = json.dumps({"classifier.bias": json.loads(header)["classifier.bias"]})
    longer = f"{header[:-1]},{again[1:]}".encode()
    file.write_bytes(len(longer).to_bytes(8, "little") + longer + content[8 + length :])
    assert load_file(file)["classifier.bias"].shape == (2,)
    assert _refused(classifier) == ["model.safetensors holds two tensors named classifier.bias"]


@pytest.mark.parametrize(("kind", "name"), [(torch.int32, "I32"), (torch.bool, "BOOL"), (torch.complex64, "C64")])
def test_weights_that_are_other_than_numbers_are_refused(classifier: Path, kind: torch.dtype, name: str):
    _change_weights(classifier, lambda tensors: tensors.update({LAYER: tensors[LAYER].to(kind)}))
    found = f"{LAYER} in model.safetensors holds {name}, where a weight is a floating-point number"
    assert _refused(classifier) == [found]


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_open(classifier: Path, kind: torch.dtype):
    _change_weights(classifier, lambda tensors: tensors.update({LAYER: tensors[LAYER].to(kind)}))
    opened = open_for_prediction(LocatedModel("mine", classifier), SEQUENCE_HEAD)
    assert {parameter.dtype for parameter in opened.model.parameters()} == {torch.float32}


def test_sharded_weights_open(classifier: Path):
    whole = BertForSequenceClassification.from_pretrained(classifier)
    (classifier / "model.safetensors").unlink()
    whole.save_pretrained(classifier, max_shard_size="1MB")
    assert (classifier / "model.safetensors.index.json").is_file()
    opened = open_for_prediction(LocatedModel("mine", classifier), SEQUENCE_HEAD)
    assert torch.equal(opened.model.classifier.weight, whole.classifier.weight)


def test_made_up_tokenizer_is_refused(classifier: Path):
    for file in classifier.glob("tokenizer*"):
        file.unlink()
    assert _refused(classifier) == ["it has no tokenizer: none of tokenizer.json, vocab.txt is there"]
    with pytest.raises(IntegrityError, match="it has no tokenizer"):
        open_tokenizer(LocatedModel("mine", classifier))


def test_pickles_are_named_and_weights_without_configuration_are_damage(classifier: Path):
    (classifier / "model.safetensors").rename(classifier / "pytorch_model.bin")
    assert "only there as pytorch_model.bin, a format that can run code" in _refused(classifier)[0]
    (classifier / "pytorch_model.bin").rename(classifier / "model.safetensors")
    (classifier / "config.json").unlink()
    with pytest.raises(IntegrityError, match=r"config\.json is missing"):
        locate_model(str(classifier))


def test_nearly_right_folder_is_named(classifier: Path):
    shutil.copytree(classifier, classifier.parent / "sentiment")
    with pytest.raises(HubError, match=r"there is no such folder \(did you mean '.*sentiment'\?\)"):
        locate_model(str(classifier.parent / "sentimnt"))


def test_pooler_that_masked_language_models_lack_is_new(tiny_bert: Path, tmp_path: Path):
    BertForMaskedLM(BertConfig.from_pretrained(tiny_bert)).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    opened = open_for_training(LocatedModel("mine", tmp_path), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
    assert opened.new_parameters == (
        "bert.pooler.dense.bias",
        "bert.pooler.dense.weight",
        "classifier.bias",
        "classifier.weight",
    )


@pytest.mark.parametrize(
    "config",
    [
        DebertaV2Config(**SMALL),
        ElectraConfig(**SMALL, embedding_size=16),
        LongformerConfig(**SMALL, attention_window=4),
        BigBirdConfig(**SMALL),
        MPNetConfig(**SMALL),
        ModernBertConfig(**SMALL, **SPECIAL),
        DistilBertConfig(vocab_size=VOCABULARY, dim=16, n_layers=1, n_heads=2, hidden_dim=16),
    ],
    ids=lambda config: config.model_type,
)
def test_every_kind_of_encoder_opens_and_sees_its_whole_length(
    config: PreTrainedConfig, tiny_bert: Path, tmp_path: Path
):
    """Half of them have no SDPA attention; some count positions from behind their padding index."""
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    opened = open_for_training(LocatedModel("mine", tmp_path), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
    assert opened.new_parameters
    ids = torch.randint(1000, 2000, (2, opened.max_length))
    assert opened.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.shape == (2, 2)
    assert open_tokenizer(LocatedModel("mine", tmp_path))[1] == opened.max_length


def test_too_long_is_refused_by_the_tokenizer_alone_too(tiny_bert: Path):
    with pytest.raises(
        RecipeError, match="max_length is 65 tokens but the model has positions for 64; make it 64 or less"
    ):
        open_tokenizer(LocatedModel("mine", tiny_bert), max_length=65)


def test_model_type_that_the_library_has_no_text_heads_for_is_refused(tiny_bert: Path, tmp_path: Path):
    folder: Any = shutil.copytree(tiny_bert, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "splinter"}), encoding="utf-8")
    with pytest.raises(RecipeError, match="model mine: this is a model of the type 'splinter', which is none of"):
        open_for_training(LocatedModel("mine", folder), SEQUENCE_HEAD, labels=("a", "b"), method=Method.FULL)
