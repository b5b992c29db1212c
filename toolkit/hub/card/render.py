"""The model card of a finished run: every figure in it comes from the run, nothing is typed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.hub.card import data as card_data
from toolkit.hub.card import results as card_results
from toolkit.hub.card.limits import measured_limits, unmeasured
from toolkit.hub.card.markdown import Markdown, code_block, code_span, escape
from toolkit.hub.card.metadata import as_yaml, front_matter
from toolkit.hub.card.method import about_cost, about_training, command_of, costs
from toolkit.hub.card.names import model_name, public_recipe
from toolkit.hub.card.settings import not_default, settings
from toolkit.hub.card.usage import brings_code, intended_use, unintended_use
from toolkit.hub.card.use import about_use, shown_example
from toolkit.hub.card.words import words_of
from toolkit.names import Method
from toolkit.report import facts
from toolkit.shipped import shipped_folder


def render_card(
    metrics: Mapping[str, Any],
    *,
    recipe_yaml: str,
    model_config: Mapping[str, Any] | None = None,
    command: str = "toolkit fine-tune recipe.yaml",
    repo_id: str | None = None,
    language: str = "en",
    adapter: bool = False,
) -> str:
    """The card as Markdown with the front matter that the hub reads.

    The base model is named there only if it is on the hub, licence and languages as the recipe names them. Folders of
    this machine are left out.

    Args:
        metrics: the content of ``metrics.json``.
        recipe_yaml: the resolved recipe, as it stands in the run folder.
        model_config: the ``config.json`` of the saved model, which tells whether it brings its own code.
        command: what runs that recipe again.
        repo_id: the repository, ``owner/name``, where the model is published.
        language: of the card: ``en`` or ``ko``; its metadata and its figures are the same.
        adapter: whether the adapter alone is published.

    Raises:
        RecipeError: there is no card in the language.
    """
    words = words_of(language)
    recipe = yaml.safe_load(recipe_yaml)
    shown_recipe = public_recipe(recipe_yaml)
    own_code = brings_code(recipe, model_config)
    results = facts.results(metrics)
    title = repo_id.rpartition("/")[2] if repo_id else model_name(metrics)
    metadata = front_matter(metrics, recipe, name=title, own_code=own_code, adapter=adapter)
    template = _environment().get_template("card.md.jinja")
    card = template.render(
        w=words,
        metrics=metrics,
        front_matter=Markdown(as_yaml(metadata)),
        title=title,
        origin=card_data.origin(metrics, words, adapter=adapter),
        reached=Markdown(f"{card_results.headline(metrics, words)} {card_results.comparison(metrics, words)}".strip()),
        intended_use=intended_use(metrics, recipe, words),
        unintended_use=unintended_use(metrics, recipe, words),
        example=shown_example(metrics, recipe, words, own_code=own_code, repo_id=repo_id, adapter=adapter),
        about_use=about_use(metrics, recipe, words, own_code=own_code, repo_id=repo_id),
        results=results,
        best=facts.best_values(results),
        headings=[card_results.heading(results[0], name, words) for name in results[0].measures],
        notes=card_results.notes(metrics, words),
        slices=card_results.slice_rows(metrics, words),
        slice_heading=card_results.slice_heading(metrics, words),
        about_texts=card_results.about_texts(metrics, words),
        about_slices=card_results.about_slices(metrics, words),
        limits=measured_limits(metrics, words),
        unmeasured=unmeasured(metrics, words),
        asked=metrics["method"] == Method.ZERO_SHOT,
        splits=card_data.split_table(metrics, words),
        about_data=[
            *card_data.about_use(metrics, recipe, words),
            *card_data.about_labels(metrics, words),
            words("data.source", sources=card_data.all_sources(metrics, words)),
            *card_data.licences(metrics, words),
        ],
        about_training=about_training(metrics, words),
        not_default=not_default(recipe),
        settings=settings(recipe, model_config),
        command=code_block(command_of(command, repo_id), "bash"),
        repo_id=repo_id,
        shortened=shown_recipe != recipe_yaml,
        recipe=code_block(shown_recipe, "yaml"),
        costs=costs(metrics, words),
        about_cost=about_cost(metrics, words),
    )
    # Half a surrogate pair can come out of a JSON file, and cannot be written to a UTF-8 one.
    return card.encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(shipped_folder("model_cards"), encoding="utf-8"),
        autoescape=True,
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(count=facts.count, code=code_span, marked=Markdown)
    return environment
