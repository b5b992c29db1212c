"""The language that a command line is answered in: of the option, of ``TOOLKIT_LANG``, or of the system."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from toolkit.errors import RecipeError, explain
from toolkit.language.spoken import LANGUAGES, VARIABLE, language_of, speak
from toolkit.progress import warn

OPTION = "--language"


def settle_language(arguments: Sequence[str], *, verbs: Collection[str]) -> list[str]:
    """Speak the language that is asked for, and return the arguments that are left.

    Args:
        arguments: of the command line. The option works before the verb and behind it.
        verbs: those with such an option of their own, for what they write; behind them it is left to them.

    Raises:
        RecipeError: a language that is not spoken.
    """
    spoken, unknown = language_of(os.environ)
    speak(spoken)
    rest: list[str] = []
    verb, asked = "", None
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            rest += [argument, *left]
            break
        name, equals, value = argument.partition("=")
        if name != OPTION:
            verb = verb or ("" if argument.startswith("-") else argument)
            rest.append(argument)
            continue
        given = [argument] if equals else [argument, *([] if (value := next(left, "")) == "" else [value])]
        if verb in verbs:
            rest += given
            continue
        asked = value
        if value not in LANGUAGES:
            raise RecipeError(explain(f"nothing is said in {value!r}", allowed=LANGUAGES), where=OPTION)
    if asked in LANGUAGES:
        speak(asked)
    elif unknown is not None:
        warn(f"{VARIABLE}: {explain(f'nothing is said in {unknown!r}', allowed=LANGUAGES)}; it is English then")
    return rest
