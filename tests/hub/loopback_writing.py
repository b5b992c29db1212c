"""What the loopback Hub does for those who write: repositories, branches, tags, commits, whole or not at all."""

from __future__ import annotations

import base64
import json
from fnmatch import fnmatch
from typing import Any

from loopback_repos import Blob, Repo
from loopback_wire import NOBODY, Answer, Refusal, Request, route

Names = dict[str, str]
STALE = "A commit has happened since. Please refresh and try again."


@route("POST", "/api/repos/create")
def create(hub, request: Request, names: Names) -> Answer:
    token = hub.who(request)
    if token is None:
        raise Refusal(401, NOBODY)
    asked = request.json()
    owner = asked.get("organization") or token.user
    repo_id = f"{'datasets/' if asked.get('type') == 'dataset' else ''}{owner}/{asked['name']}"
    if token.role == "read":
        raise Refusal(403, "Forbidden: you must use a write token to create a repository.")
    if not token.may_write(repo_id):
        raise Refusal(403, f'You don\'t have the rights to create a model under the namespace "{owner}"')
    url = f"{hub.endpoint}/{repo_id}"
    if repo_id in hub.repos:
        taken = "You already created this model repo"
        raise Refusal(409, taken, fields={"error": taken, "url": url})
    hub.add_repo(repo_id, private=asked.get("visibility") == "private")
    return Answer({"url": url, "name": repo_id})


@route("POST", "/api/models/{repo}/branch/{branch}")
def branch(hub, request: Request, names: Names) -> Answer:
    repo = hub.writable(request, names["repo"])
    if names["branch"] in repo.branches:
        raise Refusal(409, f"Reference already exists: refs/heads/{names['branch']}")
    repo.branches[names["branch"]] = repo.at(request.json().get("startingPoint", "main")).oid
    return Answer({})


@route("POST", "/api/models/{repo}/tag/{revision}")
def tag(hub, request: Request, names: Names) -> Answer:
    repo, name = hub.writable(request, names["repo"]), request.json()["tag"]
    if name in repo.tags:
        raise Refusal(409, f"Tag reference exists already: refs/tags/{name}")
    repo.tags[name] = repo.at(names["revision"]).oid
    return Answer({})


def ignored(path: str, rules: str) -> bool:
    """Whether a .gitignore leaves a path away: file names, paths and folders, with ``*``; no ``!``."""
    folders = path.split("/")[:-1]
    for rule in (line.strip() for line in rules.splitlines()):
        if not rule or rule.startswith("#"):
            continue
        named = [*folders] if rule.endswith("/") else path.split("/")
        if fnmatch(path, rule.strip("/")) or any(fnmatch(name, rule.strip("/")) for name in named):
            return True
    return False


def goes_to_storage(hub, path: str, *, size: int, sample: bytes, attributes: str) -> bool:
    """Large files, those named in .gitattributes, and binary ones."""
    named = [line.split()[0] for line in attributes.splitlines() if "filter=lfs" in line]
    return size >= hub.lfs_threshold or any(fnmatch(path, rule) for rule in named) or b"\0" in sample


@route("POST", "/api/models/{repo}/preupload/{revision}")
def preupload(hub, request: Request, names: Names) -> Answer:
    """How each file is to be sent, and the oid of what stands at its path now."""
    repo = hub.writable(request, names["repo"], pull_request=bool(request.asked("create_pr")))
    there, asked = repo.at(names["revision"]).files, request.json()
    attributes = there[".gitattributes"].data.decode() if ".gitattributes" in there else ""
    rules = asked.get("gitIgnore", there[".gitignore"].data.decode() if ".gitignore" in there else "")
    answers = []
    for file in asked["files"]:
        path, sample = file["path"], base64.b64decode(file["sample"], validate=True)
        if len(sample) != min(file["size"], 512):
            raise Refusal(400, f"Invalid sample of {path}")
        lfs = goes_to_storage(hub, path, size=file["size"], sample=sample, attributes=attributes)
        answer = {"path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": ignored(path, rules)}
        answers.append(answer | ({"oid": there[path].etag} if path in there else {}))
    return Answer({"files": answers})


def changed(repo: Repo, files: dict[str, Blob], key: str, value: dict[str, Any]) -> None:
    """One line of a commit, done to the files."""
    path = value.get("path", "")
    if key == "file" and value.get("encoding") == "base64":
        files[path] = Blob(base64.b64decode(value["content"], validate=True))
    elif key == "lfsFile" and value.get("algo") == "sha256":
        data = repo.large.get(value["oid"])
        if data is None or value.get("size", len(data)) != len(data):
            raise Refusal(400, f"Your push was rejected because an LFS pointer points to no file: {path}")
        files[path] = Blob(data, lfs=True)
    elif key in {"deletedFile", "deletedFolder"}:
        below = path.rstrip("/") + "/"
        gone = [name for name in files if name == path or (key == "deletedFolder" and name.startswith(below))]
        if not gone:
            raise Refusal(404, "A file with this name doesn't exist", code="EntryNotFound")
        for name in gone:
            del files[name]
    else:
        raise Refusal(400, f"Invalid commit line: {key}")


def commit_lines(body: bytes) -> list[dict[str, Any]]:
    """The lines of a commit, of which the first is its header."""
    try:
        lines = [json.loads(line) for line in body.splitlines()]
    except ValueError as error:
        raise Refusal(400, "Invalid JSON") from error
    if not lines or lines[0]["key"] != "header":
        raise Refusal(400, "The first line of a commit is its header")
    return lines


@route("POST", "/api/models/{repo}/commit/{revision}")
def commit(hub, request: Request, names: Names) -> Answer:
    """All lines or none; a commit that was made on another parent than the branch's head is refused."""
    pull_request = bool(request.asked("create_pr"))
    repo = hub.writable(request, names["repo"], pull_request=pull_request)
    lines = commit_lines(request.body)
    header, target = lines[0]["value"], names["revision"]
    if target not in repo.branches:
        raise Refusal(404, f"Invalid rev id: {target}", code="RevisionNotFound")
    parent = repo.at(target)
    if pull_request:
        parent = repo.at(header.get("parentCommit", target))
        number = 1 + sum(name.startswith("refs/pr/") for name in repo.branches)
        target = f"refs/pr/{number}"
    elif header.get("parentCommit", parent.oid) != parent.oid:
        raise Refusal(412, STALE)
    files = dict(parent.files)
    for line in lines[1:]:
        changed(repo, files, line["key"], line["value"])
    author = hub.who(request).user
    title, text = header["summary"], header["description"]
    made = repo.commit(target, files, parent=parent.oid, title=title, text=text, author=author)
    page = f"{hub.endpoint}/{repo.id}"
    answer = {"success": True, "commitOid": made.oid, "commitUrl": f"{page}/commit/{made.oid}"}
    return Answer(answer | ({"pullRequestUrl": f"{page}/discussions/{number}"} if pull_request else {}))
