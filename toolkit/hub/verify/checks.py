"""Checks of what a fresh process reports on a model (`toolkit.hub.verify.replay`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from toolkit.adapters.adapter_folder import SETTINGS as ADAPTER_SETTINGS
from toolkit.adapters.adapter_folder import WEIGHTS as ADAPTER_WEIGHTS
from toolkit.adapters.integrity import INDEX
from toolkit.errors import IntegrityError
from toolkit.evaluation.proof.golden import GOLDEN_FILE
from toolkit.evaluation.proof.parity import Parity, compare
from toolkit.hub.push.manifest import CARD, RUN_FILES, WEIGHTS, is_ours
from toolkit.hub.push.model_code import code_files
from toolkit.report.metric_words import metric_of
from toolkit.run_result import SplitResult
from toolkit.run_result.json_object import JsonObject

_SHOWN = 4
_PUBLISHED = (CARD, *RUN_FILES)
_BESIDES = re.compile(r"README\.md|LICENSE(\.\w+)?|\.gitattributes|\.eval_results/[\w.-]+\.yaml")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it was.
        passed: None where it could not be looked at.
        detail: what was found, in a line.
    """

    name: str
    passed: bool | None
    detail: str


def checks_of(
    report: Mapping[str, Any],
    *,
    metrics: Mapping[str, Any] | None,
    card: str | None,
    expected: Collection[str] | None = None,
    published: bool | None = None,
) -> tuple[tuple[Check, ...], Parity | None]:
    """Check a report; return the checks and the parity of its answers.

    Args:
        report: of `toolkit.hub.verify.replay.main`; its folder is still there.
        metrics: the content of ``metrics.json``; None: there is none.
        card: the Markdown; None: there is none.
        expected: the files that there should be; None: any of those that a push sends.
        published: whether card, recipe, metrics and golden rows have to be there; None: this is a folder, in which
            other files may lie.
    """
    checks = [_files(report, expected=expected, published=published)]
    if report.get("code") is not None:
        checks.append(_code(report["code"]))
    if report.get("opened") is None:
        checks.append(_not_opened(report))
        return (*checks, _card(metrics, card)), None
    golden, opened = report["golden"], report["opened"]
    checks += [Check("opens", True, _opened_words(opened)), _head(opened), _labels(opened, golden)]
    parity = None
    if report.get("error") is not None:
        checks.append(Check("answers", False, f"it opens but does not answer: {report['error']['message']}"))
    elif golden is None or not golden["rows"]:
        checks.append(Check("answers", None, f"there are no golden rows ({GOLDEN_FILE}) to compare with"))
    else:
        parity = compare(golden["rows"], report["answers"], golden["tolerance"])
        checks += [_tokenizer(report["ids"], golden), Check("answers", parity.passed, str(parity))]
    return (*checks, _card(metrics, card)), parity


def _files(report: Mapping[str, Any], *, expected: Collection[str] | None, published: bool | None) -> Check:
    found = set(report["files"])
    try:
        code = set(code_files(Path(report["folder"])))
    except IntegrityError as error:
        return Check("files", False, error.faults[0].message)
    missing = _weights(found) - found
    strange: set[str] = set()
    if expected is not None:
        missing |= set(expected) - found
        strange = {name for name in found.difference(expected) if not _BESIDES.fullmatch(name)}
    elif published is not None:
        missing |= set(_PUBLISHED) - found if published else set()
        strange = {name for name in found - code if not is_ours(name) and not _BESIDES.fullmatch(name)}
    told = [("no file of a model", strange), ("missing", missing)]
    faults = [f"{word}: {_few(sorted(names))}" for word, names in told if names]
    return Check("files", not faults, "; ".join(faults) or f"{len(found)}, none missing")


def _weights(found: set[str]) -> set[str]:
    """Check what every model or adapter needs."""
    if ADAPTER_SETTINGS in found:
        return {ADAPTER_WEIGHTS}
    return {"config.json", INDEX if INDEX in found else WEIGHTS}


def _code(code: Mapping[str, Any]) -> Check:
    if code["allowed"]:
        whose = "not the toolkit's own, but trusted" if code["unknown"] else "the toolkit's own"
        return Check("code", True, f"{len(code['files'])} files, {whose}")
    if code["elsewhere"]:
        return Check("code", False, f"a configuration names code of another repository: {_few(code['elsewhere'])}")
    if not code["files"]:
        return Check("code", False, "a configuration names code that is not there")
    return Check(
        "code",
        False,
        f"{_few(code['unknown'])}: not the code of this version of the toolkit; read it, then repeat with "
        "--trust-remote-code",
    )


def _not_opened(report: Mapping[str, Any]) -> Check:
    if report.get("error") is None:
        return Check("opens", None, "not tried, for it would run that code")
    told = report["error"]
    return Check("opens", False, f"{told['kinds'][0]}: {told['message']}")


def _opened_words(opened: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in opened["versions"].items())
    adapter = f" with its adapter, on {opened['base']}" if opened["adapter"] else ""
    return f"{opened['class']}{adapter} ({versions})"


def _head(opened: Mapping[str, Any]) -> Check:
    faults = [
        f"{word}: {_few(opened[name])}"
        for name, word in (
            ("missing", "not among the weights, so at random"),
            ("mismatched", "of another shape or name"),
        )
        if opened[name]
    ]
    return Check("head", not faults, "; ".join(faults) or "every parameter is from the weights")


def _labels(opened: Mapping[str, Any], golden: Mapping[str, Any] | None) -> Check:
    if golden is None:
        return Check("labels", None, f"there is no {GOLDEN_FILE} to compare with")
    labels = golden["labels"]
    if not labels:
        return Check("labels", None, "it answers with texts")
    of_numbers = {str(number): name for number, name in enumerate(labels)}
    of_names = {name: number for number, name in enumerate(labels)}
    if opened["id2label"] != of_numbers or opened["label2id"] != of_names:
        return Check("labels", False, f"config.json has {_few(list(opened['id2label'].values()))}, not {_few(labels)}")
    return Check("labels", True, _few(labels))


def _tokenizer(ids: list[str], golden: Mapping[str, Any]) -> Check:
    wrong = [number for number, row in enumerate(golden["rows"]) if row["ids"] != ids[number]]
    if wrong:
        return Check(
            "tokenizer", False, f"other tokens in {len(wrong)} of {len(ids)} golden rows, first in row {wrong[0]}"
        )
    return Check("tokenizer", True, f"the same tokens in all {len(ids)} golden rows")


def _card(metrics: Mapping[str, Any] | None, card: str | None) -> Check:
    if card is None or metrics is None:
        return Check("card", None, "there is no card or no metrics.json to compare")
    try:
        test = JsonObject(metrics).object("splits").object("test")
        measured = {name: value.value for name, value in SplitResult.from_json(test).unseen_metrics.items()}
        matter = yaml.safe_load(card.split("---\n")[1])
        results = matter["model-index"][0]["results"] if measured or "model-index" in matter else []
        entries = [entry for result in results for entry in result["metrics"]]
        shown = {metric_of(entry["type"], entry.get("name", "")): entry["value"] for entry in entries}
        wrong = _unequal(shown, measured)
    except (IntegrityError, yaml.YAMLError, LookupError, TypeError, ValueError, OverflowError, AttributeError):
        return Check("card", False, "its model-index, or metrics.json, cannot be read")
    if wrong:
        return Check("card", False, f"card and metrics.json differ: {_few(wrong)}")
    return Check("card", True, f"its {len(shown)} figures are those of metrics.json")


def _unequal(shown: Mapping[str, float], measured: Mapping[str, float | None]) -> list[str]:
    """Return metrics whose values differ, to as many digits as the card shows, or that only one of both has."""
    defined = {name: value for name, value in measured.items() if value is not None}
    both = shown.keys() & defined.keys()
    unequal = {name for name in both if abs(shown[name] - defined[name]) > 0.51 * _last_digit(shown[name])}
    return sorted((shown.keys() ^ defined.keys()) | unequal)


def _last_digit(value: float) -> float:
    """Return what one more in the last digit of a number is worth: 0.001 for 0.845."""
    digits = repr(float(value)).partition(".")[2]
    return float(10 ** -len(digits)) if digits.isdigit() else abs(value) * 1e-9


def _few(names: Collection[str]) -> str:
    listed = ", ".join(list(map(str, names))[:_SHOWN])
    return listed + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
