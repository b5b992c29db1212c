"""Tokens, keys and passwords in files that are about to leave: found by their shape, shown by their place alone."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from toolkit.errors import Fault, IntegrityError
from toolkit.hub.push.manifest import Manifest, ManifestFile

_FIX = "remove it where it comes from, and replace it where it is in use: it may have been seen"

SHAPES: dict[str, re.Pattern[bytes]] = {
    "a Hugging Face token": re.compile(rb"(?:hf_|api_org_)[A-Za-z0-9]{20,}"),
    "an AWS access key": re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY"),
    "a secret key of an API": re.compile(rb"(?<![\w-])sk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,}"),
    "a GitHub token": re.compile(rb"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}"),
    "a Google API key": re.compile(rb"AIza[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(rb"xox[abprs]-[A-Za-z0-9-]{10,}"),
    "a password or token of a settings file": re.compile(
        rb"(?m)^[ \t]*(?:export[ \t]+)?[A-Z][A-Z0-9_]{0,40}(?:TOKEN|SECRET|PASSWORD|PASSWD|API_KEY|ACCESS_KEY|APIKEY)"
        rb"[ \t]*=[ \t]*[\"']?[A-Za-z0-9+/_.~-]{8,}"
    ),
}
"""A pattern of bytes for each kind of secret; its time is in proportion to the file."""


def refuse_secrets(manifest: Manifest, *, token: str | None = None) -> None:
    """Refuse to send files with secrets in them.

    Small files are searched for everything that looks like one, weights for the token in use alone.

    Args:
        manifest: what is about to be sent.
        token: the one in use, which must stand nowhere whatever its shape.

    Raises:
        IntegrityError: with file and line of each; the secret itself is not shown.
    """
    faults = [fault for file in manifest.files for fault in find_secrets(file, token=token)]
    if faults:
        raise IntegrityError(*faults)


def find_secrets(file: ManifestFile, *, token: str | None = None) -> list[Fault]:
    """Find what looks like a secret in a file; return a fault a line, in the order of the lines."""
    content = file.source
    exactly = {"the token in use": re.compile(re.escape(token.encode()))} if token else {}
    found: dict[int, str] = {}
    if isinstance(content, Path):
        found.update((1, kind) for kind, shape in exactly.items() if _holds(content, shape))
    else:
        for kind, shape in {**exactly, **SHAPES}.items():
            for match in shape.finditer(content):
                found.setdefault(content.count(b"\n", 0, match.start()) + 1, kind)
    name = str(file.origin or file.path)
    return [Fault(f"this looks like {found[line]}; {_FIX}", where=f"{name}:{line}") for line in sorted(found)]


def _holds(file: Path, shape: re.Pattern[bytes]) -> bool:
    if not file.stat().st_size:
        return False
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return shape.search(content) is not None
