"""Too little memory in a verb, with the nearest settings that ask for less. Nothing heavy is imported."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from toolkit.errors import ResourceError, ToolkitError
from toolkit.shortage import free_memory, is_out_of_memory, out_of_memory

P = ParamSpec("P")
R = TypeVar("R")


def memory_told(fix: Callable[..., str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a verb end with one line that names the nearest settings where memory runs out.

    Args:
        fix: gets the verb's arguments, and returns what to do as a clause.
    """

    def told(verb: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(verb)
        def carried_out(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return verb(*args, **kwargs)
            except BaseException as error:  # also a panic of Rust, which is no `Exception`
                # Another layer may have taken it for something else, such as a damaged file.
                cause = error.__cause__ if isinstance(error, ToolkitError) else error
                if isinstance(error, ResourceError) or cause is None or not is_out_of_memory(cause):
                    raise
                traceback.clear_frames(error.__traceback__)  # they hold what took the memory
                raise out_of_memory(fix(*args, **kwargs)) from error

        return carried_out

    return told


def smaller_model(model: str, *_: Any, **__: Any) -> str:
    """Return what helps a verb whose only setting is the model."""
    return f"take a smaller model{_weights(model)}, or end other programs"


def fewer_rows(model: str, *_: Any, **__: Any) -> str:
    """Return what helps a verb that answers rows."""
    return f"give fewer or shorter texts at once, or take a smaller model{_weights(model)}"


def shorter_texts(model: str, *_: Any, max_length: int | None = None, **__: Any) -> str:
    """Return what helps a verb with the option ``--max-length``."""
    length = max_length
    with suppress(Exception):  # memory is short, and the model may be what cannot be opened
        from toolkit.adapters import locate_model
        from toolkit.adapters.open import open_tokenizer
        from toolkit.trials.subject import find_subject

        length = length or open_tokenizer(locate_model(find_subject(model).model))[1]
    shorter = "" if length is None or length < 2 else f"set --max-length {length // 2}, "
    return f"{shorter}give fewer rows at once, or take a smaller model{_weights(model)}"


def shorter_texts_or_no_model(_: object, *, model: str | None = None, **settings: Any) -> str:
    """Return what helps a verb that needs no model."""
    return "give fewer rows at once" if model is None else shorter_texts(model, **settings)


def smaller_candidates(*_: Any, **__: Any) -> str:
    """Return what helps a verb that chooses among models."""
    free = free_memory()
    limit = "--memory" if free is None else f"--memory {max(1, free // 10**6)}MB"
    return f"give fewer rows, or leave out large models with {limit}"


def _weights(name: str) -> str:
    """Return the bytes of a model's weights in words; nothing where they cannot be told."""
    with suppress(Exception):  # memory is short, and the model may be what cannot be found
        from toolkit.adapters import locate_model
        from toolkit.adapters.open import model_size
        from toolkit.trials.subject import find_subject

        n_bytes = model_size(locate_model(find_subject(name).model).folder)
        if n_bytes:
            return f" than {name}, whose weights alone take {n_bytes:,}"
    return ""
