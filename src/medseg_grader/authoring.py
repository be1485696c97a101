"""The words that authors write an exercise's answers with.

`mistakes.py` is made of Call, Exercise and Mistake, `alternatives.py` of Alternative, `slips.py` of
Slip, `equivalents.py` of Equivalent. `OneByOne` and `Apart` stand for inputs that no list can show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medseg.checks.codec import Apart, OneByOne
from medseg.errors import InputError

__all__ = [
    "Alternative",
    "Apart",
    "Call",
    "Equivalent",
    "Exercise",
    "Mistake",
    "OneByOne",
    "Slip",
]


class Call:
    """One probe: the arguments with which `check` calls the student's function.

    `mentions` are texts that the message of an expected ValueError must contain. `shown` stands
    for the arguments where a runner makes others of them: `check` prints it behind the name.
    """

    def __init__(
        self, *args: Any, mentions: Sequence[str] = (), shown: str = "", **kwargs: Any
    ) -> None:
        self.args, self.kwargs = list(args), kwargs
        self.mentions, self.shown = list(mentions), shown


@dataclass(frozen=True)
class Mistake:
    """A realistic misconception: edits of the solution cell that make it, and the hint it earns.

    `edits` maps text of the solution cell to its replacement; every text must occur exactly once.
    A mistake that no small edit can express gives the whole cell as `source` instead.
    """

    name: str
    hint: str
    edits: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None

    def apply(self, solution: str) -> str:
        """The solution cell with this mistake made; InputError if an edit does not fit."""
        if self.source is not None:
            return self.source.strip("\n")
        if not self.edits:
            raise InputError(f"mistake {self.name} has neither edits nor a source")
        for old, new in self.edits.items():
            if solution.count(old) != 1:
                raise InputError(
                    f"mistake {self.name}: {old!r} occurs {solution.count(old)} times in the "
                    "solution cell, expected once"
                )
            solution = solution.replace(old, new)
        return solution


@dataclass(frozen=True)
class Exercise:
    """What `check` and `hint` know about one exercise.

    `uses` names exercises that it calls; `legend` says what the numbers in its probes mean;
    `parts` what the entries of a tuple are called that it gives back, as in ("pq", "sq", "rq");
    `unseen`, in a sentence, what is graded and not looked at by `check`. With `exact_dtype` a float
    result must be of the size that is due, float64 or float32.
    """

    name: str
    calls: Sequence[Call]
    hints: Sequence[str]
    mistakes: Sequence[Mistake]
    runner: str = "call"
    device: bool = False
    exact_dtype: bool = False
    tolerance: float = 1e-4
    uses: Sequence[str] = ()
    legend: str = ""
    parts: Sequence[str] = ()
    unseen: str = ""


@dataclass(frozen=True)
class Alternative:
    """A right answer written otherwise: it keeps all points, and `check` calls it right.

    `source` is a solution cell for `exercise`, `name` says in a few words how it is written. It is
    `slow` where it takes more than a few seconds: `medseg verify` tries it all the same.
    """

    exercise: str
    name: str
    source: str
    slow: bool = False


@dataclass(frozen=True)
class Slip:
    """A wrong answer as students write it, which is none of the named mistakes word for word.

    `source` is a solution cell for `exercise`. It loses points. `check` says `says` in what it
    tells of the answer, names `mistake`, one of the exercise's, and gives its hint; where `mistake`
    is empty, it names none. `what` is wrong, as a teacher sees it. It is `slow` where it takes more
    than a few seconds: `medseg verify` tries it all the same.
    """

    exercise: str
    mistake: str
    says: str
    source: str
    what: str = ""
    slow: bool = False


@dataclass(frozen=True)
class Equivalent:
    """A small change of the solution to `exercise` that keeps all points, and why it may.

    `change` is as `medseg verify --thorough` prints it, `before  ->  after`; one that ends in `*`
    stands for all that begin so.
    """

    exercise: str
    change: str
    why: str

    def covers(self, exercise: str, change: str) -> bool:
        """Whether it explains this change of a solution."""
        begins = self.change.endswith("*") and change.startswith(self.change[:-1])
        return exercise == self.exercise and (begins or change == self.change)
