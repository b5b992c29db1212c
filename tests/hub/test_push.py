"""Rows 61, 65, 70 of reliability.md: one commit with the files of the manifest, on the parent that was read."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest
from push_cases import CARD, FILES, REPO, client, manifest_of, pushes, remote, send

from toolkit.errors import HubError, IntegrityError


def test_first_push_is_one_commit_with_exactly_the_files_and_private(loopback_hub):
    pushed = send(loopback_hub)
    repo = loopback_hub.repos[REPO]
    assert remote(loopback_hub) == FILES
    assert pushed.commit == repo.at().oid
    assert (pushes(loopback_hub), len(repo.commits)) == (1, 2)  # the other one is the hub's own
    assert set(pushed.sent) == set(FILES)
    assert repo.private
    assert repo.at().files["model.safetensors"].lfs


def test_push_with_nothing_new_makes_no_commit_and_sends_nothing(loopback_hub):
    first = send(loopback_hub)
    loopback_hub.requests.clear()
    second = send(loopback_hub)
    assert (second.commit, second.sent, second.deleted) == (first.commit, (), ())
    assert all(request.method == "GET" for request in loopback_hub.requests)


def test_only_what_changed_is_sent_and_leftovers_of_earlier_pushes_go(loopback_hub):
    send(loopback_hub, {**FILES, "modeling_own.py": b"x = 1\n", "model-00001-of-00002.safetensors": b"part"})
    pushed = send(loopback_hub, {**FILES, "config.json": b"{}"})
    assert pushed.sent == ("config.json",)
    assert pushed.deleted == ("model-00001-of-00002.safetensors", "modeling_own.py")
    assert remote(loopback_hub) == {**FILES, "config.json": b"{}"}
    assert pushes(loopback_hub) == 2


def test_weights_that_another_tool_left_are_replaced_and_all_else_stays(loopback_hub):
    loopback_hub.add_repo(REPO, private=True)
    theirs = {"adapter_config.json": b"{}", "LICENSE": b"MIT", "notes/a.md": b"x", ".gitattributes": b"* text\n"}
    loopback_hub.commit(REPO, theirs)
    pushed = send(loopback_hub, rebase=True)
    assert pushed.deleted == ("adapter_config.json",)
    assert remote(loopback_hub) == {**FILES, "LICENSE": b"MIT", "notes/a.md": b"x"}
    assert loopback_hub.repos[REPO].files()[".gitattributes"] == b"* text\n"
    assert set(pushed.files) == {*FILES, "LICENSE", "notes/a.md", ".gitattributes"}


def test_somebody_elses_latest_commit_stops_the_push_until_rebase(loopback_hub):
    send(loopback_hub)
    theirs = loopback_hub.commit(REPO, {"README.md": b"by hand"}, title="Update README.md")
    with pytest.raises(HubError, match=f"{theirs.oid[:12]}.*Update README.md.*--rebase"):
        send(loopback_hub)
    assert loopback_hub.repos[REPO].at().oid == theirs.oid
    assert send(loopback_hub, rebase=True).sent == ("README.md",)
    assert remote(loopback_hub)["README.md"] == CARD


def test_repository_made_by_hand_with_a_first_readme_is_free(loopback_hub):
    loopback_hub.add_repo(REPO, private=True)
    loopback_hub.commit(REPO, {"README.md": b"---\nlicense: mit\n---\n"})
    assert remote(loopback_hub, send(loopback_hub).commit) == FILES


def test_parent_that_moves_meanwhile_stops_with_both_commits_shown(loopback_hub):
    before = send(loopback_hub).commit
    loopback_hub.faults.add(r"POST .*/commit/", moved_parent=True)
    with pytest.raises(HubError) as refused:
        send(loopback_hub, {**FILES, "config.json": b"{}"})
    now = loopback_hub.repos[REPO].at()
    assert all(words in str(refused.value) for words in (before, now.oid, "--rebase"))
    assert now.title == "by another"
    assert remote(loopback_hub)["config.json"] == FILES["config.json"]


def test_rebase_goes_on_top_of_a_parent_that_moved(loopback_hub):
    send(loopback_hub)
    loopback_hub.faults.add(r"POST .*/commit/", moved_parent=True, times=2)
    send(loopback_hub, {**FILES, "config.json": b"{}"}, rebase=True)
    assert remote(loopback_hub) == {**FILES, "config.json": b"{}", "moved.txt": b"another was faster\n"}
    assert [commit.title for commit in loopback_hub.repos[REPO].history()].count("by another") == 2
    assert pushes(loopback_hub) == 2


def test_rebase_gives_up_when_the_parent_never_stands_still(loopback_hub):
    send(loopback_hub)
    # the same content each time, but a commit each time
    loopback_hub.faults.add(r"POST .*/commit/", moved_parent=True, times=None)
    with pytest.raises(HubError, match="was faster"):
        send(loopback_hub, {**FILES, "config.json": b"{}"}, rebase=True)
    assert pushes(loopback_hub) == 1


def test_branch_is_made_and_main_stays(loopback_hub):
    main = send(loopback_hub).commit
    pushed = send(loopback_hub, {**FILES, "config.json": b"{}"}, revision="trial/2")
    assert loopback_hub.repos[REPO].at("trial/2").oid == pushed.commit
    assert loopback_hub.repos[REPO].at().oid == main


def test_pull_request_leaves_main_and_is_made_once(loopback_hub):
    main = send(loopback_hub).commit
    changed = {**FILES, "config.json": b"{}"}
    pushed = send(loopback_hub, changed, create_pr=True)
    assert pushed.pull_request == "refs/pr/1"
    assert remote(loopback_hub, "refs/pr/1") == changed
    assert loopback_hub.repos[REPO].at().oid == main
    again = send(loopback_hub, changed, create_pr=True)
    assert (again.commit, again.pull_request, again.sent) == (pushed.commit, "refs/pr/1", ())
    assert send(loopback_hub, {**changed, "config.json": b"[]"}, create_pr=True).pull_request == "refs/pr/2"


def test_everybody_may_propose_to_a_public_repository(loopback_hub):
    send(loopback_hub, private=False)
    bob = loopback_hub.add_token("bob")
    assert send(loopback_hub, {**FILES, "config.json": b"{}"}, token=bob, create_pr=True).pull_request == "refs/pr/1"


def test_pull_request_needs_a_repository(loopback_hub):
    with pytest.raises(HubError, match=r"no such repository.*leave out --create-pr"):
        send(loopback_hub, create_pr=True)
    assert not loopback_hub.repos


def test_tag_names_the_commit_and_does_not_move(loopback_hub):
    first = send(loopback_hub, tag="v1")
    assert loopback_hub.repos[REPO].tags == {"v1": first.commit}
    assert send(loopback_hub, tag="v1").commit == first.commit  # the same again is no fault
    with pytest.raises(HubError, match=f"v1 is there, at commit {first.commit}.*another --tag"):
        send(loopback_hub, {**FILES, "config.json": b"{}"}, tag="v1")
    assert pushes(loopback_hub) == 1
    assert send(loopback_hub, tag="v1.0").commit == first.commit
    assert loopback_hub.repos[REPO].tags["v1.0"] == first.commit


def test_public_repository_is_not_written_to_by_accident(loopback_hub):
    loopback_hub.add_repo(REPO, private=False)
    with pytest.raises(HubError, match=r"public; --public"):
        send(loopback_hub)
    assert pushes(loopback_hub) == 0
    send(loopback_hub, private=False)
    assert pushes(loopback_hub) == 1


def test_public_when_asked(loopback_hub):
    send(loopback_hub, private=False)
    assert not loopback_hub.repos[REPO].private


def test_private_repository_stays_private_and_that_is_said(loopback_hub, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("toolkit"), "propagate", True)
    loopback_hub.add_repo(REPO, private=True)
    send(loopback_hub, private=False)
    assert loopback_hub.repos[REPO].private
    assert "is private and stays so" in caplog.text


def test_gitignore_of_the_repository_is_noticed(loopback_hub):
    loopback_hub.add_repo(REPO, private=True)
    loopback_hub.commit(REPO, {".gitignore": b"*.json\n"})
    with pytest.raises(IntegrityError, match=r"config\.json.*\.gitignore"):
        send(loopback_hub, rebase=True)


def test_the_token_travels_in_its_header_alone(loopback_hub):
    send(loopback_hub)
    assert not loopback_hub.requests_with(loopback_hub.token)
    assert all("authorization" not in one.headers for one in loopback_hub.requests if one.origin == "storage")


@pytest.mark.parametrize(("setting", "off"), [(None, True), ("1", True), ("0", False)])
def test_the_protocol_that_only_huggingface_co_speaks_is_off_for_our_own_transfers_alone(setting, off):
    code = (
        "import toolkit, huggingface_hub.constants as c\n"
        "from toolkit.hub_protocol import plain_transfers\n"
        "before = c.HF_HUB_DISABLE_XET\n"
        "with plain_transfers(): print(before, c.HF_HUB_DISABLE_XET)\n"
        "assert c.HF_HUB_DISABLE_XET == before"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_DISABLE_XET"}
    environment |= {} if setting is None else {"HF_HUB_DISABLE_XET": setting}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(setting == "1"), str(off)]


@pytest.mark.parametrize("imported_before", [True, False])
def test_server_is_never_asked_for_the_other_protocol(loopback_hub, monkeypatch, imported_before):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", not imported_before)
    send(loopback_hub)
    assert not [request for request in loopback_hub.requests if "xet" in request.path]
    assert client(loopback_hub).account().name == "alice"
    assert manifest_of(FILES).size == sum(map(len, FILES.values()))
