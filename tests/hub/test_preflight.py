"""What is found before training, and before a byte is sent."""

from __future__ import annotations

import logging

import pytest
from push_cases import CARD, REPO, client, manifest_of
from run_results import result_of

from toolkit.errors import HubError, IntegrityError
from toolkit.hub.card.public_metrics import public_metrics
from toolkit.hub.push import preflight
from toolkit.hub.push.manifest import ManifestFile
from toolkit.hub.push.preflight import check_account, check_before_training, check_files, open_hub
from toolkit.hub.push.remote import find_endpoint
from toolkit.recipe.schema import HubSection

PUBLIC = b"---\nlicense: apache-2.0\nlanguage: [en, ko]\n---\n# A card\n"


@pytest.fixture
def section() -> HubSection:
    return HubSection(repo_id=REPO, license="apache-2.0", language=["ko"])


def test_token_comes_from_the_environment_or_the_librarys_cache(loopback_hub, monkeypatch, tmp_path):
    with pytest.raises(HubError, match=r"there is no token; make one.*hf auth login.*HF_TOKEN"):
        open_hub()
    from huggingface_hub import constants

    kept = tmp_path / "hf-home" / "token"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(loopback_hub.token, encoding="utf-8")
    assert str(kept) == constants.HF_TOKEN_PATH
    assert open_hub().account().name == "alice"
    monkeypatch.setenv("HF_TOKEN", loopback_hub.add_token("bob"))
    assert open_hub().account().name == "bob"


def test_endpoint_is_what_is_given_else_the_environments(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://own.hub/")
    assert find_endpoint("https://given.hub/") == "https://given.hub"
    assert find_endpoint() == "http://own.hub"
    monkeypatch.delenv("HF_ENDPOINT")
    assert find_endpoint().startswith("http")


@pytest.mark.parametrize("repo", [REPO, "acme/model"])
def test_who_may_write(loopback_hub, repo):
    assert check_account(client(loopback_hub), repo) == repo
    token = loopback_hub.add_token("alice", "fineGrained", writes=(repo,), orgs={"acme": "write"})
    assert check_account(client(loopback_hub, token=token), repo) == repo


def test_who_may_not_is_told_where_it_would_go(loopback_hub):
    with pytest.raises(HubError, match=r"neither the user of this token \(alice\).*owner of this one: alice, acme$"):
        check_account(client(loopback_hub), "bob/model")


def test_everybody_may_propose_but_a_token_that_only_reads(loopback_hub):
    assert check_account(client(loopback_hub), "bob/model", create_pr=True)
    with pytest.raises(HubError, match="only reads"):
        check_account(client(loopback_hub, token=loopback_hub.add_token("eve", "read")), "bob/model", create_pr=True)


def test_hub_that_does_not_tell_the_role_decides_by_itself(loopback_hub):
    loopback_hub.faults.add("whoami", status=200, body={"name": "alice", "orgs": []}, times=None)
    assert check_account(client(loopback_hub), REPO) == REPO
    loopback_hub.faults.clear()
    loopback_hub.faults.add("whoami", status=200, body=["what?"])
    with pytest.raises(HubError, match="not the hub's"):
        check_account(client(loopback_hub), REPO)


def test_card_is_enough_for_oneself_and_for_all():
    check_files(manifest_of({"README.md": CARD}), public=False)
    check_files(manifest_of({"README.md": PUBLIC}), public=True)
    check_files(manifest_of({"config.json": b"{}"}), public=False)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (None, "there is no card"),
        (b"---\nlanguage: en\n---\n# A card\n", "the licence is not stated"),
        (b"---\nlicense: mit\n---\n# A card\n", "the language of the texts is not stated"),
        (b"---\nlicense: [\n---\n# A card\n", "is not plain YAML"),
    ],
)
def test_public_needs_a_card_that_says_what_one_may_do(card, words):
    with pytest.raises(IntegrityError, match=words):
        check_files(manifest_of({} if card is None else {"README.md": card}), public=True)


@pytest.mark.parametrize(
    "front",
    [
        "license: my-own",
        "base_model: /home/me/bert",
        "datasets: [./rows.csv]",
        "model-index: [{name: x, results: [{task: {type: a}, dataset: {type: a, name: b}, metrics: [{value: .nan}]}]}]",
        "x: !!python/object/apply:numpy.float64 [1]",
        'title: "<script>alert(1)</script>"',
        'title: "a\\n---\\nb"',
    ],
)
def test_cards_that_no_one_should_read_are_refused(front):
    """Row 69; `test_card_check` has all of them."""
    with pytest.raises(IntegrityError):
        check_files(manifest_of({"README.md": f"---\n{front}\n---\n# A card\n".encode()}), public=False)


def test_larger_file_than_the_hub_takes(tmp_path):
    manifest = manifest_of({})
    large = ManifestFile("model.safetensors", tmp_path / "x", preflight.LARGEST_FILE + 1, "0" * 64)
    with pytest.raises(IntegrityError, match=r"50,000,000,001 bytes.*save the model in shards"):
        check_files(manifest.having(large), public=False)


# Before training.


def test_recipe_without_a_repository_asks_nothing(loopback_hub):
    check_before_training(HubSection())
    assert not loopback_hub.requests


def test_recipe_that_may_be_published(loopback_hub, monkeypatch, section):
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    check_before_training(section)
    assert [request.line for request in loopback_hub.requests] == ["GET /api/whoami-v2"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"repo_id": "bob/model"}, "bob is neither"),
        ({"repo_id": "a b"}, "no repository's name"),
        ({"license": "Apache 2"}, r"hub\.license: .*none of the hub's ids"),
        ({"language": ["korean"]}, r"hub\.language: .*no code of a language"),
    ],
)
def test_what_would_stop_the_push_stops_the_run(loopback_hub, monkeypatch, section, change, words):
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    with pytest.raises(HubError, match=words):
        check_before_training(section.model_copy(update=change))


def test_missing_token_stops_the_run(loopback_hub, section):
    with pytest.raises(HubError, match="there is no token"):
        check_before_training(section)


def test_hub_that_is_not_to_be_reached_does_not_stop_the_run(loopback_hub, monkeypatch, section, caplog):
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    monkeypatch.setattr(logging.getLogger("toolkit"), "propagate", True)
    check_before_training(section, endpoint="http://127.0.0.1:9")
    assert "the run goes on" in caplog.text
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.delenv("HF_TOKEN")
    check_before_training(section)
    assert "was not checked" in caplog.text


# What is published names no folder of this machine.


def test_figures_without_folders():
    data = {
        "source": "/home/me/a.csv + /home/me/b.csv",
        "digest": "x",
        "warnings": ["/home/me/a.csv:3: empty"],
    }
    result = result_of({"model": "/home/me/models/bert", "labels": ["/b/", "/"], "data": data})
    assert public_metrics(result).to_json() == result.to_json() | {
        "model": "bert",
        "data": {"source": "a.csv + b.csv", "digest": "x", "warnings": ["a.csv:3: empty"]},
    }
    on_hub = result_of({"model": "org/name"})
    assert public_metrics(on_hub) == on_hub
