"""The rules of PEFT methods that names and settings alone decide; `toolkit.training.peft_fit` tries the rest."""

from __future__ import annotations

from toolkit.names import LORA, Method
from toolkit.recipe.peft_methods import NEEDED, NOT_HERE, peft_methods
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import Recipe


@rule("method", "peft")
def _peft_needs_its_method(recipe: Recipe) -> Broken:
    if recipe.peft and recipe.way is not Method.PEFT:
        yield (
            "peft",
            f"the method {recipe.method} has no peft section; take it out, or write the PEFT method, such as "
            f"method: {LORA}",
        )


@rule("method")
def _method_can_be_described(recipe: Recipe) -> Broken:
    if recipe.way is Method.PEFT and recipe.method in NOT_HERE:
        yield "method", f"{recipe.method} does not work here: {NOT_HERE[recipe.method]}; choose another method"


@rule("method", "peft")
def _peft_settings_agree(recipe: Recipe) -> Broken:
    if recipe.way is not Method.PEFT or recipe.method in NOT_HERE:
        return
    lacking = [key for key in NEEDED.get(recipe.method, ()) if not recipe.peft.get(key)]
    for key in lacking:
        yield "peft", f"{recipe.method} needs the key {key}"
    if recipe.method == "adalora" and recipe.peft["target_r"] >= recipe.peft["init_r"]:
        yield "peft.target_r", f"adalora lowers ranks, so it has to be below init_r, {recipe.peft['init_r']}"
    if not lacking:
        try:
            peft_methods()[recipe.method].check(recipe.peft)
        except (ValueError, TypeError, AssertionError, ImportError) as error:
            yield "peft", str(error).strip().split("\n")[0] or f"{recipe.method} does not take these settings"


@rule("method", "task", "training")
def _prompt_fits(recipe: Recipe) -> Broken:
    if recipe.way is not Method.PEFT or not peft_methods()[recipe.method].learns_a_prompt:
        return
    if recipe.spec.labels_tokens and peft_methods()[recipe.method].lengthens_texts:
        yield (
            "method",
            f"{recipe.method} puts tokens before a text, and {recipe.task} labels tokens by their place; choose "
            "another method, such as lora or prefix_tuning",
        )
    if recipe.training.for_trainer().get("activation_checkpointing"):
        yield (
            "training.activation_checkpointing",
            f"{recipe.method} keeps what it learns in a cache that recomputed activations do not see; take it out",
        )
