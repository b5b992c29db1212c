"""What the loopback Hub answers to those who read: who a token belongs to, repositories, trees, files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

import yaml
from loopback_repos import Blob, Commit, Repo
from loopback_wire import NOBODY, Answer, Refusal, Request, route

FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(\n|\Z)", re.DOTALL)
MODEL_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
INVALID_CARD = "Invalid metadata in README.md"
Names = dict[str, str]


@route("GET", "/api/whoami-v2")
def whoami(hub, request: Request, names: Names) -> Answer:
    token = hub.who(request)
    if token is None:
        raise Refusal(401, NOBODY)
    return Answer(token.who())


def card_data(text: str) -> dict[str, Any]:
    """The front matter of a README."""
    found = FRONT.match(text)
    card = (yaml.safe_load(found[1]) or {}) if found else {}
    if not isinstance(card, dict):
        raise yaml.YAMLError("metadata should be a mapping")
    return card


@route("POST", "/api/validate-yaml")
def validate_yaml(hub, request: Request, names: Names) -> Answer:
    """Front matter is YAML, a base model is named by its id on the Hub, a language by its code."""
    try:
        card = card_data(request.json()["content"])
    except yaml.YAMLError as error:
        raise Refusal(400, INVALID_CARD, fields={"errors": [{"message": str(error)}], "warnings": []}) from error
    errors = []
    for key, pattern in (("base_model", MODEL_ID), ("language", re.compile("[a-z]{2,3}|code|multilingual"))):
        values = card.get(key) or []
        for value in values if isinstance(values, list) else [values]:
            if not (isinstance(value, str) and pattern.fullmatch(value)):
                errors.append({"message": f'"{key}" with value "{value}" is not valid.'})
    if errors:
        raise Refusal(400, INVALID_CARD, fields={"errors": errors, "warnings": []})
    warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
    return Answer({"errors": [], "warnings": warnings})


def lfs_fields(blob: Blob, name: str) -> dict[str, Any]:
    """What an answer says of a large file, whose SHA-256 has another name in each."""
    return {"lfs": {name: blob.sha256, "size": len(blob.data), "pointerSize": len(blob.pointer)}} if blob.lfs else {}


def info(repo: Repo, commit: Commit, *, blobs: bool) -> Answer:
    siblings = [
        {"rfilename": path}
        | ({"size": len(blob.data), "blobId": blob.git_oid} | lfs_fields(blob, "sha256") if blobs else {})
        for path, blob in sorted(commit.files.items())
    ]
    readme = commit.files.get("README.md")
    card = card_data(readme.data.decode()) if readme else {}
    return Answer(
        {
            "id": repo.id.removeprefix("datasets/"),
            "modelId": repo.id,
            "author": repo.owner,
            "sha": commit.oid,
            "lastModified": moment(commit),
            "createdAt": moment(repo.commits[0]),
            "private": repo.private,
            "gated": repo.gated,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": card.get("tags", []),
            "pipeline_tag": card.get("pipeline_tag"),
            "library_name": card.get("library_name"),
            "cardData": card,
            "siblings": siblings,
        }
    )


@route("GET", "/api/models/{repo}")
def model(hub, request: Request, names: Names) -> Answer:
    repo = hub.readable(request, names["repo"])
    return info(repo, repo.at(), blobs=bool(request.asked("blobs")))


@route("GET", "/api/models/{repo}/revision/{revision}")
def revision(hub, request: Request, names: Names) -> Answer:
    repo = hub.readable(request, names["repo"])
    return info(repo, repo.at(names["revision"]), blobs=bool(request.asked("blobs")))


@route("GET", "/api/models/{repo}/auth-check")
def may_read(hub, request: Request, names: Names) -> Answer:
    hub.open_to(request, hub.readable(request, names["repo"]))
    return Answer({})


@route("GET", "/api/models/{repo}/auth-check/write")
def may_write(hub, request: Request, names: Names) -> Answer:
    hub.writable(request, names["repo"])
    return Answer({})


def moment(commit: Commit) -> str:
    """A date as the Hub writes it."""
    return commit.date.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@route("GET", "/api/models/{repo}/commits/{revision}")
def commits(hub, request: Request, names: Names) -> Answer:
    history = hub.readable(request, names["repo"]).history(names["revision"])
    about = [
        {
            "id": it.oid,
            "title": it.title,
            "message": it.description,
            "date": moment(it),
            "authors": [{"user": it.author}],
        }
        for it in history
    ]
    return Answer(about)


@route("GET", "/api/models/{repo}/refs")
def refs(hub, request: Request, names: Names) -> Answer:
    repo = hub.readable(request, names["repo"])
    pulls = {name: oid for name, oid in repo.branches.items() if name.startswith("refs/pr/")}
    heads = {name: oid for name, oid in repo.branches.items() if name not in pulls}

    def listed(found: dict[str, str], prefix: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": prefix + name, "targetCommit": oid} for name, oid in found.items()]

    answer = {"branches": listed(heads, "refs/heads/"), "tags": listed(repo.tags, "refs/tags/"), "converts": []}
    return Answer(answer | ({"pullRequests": listed(pulls, "")} if request.asked("include_prs") else {}))


def entries(commit: Commit, *, expand: bool) -> dict[str, dict[str, Any]]:
    """Files and folders of a commit by path, as the tree names them."""
    last = {"lastCommit": {"id": commit.oid, "title": commit.title, "date": moment(commit)}} if expand else {}
    found: dict[str, dict[str, Any]] = {}
    for path, blob in sorted(commit.files.items()):
        parents = path.split("/")[:-1]
        for depth in range(len(parents)):
            folder = "/".join(parents[: depth + 1])
            found[folder] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder} | last
        about = {"type": "file", "oid": blob.git_oid, "size": len(blob.data), "path": path}
        found[path] = about | lfs_fields(blob, "oid") | last
    return found


@route("GET", "/api/models/{repo}/tree/{revision}")
@route("GET", "/api/models/{repo}/tree/{revision}/{path}")
def tree(hub, request: Request, names: Names) -> Answer:
    commit = hub.readable(request, names["repo"]).at(names["revision"])
    below = names["path"].strip("/") + "/" if "path" in names else ""
    found = entries(commit, expand=request.asked("expand") == "true")
    inside = {path: entry for path, entry in found.items() if path.startswith(below) and path != below}
    if below and not inside:
        raise Refusal(404, f'{below[:-1]} does not exist on "{names["revision"]}"', code="EntryNotFound")
    if request.asked("recursive") != "true":
        inside = {path: entry for path, entry in inside.items() if "/" not in path[len(below) :]}
    return Answer(list(inside.values()))


@route("POST", "/api/models/{repo}/paths-info/{revision}")
def paths_info(hub, request: Request, names: Names) -> Answer:
    commit = hub.readable(request, names["repo"]).at(names["revision"])
    asked = parse_qs(request.body.decode())
    found = entries(commit, expand=asked.get("expand") == ["true"])
    return Answer([found[path] for path in asked.get("paths", []) if path in found])


@route("GET", "/{repo}/resolve/{revision}/{path}")
def resolve(hub, request: Request, names: Names) -> Answer:
    """A file: what git holds comes at once, what is in large file storage by a presigned address elsewhere."""
    repo = hub.readable(request, names["repo"])
    hub.open_to(request, repo)
    commit = repo.at(names["revision"])
    blob = commit.files.get(names["path"])
    if blob is None:
        raise Refusal(404, "Entry not found", code="EntryNotFound", headers={"X-Repo-Commit": commit.oid})
    headers = {"ETag": f'"{blob.etag}"', "X-Repo-Commit": commit.oid}
    if not blob.lfs:
        return part_of(blob.data, request, headers)
    headers |= {"X-Linked-ETag": f'"{blob.etag}"', "X-Linked-Size": str(len(blob.data))}
    return Answer(b"", 302, headers | {"Location": hub.presigned(repo, blob.sha256)})


def part_of(data: bytes, request: Request, headers: dict[str, str]) -> Answer:
    """All bytes, or those of the Range header."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    headers = headers | {"Accept-Ranges": "bytes"}
    if asked is None or asked[0] == "bytes=-":
        return Answer(data, 200, headers)
    first = int(asked[1]) if asked[1] else max(0, len(data) - int(asked[2]))
    last = min(int(asked[2]), len(data) - 1) if asked[1] and asked[2] else len(data) - 1
    if first > last:
        raise Refusal(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{len(data)}"})
    return Answer(data[first : last + 1], 206, headers | {"Content-Range": f"bytes {first}-{last}/{len(data)}"})
