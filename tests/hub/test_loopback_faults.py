"""The faults of the loopback Hub: what the real client makes of them, and what they leave behind on the Hub."""

from __future__ import annotations

import hashlib
import re
import socket
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)
from loopback import LoopbackHub
from loopback_cases import FILES, REPO, commit, titles

COMMIT = r"POST /api/models/alice/model/commit/"


def test_another_parent_is_refused(hub, api, repo):
    old = repo.at().oid
    ours = hub.commit(REPO, {"theirs.txt": b"first"}).oid
    with pytest.raises(HfHubHTTPError, match="412") as caught:
        commit(api, FILES, parent_commit=old)
    assert caught.value.response.status_code == 412
    assert repo.at().oid == ours
    hub.faults.add(COMMIT, moved_parent=True)
    with pytest.raises(HfHubHTTPError, match="Please refresh and try again"):
        commit(api, FILES, parent_commit=ours)
    assert titles(repo) == ["by another", "by another", "initial commit"]
    hub.faults.add(COMMIT, moved_parent=True)
    commit(api, FILES)  # who names no parent goes on top
    assert set(repo.files()) == {*FILES, ".gitattributes", "theirs.txt", "moved.txt"}


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "7"}}, {"drop_answer": True}]
)
@pytest.mark.parametrize(
    "match", ["/preupload/", "objects/batch", "PUT /storage/", "objects/verify", "objects/complete"]
)
def test_what_the_client_tries_again(hub, api, repo, waits, match, fault):
    planted = hub.faults.add(match, times=2, **fault)
    commit(api, {"model.safetensors": FILES["model.safetensors"]})
    assert planted.hits == 2
    assert titles(repo) == ["all files", "initial commit"]
    assert repo.files()["model.safetensors"] == FILES["model.safetensors"]
    assert waits == ([8, 8] if "headers" in fault else [1, 2])  # what was asked for and one more, or twice as long


@pytest.mark.parametrize("k", [0, 1, 70_000])
def test_an_upload_that_breaks_off_leaves_nothing(hub, api, repo, waits, k):
    hub.part_size = 1 << 20
    weights = bytes(range(256)) * 1_000
    hub.faults.add("PUT /storage/", times=None, drop_after_bytes=k)
    with pytest.raises(RuntimeError, match=re.escape("model.safetensors")):
        commit(api, {"model.safetensors": weights})
    assert {len(request.body) for request in hub.requests if request.method == "PUT"} == {k}
    assert (repo.large, titles(repo)) == ({}, ["initial commit"])
    hub.faults.clear()
    commit(api, {"model.safetensors": weights})
    assert repo.files()["model.safetensors"] == weights


@pytest.mark.parametrize("fault", [{"drop_answer": True}, {"status": 504, "carry_out": True}])
def test_a_lost_answer_is_a_commit_all_the_same(hub, api, repo, fault):
    hub.faults.add(COMMIT, **fault)
    with pytest.raises((httpx2.RemoteProtocolError, HfHubHTTPError)):
        commit(api, FILES)
    assert titles(repo) == ["all files", "initial commit"]
    assert commit(api, FILES).oid == repo.at().oid
    assert len(repo.commits) == 2


def test_a_client_that_dies_in_the_middle_changes_nothing(hub, repo):
    header = b'{"key": "header", "value": {"summary": "half", "description": ""}}\n'
    body = header + b'{"key": "file", "value": {"path": "a", "content": "YQ==", "encoding": "base64"}}\n'
    head = f"POST /api/models/{REPO}/commit/main HTTP/1.1\r\nAuthorization: Bearer {hub.token}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    for sent, expected in ((b"", "initial commit"), (header, "initial commit"), (body, "half")):
        with socket.create_connection(("127.0.0.1", int(hub.endpoint.rpartition(":")[2]))) as client:
            client.sendall(head.encode() + sent)
            client.shutdown(socket.SHUT_WR)
            client.recv(1 << 16)
        assert titles(repo)[0] == expected


def test_a_captive_portal_and_a_redirect_elsewhere(hub, api, repo):
    portal = hub.faults.add("GET /api/models", status=200, body="<html>Please log in</html>")
    with pytest.raises(ValueError, match="Expecting value"):
        api.model_info(REPO)
    assert portal.hits == 1
    with LoopbackHub() as other:
        hub.faults.add("/api/models", times=2, status=302, headers={"Location": f"{other.endpoint}/api/models/{REPO}"})
        with pytest.raises(RepositoryNotFoundError):
            api.model_info(REPO)
        assert [request.line for request in other.requests] == [f"GET /api/models/{REPO}"]
        assert "authorization" not in other.requests[0].headers


def test_a_download_that_breaks_off_goes_on_where_it_was(hub, api, repo, waits, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 3_000)
    commit(api, FILES)
    hub.faults.add("GET /storage/", cut_answer_after=9_000)
    path = Path(api.hf_hub_download(REPO, "model.safetensors", cache_dir=tmp_path))
    assert path.read_bytes() == FILES["model.safetensors"]
    asked = [request.headers.get("range") for request in hub.requests if request.line.startswith("GET /storage/")]
    assert asked == [None, "bytes=9000-"]


def test_a_slow_answer_runs_into_the_clients_time_limit(hub, api, repo):
    hub.faults.add("GET /api/models", delay_seconds=60)
    with pytest.raises(httpx2.TimeoutException):
        api.model_info(REPO, timeout=0.05)


def test_storage_takes_only_what_it_was_told_of(hub, repo):
    data = b"weights"
    oid = hashlib.sha256(data).hexdigest()
    url = hub.presigned(repo, oid)
    assert httpx2.put(url, content=data, headers={"Authorization": f"Bearer {hub.token}"}).status_code == 400
    assert httpx2.put(url.replace("signature=", "signature=0"), content=data).status_code == 403
    assert httpx2.put(url, content=b"other").status_code == 400
    assert repo.large == {}
    assert httpx2.put(url, content=data).status_code == 200
    assert repo.large == {oid: data}


def test_a_commit_is_whole_or_not_at_all(hub, api, repo):
    hub.faults.add("objects/batch", status=200, body={"objects": []})  # nothing is uploaded then
    with pytest.raises(BadRequestError, match=r"points to no file: model\.safetensors"):
        commit(api, FILES)
    assert titles(repo) == ["initial commit"]
