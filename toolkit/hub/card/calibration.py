"""The card's sentences on how far the model's probabilities can be taken at their word."""

from __future__ import annotations

from toolkit.hub.card.markdown import Markdown
from toolkit.hub.card.words import Words
from toolkit.run_result import RunResult


def about_probabilities(result: RunResult, words: Words) -> list[Markdown]:
    """Return what was measured of the probabilities; nothing where there are none, and in runs of older versions."""
    found = result.test.details.get("calibration")
    if found is None:
        return []
    gap, error = found["gap"], found["ece"]
    low, high = gap["ci95"]
    side = "high" if low > 0 else "low" if high < 0 else "none"
    size = gap["value"] if side == "none" else abs(gap["value"])
    sentences = [
        words(f"calibration.gap_{side}", gap=f"{size:.3f}", low=f"{low:.3f}", high=f"{high:.3f}"),
        words(
            "calibration.ece",
            ece=f"{error['value']:.3f}",
            low=f"{error['ci95'][0]:.3f}",
            high=f"{error['ci95'][1]:.3f}",
            chance=f"{error['by_chance']:.3f}",
        ),
    ]
    temperature = result.temperature or {}
    if temperature.get("kept"):
        sentences.append(words("calibration.kept", value=f"{temperature['value']:.3g}"))
    return sentences
