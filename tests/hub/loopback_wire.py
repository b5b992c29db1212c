"""What travels between a client and the loopback Hub: requests, answers, refusals, and the faults in between."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from loopback import LoopbackHub


NOBODY = "Invalid username or password."


@dataclass(frozen=True)
class Request:
    """One request as it arrived; ``body`` holds what was read of it, which is less than was sent where a fault cut it.

    ``origin`` is "hub" or "storage": the Hub's own address, or the one that its presigned addresses lead to.
    The names of ``headers`` are in lower case.
    """

    origin: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        """Method, path and query, the text that a fault's pattern is looked for in."""
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def token(self) -> str | None:
        """The token that was sent, if one was."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind == "Bearer" else None

    def asked(self, name: str, default: str = "") -> str:
        """One value of the query."""
        return parse_qs(self.query).get(name, [default])[-1]

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, "Invalid JSON") from error

    def holds(self, text: str) -> bool:
        """Whether the text was sent: in the address, a header but Authorization, the body, or base64 inside of it."""
        headers = [value for name, value in self.headers.items() if name != "authorization"]
        in_line = any(text in part for part in (unquote(self.line), *headers))
        return in_line or any(text.encode() in body for body in self._bodies())

    def _bodies(self) -> Iterable[bytes]:
        yield self.body
        if "json" in self.headers.get("content-type", ""):
            for inner in re.findall(rb'"(?:content|sample)": ?"([A-Za-z0-9+/=]+)"', self.body):
                yield base64.b64decode(inner + b"=" * (-len(inner) % 4))


@dataclass(frozen=True)
class Answer:
    """What is sent back; a body that is no bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body, default=str)).encode()

    @property
    def content_type(self) -> str:
        """What a client is told about the body."""
        if isinstance(self.body, str):
            return "text/html" if self.body.lstrip().startswith("<") else "text/plain"
        return "application/octet-stream" if isinstance(self.body, bytes) else "application/json"


class Refusal(Exception):
    """An answer that is an error, with the Hub's own headers for it; ``fields`` in the body instead of the message."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, fields: Any = None, headers: Any = None
    ) -> None:
        super().__init__(message)
        named = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {}) | (headers or {})
        self.answer = Answer(fields or {"error": message}, status, named)


Route = Callable[["LoopbackHub", Request, dict[str, str]], Answer]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []
NAMES = {"repo": "(?:datasets/)?[^/]+/[^/]+", "path": ".+"}


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    """Registers who answers a method at a path; ``{name}`` is one part of it, ``{repo}`` two, ``{path}`` the rest."""
    regex = re.sub(r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{NAMES.get(found[1], '[^/]+')})", pattern)

    def register(function: Route) -> Route:
        ROUTES.append((method, re.compile(regex), function))
        return function

    return register


def dispatch(hub: LoopbackHub, request: Request) -> Answer:
    """The answer to a request, refusals among them. HEAD is answered as GET: the server leaves the body away."""
    method = "GET" if request.method == "HEAD" else request.method
    for at, pattern, function in ROUTES:
        # A data set is a repository whose id begins so; the rest of its addresses are those of a model.
        found = pattern.fullmatch(request.path.replace("/api/datasets/", "/api/models/datasets/", 1))
        if at == method and found:
            try:
                return function(hub, request, {name: unquote(value) for name, value in found.groupdict().items()})
            except Refusal as refusal:
                return refusal.answer
    return Answer({"error": "Sorry, we can't find the page you are looking for."}, 404)


@dataclass
class Fault:
    """Something that goes wrong with the next ``times`` requests whose line the pattern is found in; None: with all.

    With a ``status`` the request is answered and nothing else happens, unless ``carry_out`` says that it is carried
    out first. ``hits`` counts the requests that it happened to.
    """

    match: str
    times: int | None = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = b""
    carry_out: bool = False
    drop_after_bytes: int | None = None
    drop_answer: bool = False
    cut_answer_after: int | None = None
    delay_seconds: float = 0.0
    moved_parent: bool = False
    hits: int = 0


class Faults:
    """The faults that are planted; the first that fits a request is the one that happens to it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, match: str, **what: Any) -> Fault:
        """Plants one: ``match`` is a regular expression for "METHOD /path?query", the rest are fields of Fault."""
        fault = Fault(match, **what)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Takes all away."""
        with self._lock:
            self._faults.clear()

    def take(self, line: str) -> Fault | None:
        """The fault that happens to this request."""
        with self._lock:
            for fault in self._faults:
                if (fault.times is None or fault.hits < fault.times) and re.search(fault.match, line):
                    fault.hits += 1
                    return fault
        return None
