"""A body with its head as one model: the same features, the same answers, also where there is no toolkit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForSequenceClassification, BertConfig

import toolkit.exported
from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    OpenedBody,
    adapter_of,
    export_pooled,
    open_body,
    open_for_prediction,
    open_for_training,
)
from toolkit.errors import RecipeError
from toolkit.exported import POOLINGS, PooledConfig, pool
from toolkit.names import Method, Problem

CODE = Path(toolkit.exported.__file__).parent
WORKER = Path(__file__).with_name("pooled_worker.py")
TEXTS = ["the film is good", "bad", "그 영화 는 좋다 , very very good !", "not dull . bright film !"]
LABELS = ("neg", "pos", "없음")
FAMILIES = ["bert", "longformer", "gpt2", "llama", "t5", "marian", "two-berts"]
OWN = ["own-encoder", "own-decoder", "own-encoder-decoder"]


def body_of(name: str, folder: Path) -> OpenedBody:
    return open_body(LocatedModel(name, tiny_models.pretrained(name, folder)), max_length=24)


def features(body: OpenedBody, *, pooling: str, layers: list[int]) -> Tensor:
    """Text by text, so that no padding can have a say; pooled by hand."""
    ways = {
        "mean": lambda state: state.mean(0),
        "cls": lambda state: state[0],
        "last": lambda state: state[-1],
        "max": lambda state: state.amax(0),
    }
    rows = []
    for text in TEXTS:
        inputs = body.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = adapter_of(body.family).states(body.model, inputs, layers)
        rows.append(torch.cat([ways[pooling](state[0]) for state in states]))
    return torch.stack(rows)


def head_for(found: Tensor, *, hidden: int | None) -> dict[str, Any]:
    torch.manual_seed(1)
    width = hidden or found.shape[-1]
    inner = None if hidden is None else (torch.randn(hidden, found.shape[-1]), torch.randn(hidden))
    return {"weight": torch.randn(3, width), "bias": torch.randn(3), "hidden": inner}


def answers(found: Tensor, head: dict[str, Any]) -> Tensor:
    if head["hidden"] is not None:
        found = (found @ head["hidden"][0].T + head["hidden"][1]).clamp(min=0)
    return found @ head["weight"].T + head["bias"]


def logits(opened: Any) -> Tensor:
    with torch.no_grad():
        found: Tensor = opened.model(**opened.tokenizer(TEXTS, padding=True, return_tensors="pt")).logits
    return found


def assert_same(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("how", POOLINGS)
def test_pooling_by_hand(how: str, side: str):
    torch.manual_seed(0)
    rows = [torch.randn(length, 4) for length in (3, 1, 5)]
    batch = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=99.0, padding_side=side)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True, padding_side=side)
    by_hand = {"mean": [row.mean(0) for row in rows], "cls": [row[0] for row in rows],
               "last": [row[-1] for row in rows], "max": [row.amax(0) for row in rows]}  # fmt: skip
    torch.testing.assert_close(pool(batch, mask.long(), how=how), torch.stack(by_hand[how]))
    torch.testing.assert_close(pool(rows[2][None], None, how=how)[0], by_hand[how][2])
    assert pool(batch, torch.zeros_like(mask), how=how).isfinite().all()


def test_other_poolings_are_refused():
    with pytest.raises(ValueError, match="no pooling 'sum'; one of cls, last, max, mean"):
        pool(torch.zeros(1, 1, 1), None, how="sum")
    with pytest.raises(StrictDataclassError):
        PooledConfig(body=BertConfig().to_dict(), pooling="sum")
    with pytest.raises(ValueError, match="layers is empty"):
        PooledConfig(body=BertConfig().to_dict(), layers=[])


@pytest.mark.parametrize("name", [*FAMILIES, *OWN])
@pytest.mark.parametrize(
    ("pooling", "layers", "hidden"),
    [("mean", [-1], None), ("cls", [-1], 5), ("last", [0, -1], None), ("max", [1, -2, 2], 5)],
)
def test_export_says_what_head_and_features_say(
    name: str, pooling: str, layers: list[int], hidden: int | None, tmp_path: Path
):
    body = body_of(name, tmp_path / "body")
    head = head_for(features(body, pooling=pooling, layers=layers), hidden=hidden)
    export: dict[str, Any] = {"pooling": pooling, "layers": layers, **head, "labels": LABELS}
    if name in OWN and layers != [-1]:
        with pytest.raises(RecipeError, match=r"features\.layers: our own Transformer .* last layer alone"):
            export_pooled(body, **export, problem=Problem.SINGLE_LABEL)
        return
    expected = answers(features(body, pooling=pooling, layers=layers), head)
    model = export_pooled(body, **export, problem=Problem.MULTI_LABEL)
    model.save_pretrained(tmp_path / "model")
    body.tokenizer.save_pretrained(tmp_path / "model")
    saved = open_for_prediction(LocatedModel("saved", tmp_path / "model"), SEQUENCE_HEAD)
    assert_same(logits(saved), expected)
    kept = body.family.value if name != "own-encoder-decoder" else "encoder"
    assert (saved.labels, saved.problem, saved.family.value) == (LABELS, Problem.MULTI_LABEL, kept)
    assert saved.max_length == 24
    assert not [part for part, _ in saved.model.named_parameters() if ".decoder." in part and name != "own-decoder"]
    if name in ("bert", "marian", "two-berts"):
        read_again(tmp_path / "model", body, expected)


def read_again(folder: Path, body: OpenedBody, expected: Tensor) -> None:
    """What was exported is a model like any other: a body for features, and a start for training."""
    exported = open_body(LocatedModel("again", folder))
    assert_same(features(exported, pooling="cls", layers=[0, -1]), features(body, pooling="cls", layers=[0, -1]))
    same = open_for_training(
        LocatedModel("again", folder), SEQUENCE_HEAD, labels=LABELS, method=Method.FULL, problem=Problem.MULTI_LABEL
    )
    assert same.new_parameters == ()
    assert_same(logits(same), expected)
    other = open_for_training(LocatedModel("again", folder), SEQUENCE_HEAD, labels=("x", "y"), method=Method.FULL)
    assert {part.partition(".")[0] for part in other.new_parameters} == {"classifier"}
    assert logits(other).shape == (len(TEXTS), 2)


@pytest.mark.parametrize("problem", list(Problem))
def test_loss_is_the_libraries(problem: Problem, tmp_path: Path):
    body = body_of("bert", tmp_path)
    head = head_for(features(body, pooling="mean", layers=[-1]), hidden=None)
    model = export_pooled(body, pooling="mean", layers=[-1], **head, labels=LABELS, problem=problem)
    inputs = body.tokenizer(TEXTS, padding=True, return_tensors="pt")
    targets = torch.rand(4, 3).round() if problem is not Problem.SINGLE_LABEL else torch.tensor([0, 2, 1, 1])
    output = model(**inputs, labels=targets)
    measure = {
        Problem.SINGLE_LABEL: torch.nn.functional.cross_entropy,
        Problem.MULTI_LABEL: torch.nn.functional.binary_cross_entropy_with_logits,
        Problem.REGRESSION: torch.nn.functional.mse_loss,
    }[problem]
    torch.testing.assert_close(output.loss, measure(output.logits, targets))
    output.loss.backward()
    assert all(weight.grad is not None for part, weight in model.named_parameters() if "pooler" not in part)
    as_tuple = model(**inputs, return_dict=False, output_hidden_states=True)
    assert torch.equal(as_tuple[0], output.logits)
    assert len(as_tuple[1]) == 3


def test_models_load_where_there_is_no_toolkit(tmp_path: Path):
    """Equal logits to the last bit from the folder alone, and from a folder that such a model was saved to again."""
    for name in ("bert", "llama", "marian"):
        body = body_of(name, tmp_path / f"{name}-body")
        head = head_for(features(body, pooling="mean", layers=[0, -1]), hidden=5)
        model = export_pooled(body, pooling="mean", layers=[0, -1], **head, labels=LABELS, problem=Problem.SINGLE_LABEL)
        model.save_pretrained(tmp_path / "models" / name)
        inputs = dict(body.tokenizer(TEXTS, padding=True, return_tensors="pt"))
        with torch.no_grad():
            said = model(**inputs).logits
        save_file({**inputs, "logits": said}, tmp_path / "models" / f"{name}.safetensors")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "HF_MODULES_CACHE": str(tmp_path / "modules"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    done = subprocess.run(
        [sys.executable, "-I", WORKER, tmp_path / "models"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip().endswith("all equal"), done.stdout + done.stderr


def test_a_folder_holds_the_code_and_the_toolkit_needs_no_trust(tmp_path: Path):
    body = body_of("bert", tmp_path / "body")
    head = head_for(features(body, pooling="mean", layers=[-1]), hidden=None)
    model = export_pooled(body, pooling="mean", layers=[-1], **head, labels=LABELS, problem=Problem.SINGLE_LABEL)
    model.save_pretrained(tmp_path / "model")
    references = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))["auto_map"]
    assert set(references) == {"AutoConfig", "AutoModelForSequenceClassification"}
    assert {path.name for path in (tmp_path / "model").glob("*.py")} == {"pooled.py", "pooled_config.py", "pooling.py"}
    opened = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", trust_remote_code=False)
    assert type(opened) is toolkit.exported.PooledForSequenceClassification


def test_files_import_torch_the_library_and_each_other():
    for path in CODE.glob("*.py"):
        for line in re.findall(r"^\s*(?:from|import) .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            words = line.split()
            if words[1].startswith("."):
                assert re.fullmatch(r"\s*from \.[a-z_]+ import .+", line), f"{path.name}: {line}"
                assert (CODE / f"{words[1][1:]}.py").is_file()
            else:
                root = words[1].partition(".")[0]
                assert root in {"torch", "transformers", "huggingface_hub", *sys.stdlib_module_names}, line
