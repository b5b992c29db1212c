"""`toolkit push` as people type it: rows 61, 66, 68, 69 and 71 of reliability.md, and what it refuses before a byte."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from push_cases import REPO, pushes, remote

from toolkit.recipe import build_recipe
from toolkit.trials.run_files import write_digests
from toolkit.workflow import publish
from toolkit.workflow.fine_tune import fine_tune

HUB = {"repo_id": REPO, "license": "apache-2.0", "language": ["en"]}
ROOT = {"README.md", "config.json", "golden.json", "metrics.json", "model.safetensors", "recipe.yaml"}
ROOT |= {"tokenizer.json", "tokenizer_config.json"}


@pytest.fixture(scope="module")
def made(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run in a folder with Hangul."""
    home = tmp_path_factory.mktemp("home")
    tree = tiny_tree | {"hub": HUB, "training": tiny_tree["training"] | {"num_train_epochs": 1}}
    fine_tune(build_recipe(tree), name="tiny", output_dir=home / "영화 평", ledger=home / "trials.jsonl")
    return home / "영화 평"


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def hub(loopback_hub: Any, quick_processes: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A hub whose token is in the environment."""
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    return loopback_hub


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("error: ")]


def test_run_goes_to_the_recipes_repository_and_works_from_there(hub, made, push):
    code, out, _ = push(made, "--json")
    said = json.loads(out)
    assert code == 0, said
    assert (said["repo_id"], said["commit"]) == (REPO, hub.repos[REPO].at().oid)
    assert said["verified"]["passed"]
    assert said["verified"]["parity"]["rows"] > 10
    assert set(said["files"]) == set(remote(hub)) == ROOT
    assert said["bytes"] == sum(map(len, remote(hub).values()))
    assert hub.repos[REPO].private
    assert not hub.requests_with(hub.token)


def test_second_push_says_that_nothing_is_new(hub, run, push):
    assert push(run)[0] == 0
    code, out, _ = push(run)
    assert code == 0
    assert "nothing new, so no commit was made" in out
    assert pushes(hub) == 1


def test_what_is_published_names_the_repository_and_no_folder_of_this_machine(hub, run, push):
    assert push(run, "acme/movies")[0] == 0
    files = remote(hub, repo="acme/movies")
    assert b"acme/movies" in files["README.md"]
    texts = [content for path, content in files.items() if not path.endswith(".safetensors")]
    assert not [text for text in texts if str(run.parent).encode() in text or b"/pytest-of" in text]


def test_remarks_and_checks_are_shown_plainly(hub, run, push):
    (run / "model" / "notes.txt").write_text("mine", encoding="utf-8")
    code, out, _ = push(run)
    assert code == 0
    assert out.splitlines()[0] == f"{hub.endpoint}/{REPO}/commit/{hub.repos[REPO].at().oid}"
    assert "note: not sent, for it is no part of the model: notes.txt" in out


def with_another_answer(golden: bytes) -> bytes:
    """The golden rows with another label for the first one."""
    kept = json.loads(golden)
    first = kept["rows"][0]
    first["prediction"] = next(label for label in kept["labels"] if label != first["prediction"])
    return json.dumps(kept, ensure_ascii=False).encode()


def test_run_that_answers_otherwise_is_exit_7_and_stays_here(hub, run, push):
    golden = run / "golden.json"
    golden.write_bytes(with_another_answer(golden.read_bytes()))
    write_digests(run)
    code, _, err = push(run)
    assert code == 7
    assert "answers: " in err
    assert "nothing was sent" in err
    assert not hub.repos


def test_published_model_that_does_not_open_is_exit_7_and_still_told(hub, run, push):
    """Another's code stands in the repository, and a configuration that asks for it."""
    hub.add_repo(REPO, private=True)
    settings = json.dumps({"auto_map": {"AutoProcessor": "processing.Processor"}}).encode()
    hub.commit(REPO, {"another_config.json": settings, "processing.py": b"Processor = None\n"})
    code, out, err = push(run, "--rebase", "--json")
    assert code == 7
    assert json.loads(out)["verified"]["passed"] is False
    assert json.loads(out)["commit"] == hub.repos[REPO].at().oid
    assert "it was published, but code failed" in err


@pytest.mark.parametrize("options", [["--create-pr", "--revision", "next"], []])
def test_command_line_that_is_wrong_is_exit_2(hub, run, push, options):
    recipe = run / "recipe.yaml"
    if not options:  # no repository is named anywhere
        recipe.write_text(recipe.read_text(encoding="utf-8").replace(f"repo_id: {REPO}", "repo_id: null"), "utf-8")
    code, _, err = push(run, *options)
    assert (code, len(lines(err))) == (2, 1)


def test_card_only_writes_the_card_and_sends_nothing(loopback_hub, run, push):
    code, out, _ = push(run, "--card-only", "--language", "ko")
    assert code == 0
    assert out.strip() == str(run / "README.md")
    card = (run / "README.md").read_text(encoding="utf-8")
    assert REPO in card
    assert "모델" in card
    assert not loopback_hub.requests


def test_a_card_stays_in_its_language_until_another_one_is_asked_for(loopback_hub, run, push, monkeypatch):
    headings = {"en": "## What it is for", "ko": "## 용도"}
    for asked, terminal, written in (
        ([], "ko", "en"),  # the language of the terminal does not ask for it
        (["--language", "ko"], "en", "ko"),
        ([], "en", "ko"),
        (["--language", "en"], "ko", "en"),
        ([], "ko", "en"),
    ):
        monkeypatch.setenv("TOOLKIT_LANG", terminal)
        assert push(run, "--card-only", *asked)[0] == 0
        lines_of_card = (run / "README.md").read_text(encoding="utf-8").splitlines()
        assert [language for language, heading in headings.items() if heading in lines_of_card] == [written]
    assert not loopback_hub.requests


def test_card_that_was_written_by_hand_is_told_to_stay_behind(hub, run, push):
    said = "the card that is sent is made from its figures"
    assert said not in push(run)[1]
    push(run, "--card-only", "--language", "ko")
    assert said not in push(run)[1]
    (run / "README.md").write_text("# mine\n", encoding="utf-8")
    assert said in push(run)[1]
    assert remote(hub)["README.md"] != b"# mine\n"


def test_space_is_written_beside_the_model_for_that_commit(hub, run, push):
    assert push(run, "--space")[0] == 0
    assert hub.repos[REPO].at().oid in (run / "space" / "app.py").read_text(encoding="utf-8")
    assert set(remote(hub)) == ROOT


# What is refused before a byte is sent.


def without_token(hub, run, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")


def read_token(hub, run, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub.add_token("alice", "read"))


def expired_token(hub, run, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub.add_token("alice", expired=True))


def other_users_token(hub, run, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub.add_token("bob"))


def token_for_another_repository(hub, run, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub.add_token("alice", "fineGrained", writes=("alice/other",)))


def offline(hub, run, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def never_finished(hub, run, monkeypatch):
    run.rename(run.with_name("run.unfinished"))


def diverged(hub, run, monkeypatch):
    trial = json.loads((run / "trial.json").read_text(encoding="utf-8"))
    trial |= {"status": "failed", "error": {"code": 6, "message": "the loss is not finite at step 3"}}
    (run / "trial.json").write_text(json.dumps(trial), encoding="utf-8")


def changed_weights(hub, run, monkeypatch):
    weights = run / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")


def changed_figures(hub, run, monkeypatch):
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    metrics["splits"]["test"]["metrics"]["accuracy"]["value"] = 0.99
    (run / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")


def new_file_in_the_model(hub, run, monkeypatch):
    (run / "model" / "chat_template.jinja").write_text("{{ x }}", encoding="utf-8")


def file_that_went(hub, run, monkeypatch):
    (run / "model" / "tokenizer_config.json").unlink()


def missing_weights(hub, run, monkeypatch):
    (run / "model" / "model.safetensors").unlink()


def link_to_elsewhere(hub, run, monkeypatch):
    config = run / "model" / "config.json"
    shutil.copy(config, run.parent / "elsewhere.json")
    config.unlink()
    config.symlink_to(run.parent / "elsewhere.json")


def no_such_run(hub, run, monkeypatch):
    shutil.rmtree(run)


def portal(hub, run, monkeypatch):
    hub.faults.add("", status=200, body="<html>log in</html>", times=None)


REFUSED = [
    (without_token, 5, r"there is no token; make one with write access at http://127\S+/settings/tokens"),
    (read_token, 5, r"this token only reads; take another token"),
    (expired_token, 5, r"does not know this token"),
    (other_users_token, 5, r"alice is neither the user of this token \(bob\)"),
    (token_for_another_repository, 5, r"this token may not write to alice/model"),
    (offline, 5, r"HF_HUB_OFFLINE=1"),
    (never_finished, 7, r"never finished"),
    (diverged, 7, r"diverged: the loss is not finite at step 3; fine-tune again"),
    (changed_weights, 7, r"model\.safetensors: this file changed since the run was measured"),
    (changed_figures, 7, r"metrics\.json: this file changed"),
    (new_file_in_the_model, 7, r"chat_template\.jinja: this file changed"),
    (file_that_went, 7, r"tokenizer_config\.json: this file of the run is missing"),
    (missing_weights, 7, r"model\.safetensors is missing"),
    (link_to_elsewhere, 7, r"link that leads out"),
    (no_such_run, 5, r"no such folder"),
    (portal, 5, r"something between"),
]


@pytest.mark.parametrize(("spoil", "code", "words"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_refused_in_plain_words_before_a_byte_is_sent(hub, run, push, monkeypatch, spoil, code, words):
    spoil(hub, run, monkeypatch)
    found, out, err = push(run)
    assert (found, out) == (code, "")
    assert lines(err)
    assert "Traceback" not in err
    assert re.search(words, err)
    assert not hub.repos
    assert all(request.method == "GET" for request in hub.requests)
    assert hub.token not in err


@pytest.mark.parametrize(
    ("repo", "words"),
    [
        ("bob/model", "bob is neither the user"),
        ("readers/model", "alice only reads in readers"),
        ("alice/영화", "is no repository's name"),
        ("alice/a/b", "is no repository's name"),
        ("alice/model.git", "is no repository's name"),
    ],
)
def test_names_that_cannot_be(hub, run, push, repo, words):
    code, _, err = push(run, repo)
    assert (code, len(lines(err))) == (5, 1)
    assert words in err
    assert not hub.repos


def test_name_without_an_owner_is_the_users_own(hub, run, push):
    assert push(run, "movies")[0] == 0
    assert list(hub.repos) == ["alice/movies"]


def test_name_that_is_taken_by_another_model(hub, run, push):
    hub.add_repo(REPO, private=True)
    hub.commit(REPO, {"pytorch_model.bin": b"x"}, title="a model of mine")
    code, _, err = push(run)
    assert (code, len(lines(err))) == (5, 1)
    assert "a model of mine" in err
    assert "--rebase" in err
    assert push(run, "--rebase")[0] == 0
    assert set(remote(hub)) == {*ROOT, "pytorch_model.bin"}


def spoilt_recipe(run: Path, old: str, new: str) -> None:
    """Another recipe, as if the run had had it."""
    recipe = run / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    assert old in text
    recipe.write_text(text.replace(old, new), encoding="utf-8")
    write_digests(run)


def test_unknown_licence(hub, run, push):
    spoilt_recipe(run, "license: apache-2.0", "license: my-own")
    code, _, err = push(run)
    assert (code, len(lines(err))) == (7, 1)
    assert "'my-own' is none of the hub's ids" in err
    assert not hub.repos


def test_public_asks_for_more_of_the_card(hub, run, push):
    spoilt_recipe(run, "license: apache-2.0", "license: null")
    assert push(run)[0] == 0
    hub.repos.clear()
    code, _, err = push(run, "--public")
    assert code == 7
    assert "the licence is not stated" in err
    assert not hub.repos


def test_public_when_asked(hub, run, push):
    assert push(run, "--public")[0] == 0
    assert not hub.repos[REPO].private


def test_planted_token_reaches_nothing(hub, run, push):
    """In the tokenizer, the weights, the recipe's note and beside the model; as a secret and as the token in use."""
    for place in ("model/tokenizer_config.json", "model/model.safetensors", "recipe.yaml"):
        file = run / place
        before = file.read_bytes()
        if place.endswith(".json"):
            file.write_bytes(before.replace(b"{", b'{"note": "' + hub.token.encode() + b'",', 1))
        else:
            file.write_bytes(before + b"\n# " + hub.token.encode())
        write_digests(run)
        code, out, err = push(run)
        file.write_bytes(before)
        assert code == 7, place
        named = f"{file.parent}: {file.name} is damaged" if place.endswith(".safetensors") else f"{file}:"
        assert named in err
        assert hub.token not in out + err
    for name in (".env", "training_args.bin", "run.ipynb", "train.csv"):
        (run / "model" / name).write_text(f"HF_TOKEN={hub.token}\n", encoding="utf-8")
    write_digests(run)
    code, out, err = push(run)
    assert code == 0
    assert set(remote(hub)) == ROOT
    assert hub.token not in out + err
    assert not hub.requests_with(hub.token)
    planted = {".env", "training_args.bin", "run.ipynb", "train.csv"}
    assert {
        path.name for path in run.rglob("*") if path.is_file() and hub.token.encode() in path.read_bytes()
    } == planted


def test_run_of_an_older_version_says_what_was_not_checked(hub, run, push):
    (run / "files.json").unlink()
    (run / "golden.json").unlink()
    code, out, _ = push(run)
    assert code == 0
    assert "whether its files changed since then was not checked" in out
    assert "no golden.json" in out
    assert set(remote(hub)) == ROOT - {"golden.json"}


# A folder that no run made.


def test_folder_of_a_model_goes_without_what_a_run_would_add(hub, run, push):
    code, out, _ = push(run / "model", "alice/plain")
    assert code == 0
    assert set(remote(hub, repo="alice/plain")) == ROOT - {"README.md", "metrics.json", "recipe.yaml", "golden.json"}
    assert "this is no run" in out
    assert "no answers to compare with" in out
    (run / "model" / "README.md").write_text("---\nbase_model: /home/me/bert\n---\n# mine\n", encoding="utf-8")
    code, _, err = push(run / "model", "alice/plain")
    assert code == 7
    assert "/home/me/bert" in err
    assert push(run / "model", "alice/plain", "--public")[0] == 7


def test_folder_that_is_no_model(hub, tmp_path, push):
    code, _, err = push(tmp_path, "alice/plain")
    assert (code, len(lines(err))) == (5, 1)


def test_publish_gives_back_what_it_did(hub, run):
    published = publish.publish(str(run), endpoint=hub.endpoint, tag="v1")
    assert published.repo_id == REPO
    assert published.url.endswith(published.commit)
    assert set(published.files) == ROOT
    assert published.passed
    assert hub.repos[REPO].tags == {"v1": published.commit}
