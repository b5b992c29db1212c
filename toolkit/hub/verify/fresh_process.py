"""Run `toolkit.hub.verify.replay` in a fresh process: no toolkit, no cache, an empty folder, no settings of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import toolkit.exported
import toolkit.transformer
from toolkit.errors import HubError, IntegrityError
from toolkit.shortage import out_of_memory, says_out_of_memory

LONGEST_SECONDS = 3600
_KILL = 9  # the signal by which a system ends what takes too much memory
_SMALLER = "the model is opened once more, in a process of its own; end other programs, or take a smaller model"
_SCRIPT = Path(__file__).with_name("replay.py")
_OURS = ("HF_", "HUGGING", "TRANSFORMERS_", "PYTHON", "XDG_CACHE_HOME", "TQDM")


@contextmanager
def replayed(
    request: Mapping[str, Any],
    *,
    offline: bool,
    endpoint: str | None = None,
    token: str | None = None,
    script: Path = _SCRIPT,
) -> Iterator[dict[str, Any]]:
    """Replay golden rows in a fresh process; its files, the download among them, live as long as the block.

    Args:
        request: see `toolkit.hub.verify.replay.main`.
        offline: whether it shall stay away from the network.
        endpoint: of the hub; None: the usual one.
        token: for the hub; handed on in the environment alone.
        script: what runs there; it imports nothing of ours.

    Raises:
        HubError: if it does not come to an end.
        ResourceError: if memory runs out.
        IntegrityError: if it dies without an answer.
    """
    with tempfile.TemporaryDirectory(prefix="toolkit-verify-", ignore_cleanup_errors=True) as folder:
        home, work = Path(folder, "home"), Path(folder, "work")
        home.mkdir()
        work.mkdir()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "1" if offline else "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "TRANSFORMERS_VERBOSITY": "error",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONUTF8": "1",
            **({"HF_ENDPOINT": endpoint} if endpoint else {}),
            **({"HF_TOKEN": token} if token else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}),
        }
        yield _run(json.dumps({**request, "known_code": known_code()}), work, environment, token=token, script=script)


def known_code() -> list[str]:
    """Return the digests of the files that the toolkit sends along with its own models."""
    folders = [Path(str(package.__file__)).parent for package in (toolkit.transformer, toolkit.exported)]
    return sorted({sha256(file.read_bytes()).hexdigest() for folder in folders for file in folder.glob("*.py")})


def _run(
    request: str, work: Path, environment: Mapping[str, str], *, token: str | None, script: Path
) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603, a list of our own
            [sys.executable, "-I", "-X", "utf8", str(script)],
            input=request,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd=work,
            env=dict(environment),
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HubError(f"the model could not be verified within {LONGEST_SECONDS} seconds; try again") from error
    try:
        report: dict[str, Any] = json.loads(without_token(done.stdout, token))
    except ValueError as error:
        killed = done.returncode == -_KILL and not done.stderr.strip()  # a system that needs memory says nothing
        if killed or says_out_of_memory(done.stderr):
            raise out_of_memory(_SMALLER) from error
        last = (without_token(done.stderr, token).strip().splitlines() or ["it said nothing"])[-1]
        raise IntegrityError(f"the process that verifies died with code {done.returncode}: {last[:300]}") from error
    told = report.get("error") or report.get("hub")
    if told is not None and says_out_of_memory(json.dumps(told)):
        raise out_of_memory(_SMALLER)
    return report


def without_token(text: str, token: str | None) -> str:
    """Remove the token from a text."""
    return text.replace(token, "hf_***") if token else text
