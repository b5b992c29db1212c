"""A demo of a published model: the folder of a Gradio Space, whose app is plain transformers and knows no toolkit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import RecipeError
from toolkit.files import write_text_atomically
from toolkit.hub.card.metadata import as_yaml
from toolkit.hub.card.usage import auto_class, brings_code, is_asked, literal, reads_pairs
from toolkit.recipe import Recipe
from toolkit.report.sentences import headline
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.tasks.pages import Call, Demo

GRADIO = "6.31.0"
"""Version that the app was written for; those before 6.16 let strangers read files of the machine."""

SPACE_FOLDER = "space"
MOST_EXAMPLES = 5
_PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "huggingface_hub")

_APP = '''"""A demo of a model: plain transformers behind Gradio."""

import unicodedata

import gradio as gr
{imports}

MODEL = {model}
REVISION = {revision}  # None is the newest
EXAMPLES = [
{examples}
]

{opened}


def normal(text):
    """A text in the form in which the model read texts when it was trained."""
    return unicodedata.normalize("NFC", text)


def answer({arguments}):
    """What the model says."""
{body}


demo = gr.Interface(
    fn=answer,
    inputs=[{inputs}],
    outputs={outputs},
    examples=EXAMPLES,
    title={title},
    description={description},
    flagging_mode="never",
)

if __name__ == "__main__":
    demo.launch()
'''


def write_space(
    folder: Path,
    *,
    repo_id: str,
    result: RunResult,
    recipe: Recipe,
    model_config: Mapping[str, Any] | None = None,
    revision: str | None = None,
    examples: Sequence[Mapping[str, str]] = (),
) -> Path:
    """Write ``app.py``, ``requirements.txt`` and ``README.md`` into the folder ``space`` of a folder.

    Args:
        folder: is there.
        repo_id: the repository of the model, whole: an adapter alone has no demo.
        result: of the run.
        recipe: of the run.
        model_config: the model's ``config.json``, which tells whether it brings its own code.
        revision: the commit to open; one is to be named where that code is run.
        examples: rows to offer, ``text`` and perhaps ``text_pair``, besides that of the run.

    Returns:
        The new folder.

    Raises:
        RecipeError: the run has no model of its own.
        ResourceError: a file cannot be written.
    """
    if is_asked(recipe):
        raise RecipeError("a run with method zero-shot has no model of its own to show; leave --space out")
    own_code = brings_code(recipe, model_config)
    space = folder / SPACE_FOLDER
    space.mkdir(exist_ok=True)
    app = _app(result, recipe, repo_id=repo_id, revision=revision, own_code=own_code, examples=examples)
    write_text_atomically(space / "app.py", app)
    write_text_atomically(space / "requirements.txt", _requirements(result))
    write_text_atomically(space / "README.md", _readme(recipe, repo_id))
    return space


def _app(
    result: RunResult,
    recipe: Recipe,
    *,
    repo_id: str,
    revision: str | None,
    own_code: bool,
    examples: Sequence[Mapping[str, str]],
) -> str:
    columns = ("text", "text_pair") if reads_pairs(recipe) else recipe.inputs or ("text",)
    arguments = {name: f"input_{place}" if recipe.inputs else name for place, name in enumerate(columns, start=1)}
    pages = room_of(result.task).pages
    demo = pages.demo(result, recipe)
    imports, opened = _opening(result, pages.call(result, recipe), demo, own_code=own_code)
    row = columns[0]
    if len(columns) > 1 or recipe.inputs:
        row = "{" + ", ".join(f'"{name}": {argument}' for name, argument in arguments.items()) + "}"
    body = [line.replace("{row}", row) for line in demo.lines]
    offered = [*([result.example.inputs] if result.example else []), *examples]
    rows = [each for each in offered if set(columns) <= each.keys()][:MOST_EXAMPLES]
    return _APP.format(
        imports=imports,
        model=literal(repo_id),
        revision=literal(revision) if revision else "None",
        examples="\n".join(f"    [{', '.join(literal(each[name]) for name in columns)}]," for each in rows),
        opened=opened,
        arguments=", ".join(arguments.values()),
        body="\n".join(f"    {line}" for line in [*(f"{name} = normal({name})" for name in arguments.values()), *body]),
        inputs=", ".join(f'gr.Textbox(label="{name.replace("_", " ")}", lines=3)' for name in columns),
        outputs=demo.output,
        title=literal(repo_id),
        description=literal(f"The model {headline(result)}. Its card says how that was measured, and its limits."),
    )


def _opening(result: RunResult, call: Call, demo: Demo, *, own_code: bool) -> tuple[str, str]:
    """Return the imports, and the lines that open the model or its pipeline."""
    trust = ", trust_remote_code=True" if own_code else ""
    if call.pipeline is not None:
        opened = f"pipe = pipeline({literal(result.task.value)}, model=MODEL, revision=REVISION{trust})"
        return "from transformers import pipeline", opened
    opened = "\n".join(
        f"{name} = {opener}.from_pretrained(MODEL, revision=REVISION{trust})"
        for name, opener in (("tokenizer", "AutoTokenizer"), ("model", auto_class(result)))
    )
    imports = "import torch\n" if any("torch" in line for line in demo.lines) else ""
    return f"{imports}from transformers import {auto_class(result)}, AutoTokenizer", opened


def _requirements(result: RunResult) -> str:
    """Pin the versions of the run, without what only its machine had, such as ``+cpu``."""
    packages = result.environment.packages
    pinned = {name: packages[name].partition("+")[0] for name in _PACKAGES if name in packages}
    return "".join(f"{name}=={version}\n" for name, version in {"gradio": GRADIO, **pinned}.items())


def _readme(recipe: Recipe, repo_id: str) -> str:
    name = repo_id.rpartition("/")[2]
    values = {
        "title": name,
        "sdk": "gradio",
        "sdk_version": GRADIO,
        "app_file": "app.py",
        "models": [repo_id],
        "license": recipe.hub.license,
        "pinned": False,
    }
    front = as_yaml({key: value for key, value in values.items() if value is not None})
    model = f"[{repo_id}](https://huggingface.co/{repo_id})"
    return f"---\n{front}\n---\n\nA demo of {model}, whose card has its results and limits.\n"
