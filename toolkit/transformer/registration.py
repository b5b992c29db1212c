"""The auto class of each of our models, and what a saved folder says about it.

This file imports nothing, so that every other file of the folder may import it.

``auto_map`` of a saved folder names every head that fits the configuration, not only the saved one, so all of the code
has to travel. `transformers` decides which files to copy (into a saved folder, and into its own cache of modules) by a
regular expression: it follows, in the text of each file, the lines that begin with ``from .name import``. The lines
below lead it from this file, which every model imports, to every file that ``auto_map`` names:

    from .configuration import TransformerConfig
    from .language_heads import TransformerForCausalLM, TransformerForConditionalGeneration, TransformerForMaskedLM
    from .model import TransformerModel
    from .task_heads import TransformerForSequenceClassification and the others
"""

from __future__ import annotations

CONFIGURATION = "configuration.TransformerConfig"

MODELS: dict[str, str] = {
    "AutoModel": "model.TransformerModel",
    "AutoModelForSeq2SeqLM": "language_heads.TransformerForConditionalGeneration",
    "AutoModelForCausalLM": "language_heads.TransformerForCausalLM",
    "AutoModelForMaskedLM": "language_heads.TransformerForMaskedLM",
    "AutoModelForSequenceClassification": "task_heads.TransformerForSequenceClassification",
    "AutoModelForTokenClassification": "task_heads.TransformerForTokenClassification",
    "AutoModelForQuestionAnswering": "task_heads.TransformerForQuestionAnswering",
}
"""``file.Class`` of our models, by the name of the auto class that opens them."""

ARCHITECTURES: dict[str, str] = {
    "AutoModelForSeq2SeqLM": "encoder-decoder",
    "AutoModelForCausalLM": "decoder",
    "AutoModelForMaskedLM": "encoder",
}
"""The one architecture that a model has, by the name of its auto class; the other models have all three."""


def auto_map(architecture: str) -> dict[str, str]:
    """Return the ``auto_map`` of a saved configuration: every model of its architecture.

    Args:
        architecture: of the saved model.

    Returns:
        ``file.Class`` by the name of the auto class.
    """
    fitting = {name: model for name, model in MODELS.items() if ARCHITECTURES.get(name, architecture) == architecture}
    return {"AutoConfig": CONFIGURATION, **fitting}
