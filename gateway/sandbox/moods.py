"""Faults on demand: how the wallet misbehaves, for everybody, for one player, or for one player's operation.

Moods are for seeing what a gateway makes of a broken wallet. What a mood books is part of it: the ledger stays sound
in every mood, only the caller is left in the dark. A mix draws each call's mood by chance, and replays from its seed.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Any, NamedTuple, Self

from gateway.canon.operations import Operation
from gateway.dialect.problems import suggest


class Mood(StrEnum):
    """One way to behave: its word, whether the call is booked by the time of its answer, and a sentence for people."""

    books: bool
    sentence: str

    def __new__(cls, word: str, books: bool = False, sentence: str = "") -> Self:
        self = str.__new__(cls, word)
        self._value_ = word
        self.books, self.sentence = books, sentence
        return self

    WELL = "well", True, "Books and answers honestly"

    SLOW = "slow", True, "Books at once and answers late"
    DRIP = "drip", True, "Books and sends its answer a byte at a time, too slowly to be waited for"
    SILENT = "silent", False, "Takes the call, books nothing and never answers"
    SILENT_AFTER_BOOKING = "silent_after_booking", True, "Books and never answers"

    RESET_BEFORE_BOOKING = "reset_before_booking", False, "Resets the connection, nothing booked"
    RESET_AFTER_BOOKING = "reset_after_booking", True, "Books and resets the connection"
    CLOSE_AFTER_BOOKING = "close_after_booking", True, "Books and closes the connection without a byte"
    CLOSE_MID_HEADER = "close_mid_header", True, "Books and closes the connection inside the answer's head"
    HALF_BODY = "half_body", True, "Books, announces the whole answer and closes after half of it"
    HALF_CHUNK = "half_chunk", True, "Books and closes inside a chunk of a chunked answer"

    HTTP_500 = "http_500", False, "Answers HTTP 500, nothing booked"
    HTTP_500_AFTER_BOOKING = "http_500_after_booking", True, "Books and answers HTTP 500"
    NOT_FOUND_404 = "not_found_404", False, "Answers HTTP 404 as if the path were unknown, nothing booked"
    NO_CONTENT_204 = "no_content_204", True, "Books and answers HTTP 204 without a body"
    REDIRECT_302 = "redirect_302", False, "Sends the caller elsewhere, nothing booked"
    UNAUTHORIZED_401 = "unauthorized_401", False, "Refuses the caller's credentials, nothing booked, by contract"
    TOO_MANY_429 = "too_many_429", False, "Sheds the call, nothing booked, by contract"
    UNAVAILABLE_503 = "unavailable_503", False, "Is not available, nothing booked, by contract"

    HTML_200 = "html_200", False, "A proxy's HTML page with HTTP 200 in the wallet's stead, nothing booked"
    EMPTY_200 = "empty_200", True, "Books and answers HTTP 200 with an empty body"
    GARBAGE = "garbage", True, "Books and answers HTTP 200 with bytes that are no message"
    JSON_LIST = "json_list", True, "Books and answers HTTP 200 with JSON that is not an object"
    OVERSIZE = "oversize", True, "Books and answers HTTP 200 with megabytes"

    WRONG_ECHO = "wrong_echo", True, "Books and answers with another call's id"
    WRONG_PLAYER = "wrong_player", True, "Books and answers with another player's id"
    WRONG_CURRENCY = "wrong_currency", True, "Books and answers in another currency"
    WRONG_OUTCOME = "wrong_outcome", True, "Books and answers with an outcome that the operation cannot have"
    ODD_OUTCOME = "odd_outcome", True, "Books and answers with an outcome that nobody knows"

    LATE_LANDING = (
        "late_landing",
        False,
        "Takes the call, never answers, and books later; till then it is in progress",
    )
    LATE_LANDING_RESET = (
        "late_landing_reset",
        False,
        "Resets the connection and books later; till then it is in progress",
    )
    LATE_ARRIVAL = (
        "late_arrival",
        False,
        "Resets the connection; the message arrives later, till then never seen",
    )

    DUPLICATE_DELIVERY = "duplicate_delivery", True, "Gets the message twice and answers the second"
    DUPLICATE_BOOKING = "duplicate_booking", True, "Breaks its promise: books a repeated call once more"
    FORGETS = (
        "forgets",
        True,
        "Books and answers well, and refuses a repeat of what it booked: no funds",
    )


#: Booked, but only after its time: what `late` does with them.
LATE = frozenset({Mood.LATE_LANDING, Mood.LATE_LANDING_RESET, Mood.LATE_ARRIVAL})


def mood_of(word: str) -> Mood:
    """The mood of that word; ValueError that says which words there are."""
    words = [mood.value for mood in Mood]
    if word not in words:
        raise ValueError(f'there is no mood "{word}": {suggest(word, words) or "the moods are " + ", ".join(words)}')
    return Mood(word)


class Mix:
    """Moods by chance: each call draws one of *weights*, from a generator that *seed* starts.

    The same calls in the same order draw the same moods. ValueError for a word that is no mood, a weight that is no
    number of 0 or more, and weights that are all 0.
    """

    def __init__(self, seed: int, weights: Mapping[str, float]) -> None:
        self.seed = seed
        self.weights = {mood_of(word): _weight(word, weight) for word, weight in weights.items()}
        if not any(self.weights.values()):
            raise ValueError("a mix needs at least one mood with a weight above 0")
        self._words = [*self.weights]
        self._steps = [*accumulate(self.weights.values())]
        self._dice = random.Random(seed)  # noqa: S311 - chance that must be replayed, not a secret

    def facts(self) -> dict[str, Any]:
        """For people: `mix`, the weights by word, and `seed`."""
        return {"mix": {mood.value: weight for mood, weight in self.weights.items()}, "seed": self.seed}

    def draw(self) -> Mood:
        """The mood of the next call."""
        return self._dice.choices(self._words, cum_weights=self._steps)[0]


def _weight(word: str, weight: object) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        raise ValueError(f"the weight of {word} is not a number of 0 or more")
    return weight


class Taken(NamedTuple):
    """How one call is answered. *seconds*: what a slow or late mood takes, None for the server's own measure."""

    mood: Mood
    seconds: float | None = None


@dataclass(slots=True)
class Setting:
    """A mood, or a mix of moods, and for whom: None stands for all. *left* calls are still to be answered so, None for
    no end. *seconds*: what a slow or late mood takes.
    """

    mood: Mood | Mix
    player: str | None = None
    operation: Operation | None = None
    left: int | None = None
    seconds: float | None = None

    def facts(self) -> dict[str, Any]:
        """For people: the setting with `mood`, or with `mix` and `seed`."""
        how = {"mood": self.mood} if isinstance(self.mood, Mood) else self.mood.facts()
        rest = {name: getattr(self, name) for name in ("player", "operation", "left", "seconds")}
        return {**how, **rest}


class Moods:
    """The settings in force; the most specific one for a call wins, the newest of equals."""

    def __init__(self, mood: Mood | Mix = Mood.WELL) -> None:
        self._settings: dict[tuple[str | None, Operation | None], Setting] = {}
        self.set(mood)

    def set(
        self,
        mood: Mood | Mix,
        player: str | None = None,
        operation: Operation | None = None,
        count: int | None = None,
        *,
        seconds: float | None = None,
    ) -> None:
        """Behave so for *player* (or all) in *operation* (or all), for the next *count* calls (or until changed).

        Replaces what was set for the same player and operation. ValueError for a count below 1, or *seconds* below 0.
        """
        if count is not None and count < 1:
            raise ValueError("a mood lasts for at least one call")
        if seconds is not None and not 0 <= seconds < math.inf:
            raise ValueError("seconds are a number of 0 or more")
        self._settings[player, operation] = Setting(mood, player, operation, count, seconds)

    def mix(self, seed: int, weights: Mapping[str, float], **how: Any) -> None:
        """Set a `Mix`; *how* as for `set`."""
        self.set(Mix(seed, weights), **how)

    def clear(self) -> None:
        """Behave well from now on."""
        self._settings.clear()
        self.set(Mood.WELL)

    def take(self, player: str | None, operation: Operation | None) -> Taken:
        """How to behave in the call that just came; counts it."""
        for key in ((player, operation), (player, None), (None, operation), (None, None)):
            setting = self._settings.get(key)
            if setting is None:
                continue
            if setting.left is not None:
                setting.left -= 1
                if setting.left == 0:
                    del self._settings[key]
            return Taken(setting.mood if isinstance(setting.mood, Mood) else setting.mood.draw(), setting.seconds)
        return Taken(Mood.WELL)

    def settings(self) -> list[Setting]:
        """Everything in force, for people."""
        return list(self._settings.values())
