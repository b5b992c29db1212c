"""What a card says of how the model came to be, how to repeat that, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.words import Words
from toolkit.names import Method
from toolkit.report import facts
from toolkit.report.text_facts import averaged_steps

_KEYS = {Method.FEATURES: "head", Method.ZERO_SHOT: "asked"}


def about_training(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """What was trained and which weights were kept, a sentence each."""
    training, method = metrics["training"], metrics["method"]
    parameters = training["parameters"]
    sentences = [
        words(
            f"method.{_KEYS.get(method, 'trained')}",
            method=code_span(method),
            seed=str(metrics["seed"]),
            steps=words.count("steps", training["steps"]),
            trainable=parameters["trainable"],
            total=parameters["total"],
        )
    ]
    sentences += [] if method in _KEYS else [_weights(metrics, words)]
    if training["skipped_steps"]:
        sentences.append(words("method.skipped", steps=words.count("steps", training["skipped_steps"])))
    return sentences


def command_of(command: str, repo_id: str | None) -> str:
    """The lines that run the recipe again; of a published model they begin with fetching it."""
    return f"hf download {repo_id} recipe.yaml --local-dir .\n{command}" if repo_id else command


def costs(metrics: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """Every figure of ``cost`` in words; of a model that was only asked there is none of training."""
    asked = metrics["method"] == Method.ZERO_SHOT
    spent = {name: value for name, value in metrics["cost"].items() if not (asked and name == "train_seconds")}
    return [(words.name(name), words.amount(value)) for name, value in facts.costs({"cost": spent})]


def about_cost(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """Where that was, and with which versions."""
    environment = metrics["environment"]
    versions = {"Python": environment["python"], **environment["packages"]}
    return [
        words(
            "cost.machine",
            platform=code_span(environment["platform"]),
            processors=words.count("processors", environment["cpu_count"]),
            threads=words.count("threads", environment["threads"]),
        ),
        words("cost.versions", versions=", ".join(f"{name} {version}" for name, version in versions.items())),
    ]


def _weights(metrics: Mapping[str, Any], words: Words) -> Markdown:
    averaged, best = averaged_steps(metrics), metrics["training"]["best_step"]
    if averaged:
        steps = words.listed([f"{step:,}" for step in averaged])
        return words("method.averaged" if len(averaged) > 1 else "method.averaged_one", steps=steps)
    return words("method.last") if best is None else words("method.best", step=best)
