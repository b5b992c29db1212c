"""Large file storage of the loopback Hub: presigned addresses on an origin of their own, in one piece or in parts."""

from __future__ import annotations

import hashlib
from typing import Any

from loopback_reading import part_of
from loopback_repos import Repo
from loopback_wire import Answer, Refusal, Request, route

Names = dict[str, str]


@route("POST", r"/{repo}\.git/info/lfs/objects/batch")
def batch(hub, request: Request, names: Names) -> Answer:
    """Where each object is to be put; an object that is there gets no actions."""
    asked = request.json()
    repo = hub.writable(request, names["repo"], pull_request="ref" not in asked)
    if asked["operation"] != "upload" or asked["hash_algo"] != "sha256":
        raise Refusal(400, "Only uploads by SHA-256 are known here")
    objects = []
    for item in asked["objects"]:
        answer: dict[str, Any] = {"oid": item["oid"], "size": item["size"], "authenticated": True}
        if item["oid"] not in repo.large:
            verify = {"href": f"{hub.endpoint}/{repo.id}.git/info/lfs/objects/verify"}
            upload = how_to_upload(hub, repo, item["oid"], size=item["size"], transfers=asked["transfers"])
            answer["actions"] = {"upload": upload, "verify": verify}
        objects.append(answer)
    return Answer({"transfer": "basic", "objects": objects})


def how_to_upload(hub, repo: Repo, oid: str, *, size: int, transfers: list[str]) -> dict[str, Any]:
    """One address, or with more than a part's bytes one a part, by number, and one to say that all are there."""
    if size <= hub.part_size or "multipart" not in transfers:
        return {"href": hub.presigned(repo, oid)}
    repo.parts[oid] = {}
    numbers = range(1, 1 + -(-size // hub.part_size))
    parts = {str(number): hub.presigned(repo, oid, part=number) for number in numbers}
    complete = f"{hub.endpoint}/{repo.id}.git/info/lfs/objects/complete?signature={hub.signature(repo, oid)}"
    return {"href": complete, "header": {"chunk_size": str(hub.part_size), **parts}}


def signed_repo(hub, request: Request, names: Names) -> Repo:
    """The repository that a presigned address is for; as at S3, a token beside the signature is one too many."""
    repo = hub.repos[names["repo"]]
    if "authorization" in request.headers:
        raise Refusal(400, "Only one auth mechanism allowed")
    if request.asked("signature") != hub.signature(repo, names["oid"]):
        raise Refusal(403, "SignatureDoesNotMatch")
    return repo


@route("PUT", "/storage/{repo}/{oid}")
def put(hub, request: Request, names: Names) -> Answer:
    repo, oid = signed_repo(hub, request, names), names["oid"]
    part = request.asked("partNumber")
    if part:
        repo.parts.setdefault(oid, {})[int(part)] = request.body
    elif hashlib.sha256(request.body).hexdigest() != oid:
        raise Refusal(400, "BadDigest")
    else:
        repo.large[oid] = request.body
    return Answer(b"", 200, {"ETag": etag(request.body)})


def etag(data: bytes) -> str:
    """What storage calls a part."""
    return f'"{hashlib.md5(data).hexdigest()}"'


@route("POST", r"/{repo}\.git/info/lfs/objects/complete")
def complete(hub, request: Request, names: Names) -> Answer:
    """Puts the parts together when all of them are there, in order, under the ETags that were answered."""
    asked = request.json()
    repo = signed_repo(hub, request, names | {"oid": asked["oid"]})
    if asked["oid"] in repo.large:  # said before, and the answer was lost
        return Answer({})
    parts = [data for _, data in sorted(repo.parts.get(asked["oid"], {}).items())]
    listed = [{"partNumber": number, "etag": etag(data)} for number, data in enumerate(parts, start=1)]
    whole = b"".join(parts)
    if asked["parts"] != listed or hashlib.sha256(whole).hexdigest() != asked["oid"]:
        raise Refusal(400, "InvalidPart")
    repo.large[asked["oid"]] = whole
    del repo.parts[asked["oid"]]
    return Answer({})


@route("POST", r"/{repo}\.git/info/lfs/objects/verify")
def verify(hub, request: Request, names: Names) -> Answer:
    repo, asked = hub.writable(request, names["repo"], pull_request=True), request.json()
    if len(repo.large.get(asked["oid"], b"")) != asked["size"]:
        raise Refusal(404, f"Object not found or of another size: {asked['oid']}")
    return Answer({})


@route("GET", "/storage/{repo}/{oid}")
def get(hub, request: Request, names: Names) -> Answer:
    repo = signed_repo(hub, request, names)
    return part_of(repo.large[names["oid"]], request, {"ETag": f'"{names["oid"]}"'})
