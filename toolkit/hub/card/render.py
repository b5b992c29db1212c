"""The model card of a finished run: every figure in it comes from the run, nothing is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.hub.card import data as card_data
from toolkit.hub.card import results as card_results
from toolkit.hub.card import slices as card_slices
from toolkit.hub.card.limits import measured_limits, unmeasured
from toolkit.hub.card.markdown import Markdown, code_block, code_span, escape
from toolkit.hub.card.metadata import as_yaml, front_matter
from toolkit.hub.card.method import about_cost, about_training, command_of, costs
from toolkit.hub.card.names import model_name, public_recipe
from toolkit.hub.card.reproduced import about_reproductions
from toolkit.hub.card.settings import not_default, settings
from toolkit.hub.card.usage import brings_code, intended_use, is_asked, unintended_use
from toolkit.hub.card.use import about_use, shown_example
from toolkit.hub.card.words import words_of
from toolkit.hub.card.written import about_written, written_rows
from toolkit.recipe import Recipe
from toolkit.report import facts
from toolkit.report.measures import best_values, results
from toolkit.run_result import RunResult
from toolkit.shipped import shipped_folder
from toolkit.trials.reproductions import Reproduction
from toolkit.wording import visible


def render_card(
    result: RunResult,
    recipe: Recipe,
    *,
    recipe_yaml: str,
    model_config: Mapping[str, Any] | None = None,
    command: str = "toolkit fine-tune recipe.yaml",
    repo_id: str | None = None,
    language: str = "en",
    adapter: bool = False,
    reproductions: Sequence[Reproduction] = (),
) -> str:
    """Render the card as Markdown with the front matter that the hub reads.

    The base model is named there only if it is on the hub, licence and languages as the recipe names them. Folders of
    this machine are left out.

    Args:
        result: of the run.
        recipe: of the run.
        recipe_yaml: the resolved recipe, to be shown.
        model_config: the ``config.json`` of the saved model, which tells whether it brings its own code.
        command: what runs that recipe again.
        repo_id: the repository, ``owner/name``, where the model is published.
        language: of the card: ``en`` or ``ko``; its metadata and its figures are the same.
        adapter: whether the adapter alone is published.
        reproductions: what came of carrying the run out again.

    Raises:
        RecipeError: there is no card in the language.
    """
    words = words_of(language)
    adapter = adapter or result.is_adapter
    shown_recipe = public_recipe(recipe_yaml)
    own_code = brings_code(recipe, model_config)
    compared = results(result)
    title = repo_id.rpartition("/")[2] if repo_id else model_name(result)
    metadata = front_matter(result, recipe, name=title, own_code=own_code, adapter=adapter)
    template = card_templates().get_template("card.md.jinja")
    card = template.render(
        w=words,
        result=result,
        front_matter=Markdown(as_yaml(metadata)),
        title=title,
        origin=card_data.origin(result, words, adapter=adapter),
        reached=card_results.reached(result, words),
        intended_use=intended_use(result, recipe, words),
        unintended_use=unintended_use(result, recipe, words),
        example=shown_example(result, recipe, words, own_code=own_code, repo_id=repo_id, adapter=adapter),
        about_use=about_use(result, recipe, words, own_code=own_code, repo_id=repo_id),
        results=compared,
        best=best_values(compared),
        headings=[card_results.heading(measure.words, words) for measure in compared[0].measures.values()],
        notes=card_results.notes(result, words),
        slices=card_slices.slice_rows(result, words),
        slice_heading=card_slices.slice_heading(result, words),
        about_texts=card_slices.about_texts(result, words),
        about_slices=card_slices.about_slices(result, words),
        written=written_rows(result, words),
        about_written=about_written(result, recipe, words),
        limits=measured_limits(result, words),
        unmeasured=unmeasured(result, words),
        asked=is_asked(recipe),
        splits=card_data.split_table(result, words),
        about_data=[
            *card_data.about_use(result, recipe, words),
            *card_data.about_labels(result, words),
            words("data.source", sources=card_data.all_sources(result, words)),
            *card_data.licences(result, words),
        ],
        about_training=about_training(result, words),
        not_default=not_default(recipe),
        settings=settings(recipe, model_config),
        command=code_block(command_of(command, repo_id), "bash"),
        reproduced=about_reproductions(reproductions, result, words),
        repo_id=repo_id,
        shortened=shown_recipe != recipe_yaml,
        recipe=code_block(shown_recipe, "yaml"),
        costs=costs(result, words),
        about_cost=about_cost(result, words),
    )
    return visible(card)


@cache
def card_templates() -> Environment:
    """Return the templates of cards, which escape every text that is no Markdown."""
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
