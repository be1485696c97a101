"""Which student somebody in an export is, from the first export of a term to its last.

Canvas has one number for a user in all assignments: the number decides. Moodle gives a new number
in each assignment: there the unit and the number decide, where they are known from an earlier
export, then the email address of Moodle's own grading worksheet, then the name, if only one person
of that name can be meant. An id, once given, stays. Where two can be meant, nobody is graded on a
guess: an instructor is asked.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from medseg.errors import InputError, did_you_mean
from medseg_grader.grading.layouts import HIDDEN_NAME, Files, Owner
from medseg_grader.records.results import CANVAS, MOODLE, Seen

LONGEST_ID = 128  # characters, in nbgrader's gradebook
LONGEST_NAME = 200  # bytes, so that a file can be called after a student
NEW = "new"


@dataclass(frozen=True)
class Known:
    """Who has handed in before, and what the instructor says.

    Attributes:
        seen: everybody with an id.
        said: the id of the one with a number in this export, or NEW for somebody without one.
    """

    seen: Sequence[Seen] = ()
    said: Mapping[str, str] = field(default_factory=dict)


def with_ids(files: Files, known: Known | None = None) -> tuple[Files, list[str]]:
    """The same files, by owners with ids that a gradebook and a file system can hold.

    Gives also a question, one sentence, about each who can be several; their files are left out.
    All of this is decided once names are spelled as ids will be.

    Args:
        files: of owners whose unit is known.
        known: from earlier exports of the term.

    Raises:
        InputError: `known.said` names a number or an id that there is not.
    """
    known = known or Known()
    _check_said(files, known)
    claims: dict[str, list[Owner]] = defaultdict(list)
    for owner in files:
        claims[identity(owner.student)].append(owner)
    decided: Files = defaultdict(list)
    questions: list[str] = []
    # one of the same number and another spelling of the name is the same one
    first: dict[tuple[str, str, str], Owner] = {}
    for name, claimants in claims.items():
        ids, question = _Choice(name, claimants, claims, known).ids()
        questions += [question] if question else []
        refused = _one_folder_for_two(claimants)
        for owner in claimants:
            if owner.number not in ids:
                continue
            alike = [other for other in claimants if other.number == owner.number]
            same = replace(
                owner,
                student=ids[owner.number],
                name=_clean(owner.name),
                late=any(other.late for other in alike),
                doubt=" ".join(sorted({other.doubt for other in alike} - {""})),
                refused="" if owner.number else refused,
            )
            decided[first.setdefault((same.student, same.unit, same.number), same)] += files[owner]
    return _without_shared(decided, questions)


@dataclass(frozen=True)
class _Choice:
    """The ids of those who have one name in an export; `claims` are all of it, by name."""

    name: str
    claimants: Sequence[Owner]
    claims: Mapping[str, Sequence[Owner]]
    known: Known

    def ids(self) -> tuple[dict[str, str], str]:
        """{number: id} and, where some are left out, the question about them."""
        numbers = list(dict.fromkeys(owner.number for owner in self.claimants))
        found: dict[str, str] = {number: self.name for number in numbers if not number}
        rest = [number for number in numbers if number]
        for number in rest:
            if number in self.known.said or (settled := self._settled(number)):
                said = self.known.said.get(number)
                found[number] = self._new(number) if said == NEW else said or settled
        rest = [number for number in rest if number not in found]
        candidates = {n: self._candidates(n, set(found.values())) for n in rest}
        everybody = {one for own in candidates.values() for one in own}
        if len(everybody) == 1 and len(rest) == 1:
            found[rest[0]] = everybody.pop()
        elif everybody:
            return found, self._question(rest, sorted(everybody))
        else:
            alone = len(numbers) == 1 and self.name not in self._taken()
            plain = (alone and not self._hidden()) or self._platform(rest) == CANVAS
            for number in rest:
                is_free = plain and self.name not in self._taken()
                found[number] = self.name if is_free else self._new(number)
        return found, ""

    def _of(self, number: str) -> list[Owner]:
        return [owner for owner in self.claimants if owner.number == number]

    def _platform(self, numbers: Sequence[str]) -> str:
        return self._of(numbers[0])[0].platform if numbers else ""

    def _hidden(self) -> bool:
        return any(owner.name == HIDDEN_NAME for owner in self.claimants)

    def _taken(self) -> set[str]:
        """The ids of everybody who has one."""
        return {one.student for one in self.known.seen}

    def _new(self, number: str) -> str:
        """An id with the number in it, which is nobody's name and nobody's id."""
        ending = f"_{number}"
        while (one := self._numbered(ending)) in self.claims or one in self._taken():
            ending += f"_{number}"
        return one

    def _numbered(self, ending: str) -> str:
        """The name with a number behind it, which Canvas's names have already."""
        return _short(self.name.removesuffix(ending), len(ending)) + ending

    def _settled(self, number: str) -> str:
        """The id of this very number, or of the email address behind it; empty for none."""
        owners = self._of(number)
        units, email = {owner.unit for owner in owners}, owners[0].email.casefold()
        for one in self.known.seen:
            if owners[0].platform == CANVAS:
                same = one.platform == CANVAS and one.number == number
            else:
                same = one.platform == MOODLE and one.unit in units and one.number == number
            if same:
                return one.student
        # of whom only the gradebook is left, the number is known where it stands in the id
        left = {one.student for one in self.known.seen if not one.unit}
        if (numbered := self._numbered(f"_{number}")) in left:
            return numbered
        mails = {one.student for one in self.known.seen if email and one.email.casefold() == email}
        return mails.pop() if len(mails) == 1 else ""

    def _candidates(self, number: str, settled: set[str]) -> set[str]:
        """Who of those that are known may be the one with this number, by the name."""
        owners = self._of(number)
        if owners[0].platform != MOODLE or self._hidden():
            return set()
        units, email = {owner.unit for owner in owners}, owners[0].email.casefold()
        named, others = set[str](), set[str]()
        for one in self.known.seen:
            if self.name in {one.student, identity(one.name)}:
                named.add(one.student)
            mail = one.email.casefold()
            another_number = one.unit in units and one.number and one.platform == MOODLE
            if another_number or (mail and email and mail != email):
                others.add(one.student)
        return named - others - settled

    def _question(self, numbers: Sequence[str], candidates: Sequence[str]) -> str:
        unit = self._of(numbers[0])[0].unit
        who = f"Participant {numbers[0]}"
        if len(numbers) > 1:
            who = f"Participants {', '.join(numbers[:-1])} and {numbers[-1]}"
        ids = " or ".join(map(repr, candidates))
        example = " ".join(f"--who {number}={_quoted(candidates[0])}" for number in numbers[:1])
        return (
            f"{unit}: {who}, called {self.name}, may be {ids}, known already, or somebody new, so "
            f"nobody was graded on a guess. Give Moodle's grading worksheet, which has email "
            f"addresses (--worksheet FILE), or say who is who: {example}, or ={NEW}."
        )


def _one_folder_for_two(claimants: Sequence[Owner]) -> str:
    folders = sorted({owner.student for owner in claimants if not owner.number})
    if len(folders) < 2:
        return ""
    shown = " and ".join(repr(folder) for folder in folders)
    return f"{shown} are one name here, so neither can be graded; rename one of them."


def _without_shared(decided: Files, questions: list[str]) -> tuple[Files, list[str]]:
    """Leave out those of whom two numbers came to one id, or one of Moodle's numbers to two ids."""
    by_id: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_number: dict[tuple[str, str], set[str]] = defaultdict(set)
    for owner in decided:
        by_id[owner.unit, owner.student].add(owner.number)
        if owner.number and owner.platform == MOODLE:
            by_number[owner.unit, owner.number].add(owner.student)
    kept: Files = {}
    for owner, files in decided.items():
        numbers = by_id[owner.unit, owner.student]
        ids = by_number.get((owner.unit, owner.number), set())
        if len(numbers) > 1:
            shown = " and ".join(sorted(numbers - {""}) + ["a folder"] * ("" in numbers))
            sentence = (
                f"{owner.unit}: {shown} would both be {owner.student!r}, so neither was graded: "
                f"say who is who with --who NUMBER=ID."
            )
        elif len(ids) > 1:
            sentence = (
                f"{owner.unit}: the number {owner.number} has two names, "
                f"{' and '.join(map(repr, sorted(ids)))}, so neither was graded: export again."
            )
        else:
            kept[owner] = files
            continue
        questions += [] if sentence in questions else [sentence]
    return kept, questions


def _check_said(files: Files, known: Known) -> None:
    numbers = {owner.number for owner in files} - {""}
    ids = {one.student for one in known.seen}
    for number, student in known.said.items():
        if number not in numbers:
            raise InputError(f"Nobody in it has the number {number}, which --who speaks of.")
        if student != NEW and student not in ids:
            guess = did_you_mean(student, sorted(ids))
            raise InputError(
                f"--who {number}={_quoted(student)}: nobody has that id yet.{guess} "
                f"For somebody who has none, write --who {number}={NEW}."
            )


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text


def identity(raw: str) -> str:
    """One spelling for one student, in characters that a gradebook can hold."""
    return _short(_clean(raw))


def _clean(raw: str) -> str:
    text = unicodedata.normalize("NFC", raw)
    return "".join(c if c.isprintable() else "_" for c in text).strip()


def _short(text: str, spare: int = 0) -> str:
    """As much of a text as a gradebook and a file's name can hold, with room for what follows."""
    text = text[: LONGEST_ID - spare]
    return text.encode()[: LONGEST_NAME - spare].decode(errors="ignore").strip()
