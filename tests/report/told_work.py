"""A work of several attempts without any training: run folders, a ledger with every end, and a choice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kept_runs import classes, write_kept_run

from toolkit.report.story import Story
from toolkit.tell.tell import tell
from toolkit.trials.trial import Trial

WILD = "<script>alert('1')</script> \x1b[31mred\x1b[0m \u202e\U0001f600 한국어 문장 \uffff"
"""A text of the data that must neither run, nor colour, nor turn what stands beside it."""

STEP = "toolkit choose: measured on the validation rows"
"""The note of a trial that is a step of a choice."""

_ENDS = (
    (
        "diverged",
        6,
        "the loss was not finite at step 40 of 240: lower training.learning_rate",
        {"training.learning_rate": 0.01},
    ),
    (
        "out-of-memory",
        4,
        "memory ran out: 16,384 MB were asked for; lower training.per_device_train_batch_size",
        {"training.per_device_train_batch_size": 512},
    ),
    ("interrupted", 130, "interrupted", {"training.num_train_epochs": 20}),
)


def write_work(folder: Path, *, shares: Sequence[float] = (0.9, 0.6, 0.85), ends: bool = True, n_more: int = 0) -> Path:
    """Write runs that are right on a share of their rows, and the ledger; return the ledger.

    Args:
        folder: to write to.
        shares: of each run.
        ends: whether there are attempts without a result.
        n_more: attempts with a result whose folders are gone.
    """
    trials = []
    texts = [f"{WILD} {row} " + "words of a text, 글자 " * (row % 9) for row in range(120)]
    settings = {
        "task": "text-classification",
        "model.name": "packaged:minilm",
        "method": "full",
        "training.learning_rate": 2e-5,
    }
    for place, share in enumerate(shares):
        right = np.random.default_rng(place).random(len(texts)) < share
        run = write_kept_run(folder / "runs" / f"run-{place}", classes(list(right), seed=place, texts=texts))
        values = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        values["cost"]["train_seconds"] = 12.5 * 4**place
        values["labels"] = ["nein", "ja, sehr", "어쩌면"]
        (run / "metrics.json").write_text(json.dumps(values), encoding="utf-8")
        own = {**settings, "training.learning_rate": 2e-5 * (place + 1)}
        trial = _trial(
            place,
            status="done",
            output_dir=str(run),
            settings=own,
            metrics=values["splits"]["test"]["metrics"],
            cost=values["cost"],
        )
        (run / "trial.json").write_text(json.dumps(trial.to_json()), encoding="utf-8")
        trials.append(trial)
    for place, (status, code, message, changed) in enumerate(_ENDS if ends else (), start=len(shares)):
        error = {"code": code, "message": message}
        trials.append(
            _trial(
                place,
                status=status,
                output_dir=str(folder / "runs" / status),
                settings={**settings, **changed},
                error=error,
            )
        )
    for place in range(len(trials), len(trials) + n_more):
        value = {"accuracy": {"value": 0.5 + place % 97 / 1000, "ci95": [0.45, 0.65]}}
        trials.append(
            _trial(place, status="done", output_dir=str(folder / "gone" / str(place)), settings=settings, metrics=value)
        )
    ledger = folder / "runs" / "trials.jsonl"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(trial.to_json()) for trial in trials]
    if ends:
        lesson = "a rate of 0.01 is too high for this model; 2e-5 was fine"
        lines.append(
            json.dumps({"schema": 1, "note_of": trials[len(shares)].id, "time": "2026-01-01", "lesson": lesson})
        )
    ledger.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ledger


def write_choice(folder: Path) -> None:
    """Write what `toolkit choose` leaves of a choice, and its steps into the ledger."""
    entries = []
    for place, (model, method, value) in enumerate(
        (("packaged:minilm", "features", 0.81), ("packaged:minilm", "full", 0.84), ("org/large", "lora", None))
    ):
        measured = value is not None
        entries.append(
            {
                "model": model,
                "family": "encoder",
                "method": method,
                "stage": method,
                "status": "measured" if measured else "failed",
                "value": value,
                "ci95": [value - 0.02, value + 0.02] if measured else None,
                "rows": 500,
                "seconds": 12.5 + place,
                "costs": {},
                "reason": None if measured else "memory ran out",
                "recommended_is_better_by": None,
            }
        )
    majority = {
        **entries[0],
        "model": "majority",
        "family": None,
        "method": None,
        "stage": "baseline",
        "value": 0.41,
        "ci95": [0.37, 0.45],
    }
    record = {
        "metric": "accuracy",
        "recommended": entries[1],
        "why": "packaged:minilm is the best of what was measured.",
        "front": entries[:2],
        "candidates": entries,
        "baselines": [majority],
        "budget": {"seconds": 120, "used_seconds": 97.0},
    }
    choice = folder / "choice"
    choice.mkdir()
    (choice / "choose.json").write_text(json.dumps(record), encoding="utf-8")
    with (folder / "runs" / "trials.jsonl").open("a", encoding="utf-8") as ledger:
        for place, entry in enumerate(entries, start=90):
            step = _trial(
                place, status="done" if entry["value"] else "out-of-memory", output_dir=str(choice), note=STEP
            )
            metrics = {"accuracy": {"value": entry["value"], "ci95": entry["ci95"]}} if entry["value"] else None
            error = None if entry["value"] else {"code": 4, "message": entry["reason"]}
            ledger.write(
                json.dumps(
                    {**step.to_json(), "metrics": metrics, "error": error, "cost": {"seconds": entry["seconds"]}}
                )
                + "\n"
            )


def told(ledger: Path, *names: str, language: str = "en") -> Story:
    """The story of a ledger."""
    return tell(names, ledger=ledger, language=language)


def _trial(place: int, **facts: Any) -> Trial:
    usual: dict[str, Any] = {
        "schema": 1,
        "id": f"{place:012x}",
        "time": f"2026-01-01T{place // 60 % 24:02}:{place % 60:02}:{place // 1440:02}+00:00",
        "recipe": "bank",
        "recipe_digest": f"{place:064x}",
        "data_digest": "d" * 64,
        "task": "text-classification",
        "family": "encoder",
        "model": "packaged:minilm",
        "method": "full",
        "seed": 0,
        "environment": {"device": "x86_64", "packages": {}},
        "parent": f"{0:012x}" if place else None,
        "note": f"attempt {place}: does it learn faster?",
    }
    return Trial(**{**usual, **facts})
