"""The rows of a run as a data set: sent where the licence allows, read back, and personal data told before."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import load_dataset
from push_cases import pushes, remote

import toolkit
from toolkit.hub.card.check import check_card
from toolkit.hub.rows.files import read_rows_back
from toolkit.hub.rows.licence import licence_of_rows
from toolkit.hub.rows.personal import SHAPES
from toolkit.names import Split
from toolkit.recipe import build_recipe
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.workflow.fine_tune import fine_tune

REPO = "alice/rows"
STORED = f"datasets/{REPO}"


@pytest.fixture(scope="module")
def made(tiny_tree: dict[str, Any], sentences: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose rows hold an address and two numbers that may be those of telephones."""
    home = tmp_path_factory.mktemp("rows")
    rows = [list(row) for row in sentences[:120]]
    for row, text in (
        (3, "write to ann.lee@mail.example.org"),
        (50, "전화는 010-1234-5678 입니다"),
        (51, "+4915112345678"),
    ):
        rows[row][0] = text
    with (home / "reviews.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    tree = {**tiny_tree, "method": "features", "hub": {"language": ["en"]}}
    del tree["training"]
    tree["data"] = tree["data"] | {"source": str(home / "reviews.csv")}
    return fine_tune(build_recipe(tree), name="tiny", output_dir=home / "run", ledger=home / "t.jsonl").folder


@pytest.fixture
def hub(loopback_hub: Any, quick_processes: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    return loopback_hub


def front_matter(card: str) -> dict[str, Any]:
    return yaml.safe_load(card.split("---\n")[1])


def test_rows_go_in_their_splits_and_are_read_back(hub, made: Path, push, tmp_path: Path):
    code, out, err = push(made, REPO, "--dataset", "--data-license", "cc-by-4.0", "--json")
    said = json.loads(out)
    assert code == 0, (said, err)
    assert [(check["name"], check["passed"]) for check in said["checks"]] == [
        (name, True) for name in ("files", "splits", "train", "validation", "test")
    ]
    files = remote(hub, repo=STORED)
    assert set(files) == set(said["files"])
    assert hub.repos[STORED].private
    assert not hub.requests_with(hub.token)
    card = files["README.md"].decode()
    assert check_card(card) == ()
    told = front_matter(card)
    assert (told["license"], told["language"], told["task_categories"]) == (
        "cc-by-4.0",
        ["en"],
        ["text-classification"],
    )
    assert "The 2 labels are `negative` and `positive`." in card
    assert RunResult.read(made / "metrics.json").data.digest in card
    assert "id 3\n" in card
    assert "mail.example" not in card
    assert str(made.parent) not in card
    # What datasets makes of the files is what the run has read.
    folder = tmp_path / "there"
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    there = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    recipe = toolkit.recipe.load_recipe(made / "recipe.yaml")
    data = room_of(recipe.task).prepare(recipe)
    for name in ("train", "validation", "test"):
        assert there[name]["text"][:] == getattr(data, name)["text"][:]
        assert there[name].features["label"].int2str(there[name]["label"][:]) == getattr(data, name)["reference"][:]
    # Rows of which one word is another would have been found.
    sent = {Split(name): there[name] for name in ("train", "validation", "test")}
    sent[Split.TEST] = sent[Split.TEST].map(lambda row: {"text": row["text"].replace("the", "teh")})
    checks = read_rows_back(REPO, said["commit"], sent, endpoint=hub.endpoint, token=hub.token)
    assert [check.passed for check in checks] == [True, True, True, False]
    assert checks[-1].detail == "30 rows (id, label, text), with another content"


def test_without_a_licence_the_card_goes_alone_and_says_why(hub, made: Path, push):
    code, out, err = push(made, REPO, "--dataset", "--public", "--language", "ko")
    assert code == 0, err
    assert set(remote(hub, repo=STORED)) == {"README.md"}
    assert "note: the card is there without the rows: the licence of reviews.csv is not known" in out
    card = remote(hub, repo=STORED)["README.md"].decode()
    assert "행 자체는 여기에 없습니다" in card
    assert "configs" not in front_matter(card)
    assert hub.repos[STORED].private is False
    code, out, _ = push(made, REPO, "--dataset", "--public", "--language", "ko")
    assert code == 0
    assert "nothing new, so no commit was made" in out
    assert pushes(hub, repo=STORED) == 1


def test_rows_that_look_personal_are_named_and_not_made_public(hub, made: Path, push):
    code, out, err = push(made, REPO, "--dataset", "--data-license", "cc0-1.0", "--public")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 3
    told = "\n".join(errors)
    assert "row with what looks like an e-mail address: id 3" in told
    assert told.count("telephone number") >= 1
    assert "mail.example" not in out + err
    assert "nothing was sent" in told
    assert STORED not in hub.repos


def test_what_was_asked_wrong_is_one_line(hub, made: Path, push):
    for arguments, code, words in (
        ([made, "--dataset"], 2, "no data set is named"),
        ([made, REPO, "--dataset", "--merged"], 2, "--merged are of models"),
        ([made, REPO, "--data-license", "cc0-1.0"], 2, "published with --dataset"),
        ([made, REPO, "--dataset", "--data-license", "cc-by"], 2, "did you mean"),
        ([made, "somebody/rows", "--dataset"], 5, "somebody is neither"),
    ):
        found, _, err = push(*arguments)
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert (found, len(errors)) == (code, 1), err
        assert words in errors[0]
    assert not hub.repos


def test_a_card_without_pushing_and_rows_that_have_changed(made: Path, push, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    code, out, _ = push(made, REPO, "--dataset", "--card-only")
    assert (code, out.strip()) == (0, str(made / "dataset-card.md"))
    assert "The rows themselves are not here" in (made / "dataset-card.md").read_text(encoding="utf-8")
    source = made.parent / "reviews.csv"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("film", "fílm"), encoding="utf-8")
    code, _, err = push(made, REPO, "--dataset", "--card-only")
    source.write_text(text, encoding="utf-8")
    assert code == 3
    assert "the rows are not those of the run" in err


@pytest.mark.parametrize(
    ("said", "sources", "there", "id", "hindrance"),
    [
        ("mit", "a.csv", {}, "mit", None),
        ("cc-by-nc-nd-4.0", "a.csv", {}, "cc-by-nc-nd-4.0", "in another form"),
        ("other", "a.csv", {}, "other", "does not say"),
        (None, "packaged:rotten-tomatoes", {}, None, "is not known (Licence of"),
        (None, "org/a, org/b", {"org/a": "mit", "org/b": "mit"}, "mit", None),
        (None, "org/a, org/b", {"org/a": "mit", "org/b": "cc0-1.0"}, None, "different licences: cc0-1.0, mit"),
        (None, "org/a, org/b", {"org/a": "mit"}, None, "the licence of org/b is not known"),
    ],
)
def test_licences(
    said: str | None, sources: str, there: dict[str, str], id: str | None, hindrance: str | None, metrics
):
    metrics["data"]["source"] = sources
    found = licence_of_rows(RunResult.from_json(metrics), said, ask=there.get)
    assert found.id == id
    assert (found.hindrance is None) == (hindrance is None)
    assert hindrance is None or hindrance in found.hindrance


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mail me: a.b+c@ex-ample.co.kr.", ["an e-mail address"]),
        ("홍길동@메일.한국", ["an e-mail address"]),
        ("call (02) 1234-5678", ["a telephone number"]),
        ("+82 10 1234 5678 or 01012345678", ["a telephone number"]),
        ("555-123-4567", ["a telephone number"]),
        ("on 2024-01-05 10 000 000 people @home saw 3.14159265", []),
        ("isbn 978-3-16-148410-0, v1.2.3, 12:30:45, #1234567890123", []),
        ("@user thanks a@b", []),
    ],
)
def test_shapes_of_personal_data(text: str, kinds: list[str]):
    assert [kind for kind, shape in SHAPES.items() if shape.search(text)] == kinds


TREES = [
    ({"task": "text-classification", "model": {"name": "packaged:minilm"}}, "sets.csv", ["id", "labels", "text"]),
    (
        {"task": "token-classification", "model": {"name": "packaged:minilm"}},
        "tags.jsonl",
        ["id", "tags", "text", "tokens"],
    ),
    ({"task": "text-generation", "model": {"name": "packaged:smollm2"}}, "chats.jsonl", ["id", "messages", "target"]),
    ({"task": "text-classification", "model": {"name": "packaged:minilm"}}, "scores.csv", ["id", "label", "text"]),
]


@pytest.mark.parametrize(("tree", "name", "columns"), TREES)
def test_rows_of_every_task_are_those_that_others_read(
    tree: dict[str, Any], name: str, columns: list[str], tmp_path: Path
):
    lines = {
        "sets.csv": ["text,labels", *(f"t {i},{'a;b' if i % 2 else 'b'}" for i in range(60))],
        "scores.csv": ["text,label", *(f"t {i},{i % 7}.5" for i in range(60))],
        "tags.jsonl": [json.dumps({"tokens": ["a", f"b{i}"], "tags": ["O", "B-X"]}) for i in range(40)],
        "chats.jsonl": [
            json.dumps({"messages": [{"role": "user", "content": f"q {i}"}, {"role": "assistant", "content": "a"}]})
            for i in range(40)
        ],
    }[name]
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    kinds = {"sets.csv": "multi_label_classification", "scores.csv": "regression"}
    tree = {**tree, "method": "full" if name != "chats.jsonl" else "lora", "data": {"source": str(tmp_path / name)}}
    if name == "chats.jsonl":
        tree["data"]["columns"] = {"messages": "messages"}
    if name in kinds:
        tree["model"] = tree["model"] | {"problem_type": kinds[name]}
    recipe = build_recipe(tree)
    data = room_of(recipe.task).prepare(recipe)
    rows = room_of(recipe.task).published(data.train, data)
    assert sorted(rows.column_names) == columns
    first = rows[0]
    shown = {"sets.csv": "labels", "tags.jsonl": "tokens", "chats.jsonl": "messages", "scores.csv": "label"}[name]
    number = first["id"]
    assert (
        first[shown]
        == {
            "labels": ["a", "b"] if number % 2 else ["b"],
            "tokens": ["a", f"b{number}"],
            "messages": [{"role": "user", "content": f"q {number}"}],
            "label": number % 7 + 0.5,
        }[shown]
    )
