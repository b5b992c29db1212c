"""The loopback Hub, asked by the real client: what it answers is what the client of the real Hub understands."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils.sha import git_hash
from loopback_cases import CARD, FILES, LARGE, REPO, commit, downloaded, titles


def test_what_is_pushed_comes_back(hub, api, tmp_path):
    assert api.create_repo(REPO, private=True) == f"{hub.endpoint}/{REPO}"
    repo = hub.repos[REPO]
    assert repo.private
    made = commit(api, FILES, parent_commit=repo.at().oid, commit_description="because")
    assert (repo.at().oid, titles(repo)) == (made.oid, ["all files", "initial commit"])
    assert (repo.at().description, repo.at().author) == ("because", "alice")
    assert {path for path, blob in repo.at().files.items() if blob.lfs} == LARGE
    assert downloaded(hub, tmp_path / "cache") == downloaded(hub, tmp_path / "again", revision=made.oid) == FILES
    assert commit(api, FILES).oid == made.oid
    assert len(repo.commits) == 2


def test_large_files_go_in_parts_and_without_a_token(hub, api, repo):
    commit(api, FILES)
    puts = [request for request in hub.requests if request.method == "PUT"]
    assert {request.origin for request in puts} == {"storage"}
    assert not any("authorization" in request.headers for request in puts)
    oid = hashlib.sha256(FILES["model.safetensors"]).hexdigest()
    parts = sorted((request.asked("partNumber"), request.body) for request in puts if oid in request.path)
    assert [number for number, _ in parts] == ["1", "2", "3"]
    assert b"".join(body for _, body in parts) == FILES["model.safetensors"]
    hub.requests.clear()
    commit(api, {"copy.safetensors": FILES["model.safetensors"]})  # the object is there
    assert not any(request.method == "PUT" for request in hub.requests)


def test_trees_infos_and_oids(hub, api, repo):
    made = commit(api, FILES)
    tree = {entry.path: entry for entry in api.list_repo_tree(REPO, recursive=True, expand=True)}
    assert set(tree) == {*FILES, ".gitattributes", "onnx"}
    assert {path for path, entry in tree.items() if getattr(entry, "lfs", None)} == LARGE
    assert tree["config.json"].blob_id == git_hash(FILES["config.json"])
    assert tree["vocab.txt"].lfs.sha256 == hashlib.sha256(FILES["vocab.txt"]).hexdigest()
    assert tree["vocab.txt"].last_commit.oid == made.oid
    assert "onnx/model.data" not in {entry.path for entry in api.list_repo_tree(REPO)}
    assert [entry.path for entry in api.list_repo_tree(REPO, "onnx")] == ["onnx/model.data"]
    assert [entry.path for entry in api.get_paths_info(REPO, ["vocab.txt", "onnx", "nothing"])] == ["vocab.txt", "onnx"]
    info = api.model_info(REPO, files_metadata=True)
    assert (info.sha, info.private, info.pipeline_tag, info.tags) == (made.oid, True, "text-classification", ["영화"])
    assert {file.rfilename: file.size for file in info.siblings if file.lfs} == {
        path: len(FILES[path]) for path in LARGE
    }
    assert [it.title for it in api.list_repo_commits(REPO)] == ["all files", "initial commit"]


def test_deletions_and_what_gitignore_leaves_away(api, repo):
    commit(api, {"a/b.txt": b"1", "a/c.txt": b"2", "d.txt": b"3"})
    delete = [CommitOperationDelete("a/"), CommitOperationDelete("d.txt"), CommitOperationAdd("e.txt", b"4")]
    api.create_commit(REPO, delete, commit_message="less")
    assert set(repo.files()) == {".gitattributes", "e.txt"}
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        api.create_commit(REPO, [CommitOperationDelete("d.txt")], commit_message="less")
    commit(api, {".gitignore": b"*.env\nlogs/\n", "my.env": b"x", "logs/run.txt": b"x", "run.txt": b"x"})
    assert set(repo.files()) == {".gitattributes", ".gitignore", "e.txt", "run.txt"}


def test_pull_requests_branches_and_tags(hub, api, repo, tmp_path):
    start = repo.at().oid
    proposed = commit(api, FILES, create_pr=True, parent_commit=start)
    assert (proposed.pr_revision, proposed.pr_num) == ("refs/pr/1", 1)
    assert repo.at().oid == start
    assert downloaded(hub, tmp_path, revision="refs/pr/1") == FILES
    api.create_branch(REPO, branch="v2", revision=start)
    branched = commit(api, {"new.txt": b"new"}, revision="v2", title="on a branch")
    api.create_tag(REPO, tag="v2.0", revision=branched.oid)
    assert titles(repo, "v2.0") == ["on a branch", "initial commit"]
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(REPO, tag="v2.0")
    api.create_tag(REPO, tag="v2.0", exist_ok=True)
    api.create_branch(REPO, branch="v2", exist_ok=True)
    refs = api.list_repo_refs(REPO, include_pull_requests=True)
    assert {ref.name: ref.target_commit for ref in refs.branches} == {"main": start, "v2": branched.oid}
    assert [(ref.ref, ref.target_commit) for ref in refs.tags] == [("refs/tags/v2.0", branched.oid)]
    assert [(ref.ref, ref.target_commit) for ref in refs.pull_requests] == [("refs/pr/1", proposed.oid)]
    with pytest.raises(RevisionNotFoundError):
        commit(api, FILES, revision="v3")


def test_whose_token_it_is(hub):
    kinds = {
        "write": hub.token,
        "read": hub.add_token("bob", "read"),
        "fineGrained": hub.add_token("bob", "fineGrained", writes=("bob/one", "acme")),
    }
    for role, token in kinds.items():
        who = hub.api(token).whoami()
        assert who["auth"]["accessToken"]["role"] == role
    assert [scope["entity"]["name"] for scope in who["auth"]["accessToken"]["fineGrained"]["scoped"]] == [
        "bob/one",
        "acme",
    ]
    for token in ("hf_" + "0" * 34, hub.add_token("bob", expired=True)):
        with pytest.raises(HfHubHTTPError, match="Invalid user token") as caught:
            hub.api(token).whoami()
        assert caught.value.response.status_code == 401
        assert token not in str(caught.value)


def test_a_private_repository_is_not_there_for_others(hub, api, repo, tmp_path):
    commit(api, FILES)
    for token, status in ((False, 401), (hub.add_token("bob"), 404), (hub.add_token("bob", "read"), 404)):
        with pytest.raises(RepositoryNotFoundError) as caught:
            hf_hub_download(REPO, "config.json", endpoint=hub.endpoint, token=token, cache_dir=tmp_path)
        assert caught.value.response.status_code == status
        with pytest.raises(RepositoryNotFoundError):
            snapshot_download(REPO, endpoint=hub.endpoint, token=token, cache_dir=tmp_path)
        with pytest.raises(RepositoryNotFoundError):
            commit(hub.api(token), {"a": b"a"})
    repo.private = False
    assert Path(hf_hub_download(REPO, "config.json", endpoint=hub.endpoint, token=False, cache_dir=tmp_path)).exists()


@pytest.mark.parametrize(
    ("role", "fields", "allowed"),
    [
        ("write", {}, {"bob/new"}),
        ("write", {"orgs": {"acme": "write"}}, {"bob/new", "acme/new"}),
        ("write", {"orgs": {"acme": "read"}}, {"bob/new"}),
        ("read", {"orgs": {"acme": "admin"}}, set()),
        ("fineGrained", {"writes": ("acme", "bob/other")}, {"acme/new"}),
    ],
)
def test_who_may_write_where(hub, role, fields, allowed):
    api = hub.api(hub.add_token("bob", role, **fields))
    for name in ("bob/new", "acme/new", "alice/new"):
        if name in allowed:
            api.create_repo(name)
            api.auth_check(name, write=True)
            continue
        with pytest.raises(HfHubHTTPError, match="403"):
            api.create_repo(name)
        hub.add_repo(name)
        with pytest.raises(HfHubHTTPError, match="403"):
            api.create_commit(name, [CommitOperationAdd("a", b"a")], commit_message="a")


def test_a_reader_may_open_a_pull_request(hub):
    public = hub.add_repo(REPO)
    bob = hub.api(hub.add_token("bob"))
    assert commit(bob, FILES, create_pr=True).pr_revision == "refs/pr/1"
    assert public.at("refs/pr/1").author == "bob"
    with pytest.raises(HfHubHTTPError, match="create_pr=1"):
        commit(bob, {"README.md": CARD})


def test_a_name_that_is_taken(hub, api, repo):
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo(REPO)
    assert api.create_repo(REPO, exist_ok=True) == f"{hub.endpoint}/{REPO}"
    reader = hub.api(hub.add_token("alice", "read"))
    assert reader.create_repo(REPO, exist_ok=True) == f"{hub.endpoint}/{REPO}"


def test_a_gated_repository_tells_of_itself_but_gives_no_files(hub, tmp_path):
    gated = hub.add_repo("acme/gated", gated="manual")
    hub.commit("acme/gated", {"config.json": b"{}"})
    bob = hub.api(hub.add_token("bob"))
    assert bob.model_info("acme/gated").gated == "manual"
    with pytest.raises(GatedRepoError):
        bob.hf_hub_download("acme/gated", "config.json", cache_dir=tmp_path)
    gated.granted.add("bob")
    assert Path(bob.hf_hub_download("acme/gated", "config.json", cache_dir=tmp_path)).read_bytes() == b"{}"


def test_what_is_not_there(api, repo, tmp_path):
    assert not api.file_exists(REPO, "config.json")
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(REPO, "config.json", cache_dir=tmp_path)
    with pytest.raises(RevisionNotFoundError):
        api.model_info(REPO, revision="v9")
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(REPO, "folder"))
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("alice/other")


def test_parts_of_a_file(hub, repo):
    hub.commit(REPO, {"a.txt": b"0123456789"})
    url = f"{hub.endpoint}/{REPO}/resolve/main/a.txt"
    for asked, status, body in (("2-4", 206, b"234"), ("7-", 206, b"789"), ("-2", 206, b"89"), ("20-", 416, None)):
        headers = {"Authorization": f"Bearer {hub.token}", "Range": f"bytes={asked}"}
        answer = httpx2.get(url, headers=headers)
        assert (answer.status_code, answer.content if body else None) == (status, body)
    assert answer.headers["Content-Range"] == "bytes */10"


def test_a_planted_secret_is_found_wherever_it_is_sent(hub, api, repo):
    secret = "planted-" + "secret"
    commit(api, FILES)
    assert hub.requests_with(secret) == hub.requests_with(hub.token) == []
    commit(api, {"notes.md": f"my {secret}".encode(), "big.safetensors": b"0" * 3_000 + secret.encode()})
    lines = [request.line.split("?")[0].split("/")[1:3] for request in hub.requests_with(secret)]
    assert sorted(lines) == [["api", "models"], ["api", "models"], ["storage", "alice"]]


@pytest.mark.parametrize("front", ["base_model: /home/me/model", "language: [english]", "a: [", "- a"])
def test_front_matter_that_the_hub_does_not_take(api, repo, front):
    with pytest.raises(ValueError, match=re.escape("Invalid metadata in README.md")):
        commit(api, {"README.md": f"---\n{front}\n---\n".encode()})
    assert titles(repo) == ["initial commit"]


def test_another_process_finds_this_hub_by_the_environment(hub, api, repo):
    commit(api, FILES)
    code = f"from huggingface_hub import snapshot_download; print(snapshot_download({REPO!r}, token={hub.token!r}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (Path(done.stdout.strip()) / "vocab.txt").read_bytes() == FILES["vocab.txt"]
