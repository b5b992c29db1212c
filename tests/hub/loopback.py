"""A Hub on 127.0.0.1 that speaks as much of the Hub's protocol as pushing, verifying and downloading a model take.

    with LoopbackHub() as hub:
        hub.api().create_repo("alice/model", private=True)
        hub.faults.add(r"PUT /storage/", status=503, headers={"Retry-After": "1"})
        …
        assert [commit.title for commit in hub.repos["alice/model"].history()] == ["…", "initial commit"]

Repositories live in memory, every request is kept. It binds to ports of its own and to no other address.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import loopback_reading
import loopback_storage
import loopback_writing
from huggingface_hub import HfApi
from loopback_repos import GITATTRIBUTES, Blob, Commit, Repo, Token
from loopback_wire import NOBODY, Answer, Fault, Faults, Refusal, Request, dispatch

# The repository that an address is of, and the branch where it is in there.
PLACE = re.compile(r"/(?:api/models/|storage/)?([^/]+/[^/]+?)(?:\.git)?(?:/(?:commit|preupload)/([^/]+))?(?:/|$)")
ROUTES_COME_FROM = (loopback_reading, loopback_writing, loopback_storage)


class LoopbackHub:
    """The server: ``repos`` by id, ``requests`` in the order of their arrival, ``faults``, and tokens.

    ``token`` writes for the user "alice", who is an admin of "acme" and a reader of "readers"; ``add_token`` makes
    others. Files of ``lfs_threshold`` bytes and more go to large file storage, those of more than ``part_size`` bytes
    in parts. ``port`` is the Hub's; 0 takes a free one.
    """

    def __init__(self, *, lfs_threshold: int = 1 << 20, part_size: int = 1 << 20, port: int = 0) -> None:
        self.lfs_threshold, self.part_size = lfs_threshold, part_size
        self.repos: dict[str, Repo] = {}
        self.requests: list[Request] = []
        self.errors: list[str] = []  # of the server itself: a request that it has no answer for
        self.faults = Faults()
        self.tokens: dict[str, Token] = {}
        self.token = self.add_token("alice", orgs={"acme": "admin", "readers": "read"})
        self.lock = threading.RLock()
        self.stopped = threading.Event()
        self._servers: list[_Server] = []
        self._port = port

    def __enter__(self) -> LoopbackHub:
        self._servers = [_Server(self, "hub", self._port), _Server(self, "storage")]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        return self._servers[0].address

    @property
    def storage(self) -> str:
        """The address of large file storage: another origin, where no token belongs."""
        return self._servers[1].address

    def api(self, token: str | bool | None = None) -> HfApi:
        """The real client, with the token that writes or another; False: with none."""
        return HfApi(endpoint=self.endpoint, token=self.token if token is None else token)

    def add_token(self, user: str, role: str = "write", **fields: Any) -> str:
        """Makes a token, see Token, and gives back what a client sends."""
        token = Token(user, role, **fields)
        self.tokens[token.value] = token
        return token.value

    def add_repo(self, repo_id: str, *, private: bool = False, gated: str | bool = False) -> Repo:
        """Makes a repository as the Hub does: with one commit that holds only .gitattributes."""
        repo = self.repos[repo_id] = Repo(repo_id, private, gated)
        files = {".gitattributes": Blob(GITATTRIBUTES.encode())}
        repo.commit("main", files, parent=None, title="initial commit", author="system")
        return repo

    def commit(
        self, repo_id: str, files: Mapping[str, bytes], *, branch: str = "main", title: str = "by another"
    ) -> Commit:
        """A commit by somebody else, not through the protocol."""
        with self.lock:
            repo = self.repos[repo_id]
            parent = repo.at(branch)
            blobs = dict(parent.files) | {path: Blob(data) for path, data in files.items()}
            return repo.commit(branch, blobs, parent=parent.oid, title=title, author="somebody")

    def requests_with(self, text: str) -> list[Request]:
        """The requests that hold a text anywhere but in the Authorization header, base64 decoded."""
        return [request for request in self.requests if request.holds(text)]

    # What the routes ask.

    def who(self, request: Request) -> Token | None:
        """Whose token was sent; None without one."""
        if "authorization" not in request.headers:
            return None
        token = self.tokens.get(request.token or "")
        if token is None:
            at_whoami = request.path == "/api/whoami-v2"
            raise Refusal(401, NOBODY if at_whoami else "Invalid credentials in Authorization header")
        if token.expired:
            raise Refusal(401, f'User Access Token "{token.role} token" is expired')
        return token

    def readable(self, request: Request, repo_id: str) -> Repo:
        """The repository, which for those who may not read it does not exist."""
        token, repo = self.who(request), self.repos.get(repo_id)
        if repo is None or (repo.private and not (token and token.may_read(repo))):
            raise Refusal(404 if token else 401, "Repository not found", code="RepoNotFound")
        return repo

    def open_to(self, request: Request, repo: Repo) -> None:
        """Refuses the files of a gated repository to those who were not let in."""
        token = self.who(request)
        if repo.gated and not (token and (token.user in repo.granted or token.may_write(repo.id))):
            text = f"Access to model {repo.id} is restricted and you are not in the authorized list."
            raise Refusal(403 if token else 401, text, code="GatedRepo")

    def writable(self, request: Request, repo_id: str, *, pull_request: bool = False) -> Repo:
        """The repository, for those who may write to it, or open a pull request as all readers may."""
        token, repo = self.who(request), self.readable(request, repo_id)
        if token is None:
            raise Refusal(401, NOBODY)
        if token.role == "read":
            raise Refusal(403, "Forbidden: you must use a write token to upload to a repository.")
        if not pull_request and not token.may_write(repo_id):
            raise Refusal(403, "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request")
        return repo

    def signature(self, repo: Repo, oid: str) -> str:
        """What makes an address of storage a presigned one."""
        return hashlib.sha256(f"{id(self)} {repo.id} {oid}".encode()).hexdigest()[:16]

    def presigned(self, repo: Repo, oid: str, *, part: int | None = None) -> str:
        """The address of an object in storage, or of a part of it."""
        address = f"{self.storage}/storage/{repo.id}/{oid}?signature={self.signature(repo, oid)}"
        return address if part is None else f"{address}&partNumber={part}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, hub: LoopbackHub, origin: str, port: int = 0) -> None:
        self.hub, self.origin = hub, origin
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the tests are about; any other error is the server's own."""
        if not isinstance(sys.exception(), OSError):
            self.hub.errors.append(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        hub = self.server.hub
        self.close_connection = True
        fault = hub.faults.take(f"{self.command} {self.path}") or Fault("")
        body, whole = self._read_body(fault.drop_after_bytes)
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.server.origin, self.command, path, query, headers, body)
        hub.requests.append(request)
        hub.stopped.wait(fault.delay_seconds)
        if not whole or hub.stopped.is_set():
            return self._hang_up()
        answer = self._carry_out(request, fault)
        return self._hang_up() if fault.drop_answer else self._send(answer, cut=fault.cut_answer_after)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _carry_out(self, request: Request, fault: Fault) -> Answer:
        hub = self.server.hub
        with hub.lock:
            if fault.moved_parent:
                self._move(request.path)
            if fault.status is None:
                return dispatch(hub, request)
            if fault.carry_out:
                dispatch(hub, request)
        return Answer(fault.body, fault.status, fault.headers)

    def _move(self, path: str) -> None:
        found = PLACE.match(path)
        assert found, path
        self.server.hub.commit(found[1], {"moved.txt": b"another was faster\n"}, branch=unquote(found[2] or "main"))

    def _read_body(self, limit: int | None) -> tuple[bytes, bool]:
        """The body, and whether it is all of it: a client that died in the middle must change nothing."""
        if "Transfer-Encoding" in self.headers:
            raise NotImplementedError("the client sends a length with every body")
        size = int(self.headers.get("Content-Length", 0))
        try:
            body = self.rfile.read(size if limit is None else min(size, limit))
        except OSError:
            return b"", False
        return body, limit is None and len(body) == size

    def _send(self, answer: Answer, *, cut: int | None) -> None:
        content = answer.content
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(content)), "Connection": "close"}
        with contextlib.suppress(OSError):  # the client may be gone
            self.send_response(answer.status)
            for name, value in (headers | dict(answer.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[:cut])

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Says nothing: requests are kept."""
