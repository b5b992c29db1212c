"""Models of every kind in repositories of the loopback hub, verified from the outside; and what is wrong, named."""

from __future__ import annotations

import copy
import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from loopback import LoopbackHub
from safetensors.torch import load_file, save_file
from tiny_models import pretrained
from verified_models import CARD, METRICS, golden_of, labelled, report_of, sent, translating

from toolkit.errors import HubError, IntegrityError
from toolkit.hub.verify import fresh_process, replay
from toolkit.hub.verify.checks import checks_of
from toolkit.hub.verify.verdict import Verified, verify_folder, verify_remote
from toolkit.names import Method

pytestmark = pytest.mark.usefixtures("quick_processes")

KINDS = {
    "encoder": "BertForSequenceClassification",
    "adapter": "BertForSequenceClassification",
    "decoder": "LlamaForSequenceClassification",
    "encoder-decoder": "BartForSequenceClassification",
    "own": "TransformerForConditionalGeneration",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[LoopbackHub]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with LoopbackHub(port=port) as server:
        yield server
    assert not server.errors


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each kind; the base of the adapter is a repository."""
    home = tmp_path_factory.mktemp("runs")
    return {
        "encoder": labelled("bert", home / "encoder"),
        "adapter": labelled("bert", home / "adapter", method=Method.PEFT, base_name="alice/base"),
        "decoder": labelled("llama", home / "decoder"),
        "encoder-decoder": labelled("bart", home / "encoder-decoder"),
        "own": translating(home / "own"),
    }


@pytest.fixture
def publish(hub: LoopbackHub) -> Callable[..., str]:
    def publish(repo_id: str, files: dict[str, bytes]) -> str:
        hub.add_repo(repo_id, private=True)
        return hub.commit(repo_id, files).oid

    return publish


def named(verified: Verified) -> dict[str, bool | None]:
    return {check.name: check.passed for check in verified.checks}


def detail(verified: Verified, name: str) -> str:
    return next(check.detail for check in verified.checks if check.name == name)


def test_every_kind_of_model_is_verified_from_the_outside(runs, hub: LoopbackHub, publish):
    """Each in a fresh process that cannot import the toolkit and has an empty cache."""
    publish("alice/base", {path.name: path.read_bytes() for path in (runs["adapter"] / "base").iterdir()})
    commits = {
        kind: publish(f"alice/{kind}", sent(run, what="adapter" if kind == "adapter" else "model"))
        for kind, run in runs.items()
    }
    found = {kind: verify_remote(f"alice/{kind}", endpoint=hub.endpoint, token=hub.token) for kind in KINDS}
    for kind, verified in found.items():
        assert verified.passed, (kind, verified.checks)
        assert verified.revision == commits[kind]
        assert verified.parity is not None
        assert (verified.parity.rows, verified.parity.flips) == (len(golden_of(runs[kind])["rows"]), 0)
        assert verified.parity.largest_gap < 1e-5
        assert detail(verified, "opens").startswith(KINDS[kind])
        expected = {"files", "opens", "head", "labels", "tokenizer", "answers", "card"}
        assert set(named(verified)) == expected | ({"code"} if kind == "own" else set())
        assert json.loads(json.dumps(verified.to_json()))["passed"] is True
    assert "with its adapter, on alice/base" in detail(found["adapter"], "opens")
    assert named(found["own"])["labels"] is None
    assert all("config.json" not in request.path or request.token == hub.token for request in hub.requests)
    assert not hub.requests_with(hub.token)


def test_code_that_is_not_ours_does_not_run(runs, hub: LoopbackHub, publish, tmp_path: Path):
    files = sent(runs["own"])
    marker = tmp_path / "ran"
    files["model.py"] += f"\nopen({str(marker)!r}, 'w').close()\n".encode()
    publish("alice/own", files)
    verified = verify_remote("alice/own", endpoint=hub.endpoint, token=hub.token)
    assert not verified.passed
    assert named(verified)["code"] is False
    assert named(verified)["opens"] is None
    assert "model.py: not the code of this version of the toolkit" in detail(verified, "code")
    assert not marker.exists()


def test_code_runs_where_it_is_ours_or_trusted_and_in_this_repository(runs):
    model = runs["own"] / "model"
    place, report = replay.Place(str(model), model), {}
    assert replay._trusted({"known_code": fresh_process.known_code()}, place, report) is True
    assert report["code"]["unknown"] == []
    assert replay._trusted({"known_code": []}, place, report) is None
    assert len(report["code"]["unknown"]) == len(list(model.glob("*.py")))
    assert replay._trusted({"known_code": [], "trust": True}, place, report) is True


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_of_another_repository_never_runs(file: str, runs, tmp_path: Path):
    folder = tmp_path / "model"
    shutil.copytree(runs["own"] / "model", folder)
    config = json.loads((folder / file).read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoTokenizer": ["other/repo--code.Tokenizer", None]}
    (folder / file).write_text(json.dumps(config), encoding="utf-8")
    report: dict[str, Any] = {"files": [], "folder": str(folder)}
    request = {"known_code": fresh_process.known_code(), "trust": True}
    assert replay._trusted(request, replay.Place(str(folder), folder), report) is None
    found = {check.name: check.detail for check in checks_of(report, metrics=None, card=None)[0]}
    assert found["code"] == "a configuration names code of another repository: other/repo--code.Tokenizer"


def test_code_in_a_folder_within_is_looked_at_too(runs, tmp_path: Path):
    folder = tmp_path / "model"
    shutil.copytree(runs["own"] / "model", folder)
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text("print('ran')", encoding="utf-8")
    report: dict[str, Any] = {}
    request = {"known_code": fresh_process.known_code()}
    assert replay._trusted(request, replay.Place(str(folder), folder), report) is None
    assert report["code"]["unknown"] == ["custom_generate/generate.py"]


def _swap_labels(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"]["0"], config["id2label"]["1"] = config["id2label"]["1"], config["id2label"]["0"]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _lose_the_head(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "classifier" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def _change_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"][0] += 1e-2
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _swap_two_words(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["good"], vocabulary["bad"] = vocabulary["bad"], vocabulary["good"]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")


def _damage_the_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no weights")


@pytest.mark.parametrize(
    ("change", "failed", "words"),
    [
        (lambda _: None, set(), ("answers", "none flipped")),
        (_swap_labels, {"labels", "answers"}, ("answers", "flipped")),
        (_lose_the_head, {"head", "answers"}, ("head", "classifier.weight")),
        (_change_a_weight, {"answers"}, ("answers", "tolerated: 1e-04")),
        (_swap_two_words, {"tokenizer", "answers"}, ("tokenizer", "other tokens")),
        (_damage_the_weights, {"opens"}, ("opens", "SafetensorError")),
    ],
)
def test_what_is_wrong_with_a_folder_is_named(change, failed, words, runs, tmp_path: Path):
    folder = tmp_path / "model"
    shutil.copytree(runs["encoder"] / "model", folder)
    change(folder)
    verified = verify_folder(folder, golden_of(runs["encoder"]), METRICS, card=CARD)
    assert {name for name, passed in named(verified).items() if passed is False} == failed
    assert verified.passed == (not failed)
    assert words[1] in detail(verified, words[0])


def test_an_adapter_is_verified_on_the_folder_of_its_base(runs, tmp_path: Path):
    run = runs["adapter"]
    verified = verify_folder(run / "adapter", golden_of(run), None, base=run / "base")
    assert verified.passed, verified.checks
    other = pretrained("bert", tmp_path / "other", seed=7)
    wrong = verify_folder(run / "adapter", golden_of(run), None, base=other)
    assert named(wrong)["answers"] is False
    weights = load_file(run / "adapter" / "adapter_model.safetensors")
    shutil.copytree(run / "adapter", tmp_path / "headless")
    headless = {name: tensor for name, tensor in weights.items() if "classifier" not in name}
    save_file(headless, tmp_path / "headless" / "adapter_model.safetensors", metadata={"format": "pt"})
    lost = verify_folder(tmp_path / "headless", golden_of(run), None, base=run / "base")
    assert "classifier.weight" in detail(lost, "opens")


def test_a_model_without_golden_rows_is_opened_and_no_more(runs):
    verified = verify_folder(runs["decoder"] / "model", None, None)
    assert verified.passed
    assert named(verified) == {
        "files": True,
        "opens": True,
        "head": True,
        "labels": None,
        "answers": None,
        "card": None,
    }


@pytest.fixture
def golden(runs) -> dict[str, Any]:
    return golden_of(runs["encoder"])


def checks(report: dict[str, Any], **settings: Any) -> dict[str, tuple[bool | None, str]]:
    settings = {"metrics": METRICS, "card": CARD, "published": True, **settings}
    return {check.name: (check.passed, check.detail) for check in checks_of(report, **settings)[0]}


def test_files_that_no_push_sends_and_files_that_are_missing(golden: dict[str, Any]):
    usual = report_of(golden)["files"]
    assert checks(report_of(golden))["files"] == (True, "6, none missing")
    strange = report_of(golden, files=[*usual, ".gitattributes", ".env", "training_args.bin", "sub/config.json"])
    assert checks(strange)["files"][1] == "no file of a model: .env, sub/config.json, training_args.bin"
    missing = report_of(golden, files=usual[1:3])
    assert checks(missing)["files"] == (False, "missing: README.md, config.json, metrics.json, recipe.yaml")
    assert checks(report_of(golden), expected=usual)["files"][0] is True
    assert checks(report_of(golden), expected=[*usual, "vocab.txt"])["files"][1] == "missing: vocab.txt"
    assert checks(report_of(golden), expected=usual[:-1])["files"][1] == "no file of a model: recipe.yaml"


def test_the_card_shows_the_figures_of_metrics_json(golden: dict[str, Any]):
    report = report_of(golden)
    assert checks(report)["card"] == (True, "its 1 figures are those of metrics.json")
    for card, metrics in (
        (CARD.replace("0.845", "0.848"), METRICS),
        (CARD.replace("accuracy", "f1"), METRICS),
        (CARD, {"splits": {"test": {"metrics": {}}}}),
    ):
        assert checks(report, card=card, metrics=metrics)["card"][0] is False
    assert checks(report, card="no front matter")["card"] == (
        False,
        "its model-index, or metrics.json, cannot be read",
    )
    assert checks(report, card=None)["card"][0] is None


def test_metrics_that_are_one_to_the_hub_are_compared_one_by_one(golden: dict[str, Any]):
    report = report_of(golden)
    metrics = {"splits": {"test": {"rows": 8, "metrics": {"rouge1": {"value": 0.41}, "rougeL": {"value": 0.32}}}}}
    entries = "{type: rouge, name: ROUGE-1, value: 0.41}\n    - {type: rouge, name: ROUGE-L, value: 0.32}"
    card = CARD.replace("{type: accuracy, name: Accuracy, value: 0.845}", entries)
    assert checks(report, card=card, metrics=metrics)["card"] == (True, "its 2 figures are those of metrics.json")
    wrong = checks(report, card=card.replace("0.41", "0.45"), metrics=metrics)["card"]
    assert wrong == (False, "card and metrics.json differ: rouge1")
    assert checks(report, card=card.replace("ROUGE-L", "ROUGE-9"), metrics=metrics)["card"][0] is False


def test_answers_that_are_no_numbers_are_no_match(golden: dict[str, Any]):
    report = report_of(copy.deepcopy(golden))
    report["answers"][3]["probabilities"] = [math.nan] * 3
    passed, words = checks(report)["answers"]
    assert passed is False
    assert "largest gap inf" in words
    _, parity = checks_of(report, metrics=None, card=None)
    assert parity is not None
    assert parity.to_json()["largest_gap"] is None


def test_golden_rows_that_are_none_are_refused(golden: dict[str, Any], runs, hub: LoopbackHub, publish):
    """What comes from a repository may be anything."""
    rows = json.dumps(golden | {"rows": [{"text": 1, "ids": ""}]}).encode()
    publish("alice/model", sent(runs["encoder"]) | {"golden.json": rows})
    with pytest.raises(IntegrityError, match=r"alice/model: this is no golden\.json"):
        verify_remote("alice/model", endpoint=hub.endpoint, token=hub.token)


@pytest.mark.parametrize(
    ("repo", "revision", "words"),
    [
        ("alice/nothing", None, "there is no such repository, or your token may not read it"),
        ("alice/there", "v9", "the repository has no such revision"),
        ("alice/gated", None, "gated"),
        ("no repository", None, "neither a folder nor a repository's name"),
    ],
)
def test_a_hub_that_does_not_give_the_repository(repo: str, revision: str | None, words: str, hub: LoopbackHub):
    hub.add_repo("alice/there")
    hub.add_repo("alice/gated", gated="manual")
    hub.commit("alice/gated", {"config.json": b"{}"})
    with pytest.raises(HubError, match=words) as caught:
        verify_remote(repo, revision, endpoint=hub.endpoint, token=hub.add_token("bob", role="read"))
    assert len(caught.value.faults) == 1
    assert "hf_" not in str(caught.value)


def test_a_hub_that_is_none(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch):
    hub.add_repo("alice/there")
    hub.faults.add(r"GET /api/models/", status=200, body="<html>Please log in</html>", headers={})
    with pytest.raises(HubError, match="captive portal"):
        verify_remote("alice/there", endpoint=hub.endpoint, token="hf_secretsecret")
    with pytest.raises(HubError, match="cannot be reached") as caught:
        verify_remote("alice/there", endpoint="http://127.0.0.1:9", token="hf_secretsecret")
    assert "hf_secretsecret" not in str(caught.value)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE"):
        verify_remote("alice/there")
