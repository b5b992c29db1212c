"""Callbacks that follow a training from outside: the user's own, and trackers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from transformers import TrainerCallback

from toolkit.errors import RecipeError

_followers: ContextVar[tuple[TrainerCallback, ...]] = ContextVar("followers", default=())


@contextmanager
def followed_by(callbacks: Sequence[TrainerCallback]) -> Iterator[None]:
    """Let callbacks follow every training within a block.

    Args:
        callbacks: objects; they are called after the toolkit's own.

    Raises:
        RecipeError: one is no callback.
    """
    for callback in callbacks:
        if not isinstance(callback, TrainerCallback):
            found = f"{callback!r} is no transformers.TrainerCallback; give an object of a class that derives from it"
            raise RecipeError(found, where="callbacks")
    token = _followers.set(tuple(callbacks))
    try:
        yield
    finally:
        _followers.reset(token)


@contextmanager
def also_followed_by(callback: TrainerCallback) -> Iterator[None]:
    """Let one more callback follow every training within a block, after those that do.

    Args:
        callback: one of ours.
    """
    token = _followers.set((*_followers.get(), callback))
    try:
        yield
    finally:
        _followers.reset(token)


def followers() -> tuple[TrainerCallback, ...]:
    """Return the callbacks that follow the training."""
    return _followers.get()
