"""The card's sections on the method, how to repeat it, and its cost."""

from __future__ import annotations

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.words import Words
from toolkit.names import Method
from toolkit.report import facts
from toolkit.run_result import RunResult

_KEYS = {Method.FEATURES: "head", Method.ZERO_SHOT: "asked"}


def about_training(result: RunResult, words: Words) -> list[Markdown]:
    """Return method, steps, parameters and the weights that were kept, a sentence each."""
    training, way = result.training, result.way
    sentences = [
        words(
            f"method.{_KEYS.get(way, 'trained')}",
            method=code_span(result.method),
            seed=str(result.seed),
            steps=words.count("steps", training.steps),
            trainable=training.trainable,
            total=training.total,
        )
    ]
    sentences += [] if way in _KEYS else [_weights(result, words)]
    if training.skipped_steps:
        sentences.append(words("method.skipped", steps=words.count("steps", training.skipped_steps)))
    return sentences


def command_of(command: str, repo_id: str | None) -> str:
    """Return the lines that run the recipe again; of a published model they begin with a download."""
    return f"hf download {repo_id} recipe.yaml --local-dir .\n{command}" if repo_id else command


def costs(result: RunResult, words: Words) -> list[tuple[str, str]]:
    """Return every figure of ``cost`` in words; an untrained model has none of training."""
    asked = result.way is Method.ZERO_SHOT
    spent = {name: value for name, value in result.cost.items() if not (asked and name == "train_seconds")}
    return [(words.name(name), words.amount(words.name(value))) for name, value in facts.costs(spent)]


def about_cost(result: RunResult, words: Words) -> list[Markdown]:
    """Return machine and versions, a sentence each."""
    environment = result.environment
    versions = {"Python": environment.python, **environment.packages}
    return [
        words(
            "cost.machine",
            platform=code_span(environment.platform),
            processors=words.count("processors", environment.cpu_count or environment.threads),
            threads=words.count("threads", environment.threads),
        ),
        words("cost.versions", versions=", ".join(f"{name} {version}" for name, version in versions.items())),
    ]


def _weights(result: RunResult, words: Words) -> Markdown:
    averaged, best = result.training.averaged_steps, result.training.best_step
    if averaged:
        steps = words.listed([f"{step:,}" for step in averaged])
        return words("method.averaged" if len(averaged) > 1 else "method.averaged_one", steps=steps)
    return words("method.last") if best is None else words("method.best", step=best)
