r"""A character n-gram model, the baseline of language models; it is trained in seconds.

The smoothing is interpolated Kneser-Ney with three discounts, "modified" in Chen & Goodman 1999
(https://doi.org/10.1006/csla.1999.0128). For the next symbol w after the last k - 1 symbols h,

    p_k(w | h) = max(c(h w) - D(c(h w)), 0) / c(h .) + g(h) p_{k-1}(w | h without its first symbol)

where c counts occurrences at the highest order k = `order`, and at lower orders the different symbols that precede
h w. g(h) gives exactly the mass that the discounts D have removed to the lower order. For an unseen h the probability
is that of the lower order.

The model predicts each character of the text in NFC, and then its end. Below the first order all symbols are equally
probable: the characters of the training texts, the end, and one symbol for all unseen characters. The probability of
that symbol is shared equally by all other code points of Unicode. The probabilities of all texts sum to 1, so that bits
per character are true bits: an unseen character costs about 20 bits and those of its symbol. A model with an ``<unk>``
token does not pay for the choice of the character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.progress import warn

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CODE_POINTS = 0x110000 - 0x800  # without the surrogates, which are no characters
_MOST_CHARACTERS = 10_000_000  # of training texts that are read: about 30 s and 2 GB
_SCORED_AT_ONCE = 1_000_000  # symbols
_USUAL_DISCOUNTS = (0.5, 1.0, 1.5)  # if the counts give none, as in KenLM


def ngram_baseline(train_texts: Sequence[str], test_texts: Sequence[str], *, order: int = 5) -> Likelihoods:
    """Train a character model and compute the likelihoods of other texts.

    Args:
        train_texts: if they have more than 10 million characters, texts with so many are drawn at random.
        test_texts: ``[rows]``
        order: length of the n-grams, the predicted symbol included.

    Returns:
        Likelihoods whose tokens are characters and the ends of texts. So perplexity is one of characters, and only bits
        per character can be compared with a model of longer tokens. ``[rows]``

    Raises:
        ValueError: if there are no training texts, or the order is less than 1.
    """
    kept = _affordable(train_texts)
    if len(kept) < len(train_texts):
        warn(f"baseline ngram: trained on {len(kept)} of {len(train_texts)} texts")
    return CharacterModel(kept, order=order).likelihoods(test_texts)


def _affordable(texts: Sequence[str]) -> Sequence[str]:
    """Return all texts, or as many drawn at random as the limit of characters allows, in their order."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    if lengths.sum() <= _MOST_CHARACTERS:
        return texts
    drawn = np.random.default_rng(0).permutation(len(texts))
    n_kept = max(1, int(np.searchsorted(lengths[drawn].cumsum(), _MOST_CHARACTERS, side="right")))
    return [texts[row] for row in np.sort(drawn[:n_kept])]


@dataclass(frozen=True, eq=False)
class _Order:
    """The n-grams of one length; a key is made of the index of the suffix, one symbol shorter, and the first symbol.

    Attributes:
        grams: keys of the seen n-grams, ``suffix * n_symbols + first symbol``, sorted. ``[grams]``
        shares: the first term of p_k. ``[grams]``
        contexts: keys of the symbols before the last one, in the same form. ``[contexts]``
        left: g, the mass of the lower order. ``[contexts]``
    """

    grams: Ints
    shares: Floats
    contexts: Ints
    left: Floats


class CharacterModel:
    """An n-gram model of characters; see the top of this file.

    Args:
        texts: to train on.
        order: length of the n-grams, the predicted symbol included.

    Raises:
        ValueError: if there are no texts, or the order is less than 1.
    """

    def __init__(self, texts: Sequence[str], *, order: int = 5) -> None:
        if not texts or order < 1:
            raise ValueError("a character model needs at least one text and an order of at least 1")
        normalised = [unicodedata.normalize("NFC", text) for text in texts]
        self.alphabet = "".join(sorted(set().union(*normalised)))
        """The seen characters, which are the first symbols; the end, the unknown and the start follow them."""
        self._known = _code_points(self.alphabet)
        self._end = len(self.alphabet)
        self._unknown, self._start, self._n_symbols = self._end + 1, self._end + 2, self._end + 3
        self._order = order
        symbols, positions = self._encode(normalised)
        self._orders = self._count(symbols, positions)

    def likelihoods(self, texts: Sequence[str]) -> Likelihoods:
        """Compute the likelihood of each text, its end included, ``[rows]``."""
        normalised = [unicodedata.normalize("NFC", text) for text in texts]
        symbols, positions = self._encode(normalised)
        surprise = np.empty(len(positions))
        for start in range(0, len(positions), _SCORED_AT_ONCE):
            block = slice(start, start + _SCORED_AT_ONCE)
            surprise[block] = -np.log(self._probabilities(symbols, positions[block]))
        # Each unknown character has an equal share of the probability of all.
        surprise += (symbols[positions] == self._unknown) * np.log(_CODE_POINTS - len(self.alphabet))
        characters = np.array([len(text) for text in normalised], dtype=np.int64)
        tokens = characters + 1
        return Likelihoods(np.add.reduceat(surprise, tokens.cumsum() - tokens), tokens, characters)

    def distribution(self, text: str) -> Floats:
        """Compute the distribution of the next symbol after a text.

        Returns:
            The probabilities of the alphabet's characters, the end, and all unknown characters together. ``[symbols]``
        """
        symbols, _ = self._encode([unicodedata.normalize("NFC", text)])
        n_symbols = self._end + 2
        windows = np.tile(symbols[-self._order :], (n_symbols, 1))
        windows[:, -1] = np.arange(n_symbols)  # in place of the end
        lasts = np.arange(1, n_symbols + 1) * self._order - 1
        return self._probabilities(windows.reshape(-1), lasts)

    def _encode(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Encode texts as one row of symbols, with start symbols before each, and the predicted positions."""
        start, end = np.full(self._order - 1, self._start), np.array([self._end])
        parts = [part for text in texts for part in (start, self._symbols(text), end)]
        symbols = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        return symbols, np.flatnonzero(symbols != self._start)

    def _symbols(self, text: str) -> Ints:
        points = _code_points(text)
        found = np.searchsorted(self._known, points)
        known = np.append(self._known, -1)[found] == points
        return np.where(known, found, self._unknown)

    def _count(self, symbols: Ints, positions: Ints) -> list[_Order]:
        """Count the n-grams of every order, the highest last."""
        # The indices of the n-gram that ends at each position and of its context, the symbols before the last one.
        grams, contexts = np.zeros_like(positions), np.zeros_like(positions)
        found = []
        for length in range(1, self._order + 1):
            firsts = symbols[positions - (length - 1)]
            keys, where, grams, counts = np.unique(
                grams * self._n_symbols + firsts, return_index=True, return_inverse=True, return_counts=True
            )
            # The context of a single symbol is empty; that of a longer n-gram has the same first symbol.
            context_keys = np.zeros_like(positions) if length == 1 else contexts * self._n_symbols + firsts
            context_keys, contexts = np.unique(context_keys, return_inverse=True)
            found.append((keys, counts, context_keys, contexts[where]))
        orders = []
        for position, (keys, counts, context_keys, context_of_gram) in enumerate(found):
            if position + 1 < self._order:
                # Each longer n-gram has another symbol before its suffix.
                counts = np.bincount(found[position + 1][0] // self._n_symbols, minlength=len(keys))
            orders.append(_smooth(keys, counts, context_keys, context_of_gram))
        return orders

    def _probabilities(self, symbols: Ints, positions: Ints) -> Floats:
        """Compute the probability of the symbol at each position given those before it, ``[positions]``."""
        probability = np.full(len(positions), 1.0 / (self._end + 2))
        grams, contexts = np.zeros_like(positions), np.zeros_like(positions)
        for length, order in enumerate(self._orders, start=1):
            firsts = symbols[positions - (length - 1)]
            grams = _find(order.grams, np.where(grams < 0, -1, grams * self._n_symbols + firsts))
            if length > 1:
                contexts = _find(order.contexts, np.where(contexts < 0, -1, contexts * self._n_symbols + firsts))
            share = np.where(grams < 0, 0.0, order.shares[grams])
            left = np.where(contexts < 0, 1.0, order.left[contexts])
            probability = share + left * probability
        return probability


def _smooth(keys: Ints, counts: Ints, context_keys: Ints, context_of_gram: Ints) -> _Order:
    """Turn the counts of one order's n-grams into discounted probabilities given their contexts."""
    discounts = np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)]
    totals = np.bincount(context_of_gram, weights=counts, minlength=len(context_keys))
    left = np.bincount(context_of_gram, weights=discounts, minlength=len(context_keys)) / totals
    return _Order(keys, (counts - discounts) / totals[context_of_gram], context_keys, left)


def _discounts(counts: Ints) -> tuple[float, float, float]:
    """Compute the discounts of n-grams seen once, twice and more often.

    See Chen & Goodman 1999, equation 26 (https://doi.org/10.1006/csla.1999.0128).
    """
    once, twice, thrice, four_times = (int(np.count_nonzero(counts == n)) for n in (1, 2, 3, 4))
    if not once or not twice or not thrice:
        return _USUAL_DISCOUNTS
    rate = once / (once + 2 * twice)
    found = (1 - 2 * rate * twice / once, 2 - 3 * rate * thrice / twice, 3 - 4 * rate * four_times / thrice)
    # A discount of 0 or of the whole count would leave symbols with probability 0.
    return found if all(0 < discount < n for n, discount in enumerate(found, start=1)) else _USUAL_DISCOUNTS


def _find(keys: Ints, wanted: Ints) -> Ints:
    """Return the index of each wanted key among the sorted keys, -1 for a missing one."""
    indices = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[indices] == wanted, indices, -1)


def _code_points(text: str) -> Ints:
    encoded = text.encode("utf-32-le", errors="surrogatepass")
    return np.frombuffer(encoded, dtype="<u4").astype(np.int64)
