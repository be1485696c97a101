"""One id for a person, from the first export of a term to the last, and no guess about it."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg.errors import InputError
from medseg.files.archives import FILE, Entry
from medseg_grader.grading.collect import collect
from medseg_grader.grading.identities import Known, with_ids
from medseg_grader.grading.layouts import owners
from medseg_grader.grading.worksheet import read_worksheet
from medseg_grader.records.results import CANVAS, MOODLE, Seen

UNITS = ["01_sums", "02_products", "03_roots"]
FILES = dict(zip(UNITS, ("sums.ipynb", "products.ipynb", "roots.ipynb"), strict=True))


class Term:
    """Exports of a term, one after the other: `hand_in` gives {number: id} and the questions."""

    def __init__(self):
        self.seen = []

    def hand_in(self, unit, *paths, said=(), emails=()):
        found = [Entry(PurePosixPath(path), FILE, 2, Path(), path) for path in paths]
        files, _ = owners(found, UNITS)
        emails = dict(emails)
        named = {
            owner.__class__(
                **{**owner.__dict__, "unit": unit, "email": emails.get(owner.number, "")}
            ): own
            for owner, own in files.items()
        }
        decided, questions = with_ids(named, Known(self.seen, dict(said)))
        self.seen += [
            Seen(o.student, o.unit, o.number, o.name, o.platform, o.email) for o in decided
        ]
        return {owner.number: owner.student for owner in decided}, questions

    def moodle(self, unit, *people, **more):
        """People as (name, number)."""
        paths = (f"{name}_{n}_assignsubmission_file_/{FILES[unit]}" for name, n in people)
        return self.hand_in(unit, *paths, **more)

    def canvas(self, unit, *people):
        return self.hand_in(unit, *(f"{name}_{n}_9{n}_{FILES[unit]}" for name, n in people))


def test_moodles_numbers_change_and_ids_stay():
    term = Term()
    first, _ = term.moodle("01_sums", ("Anna Lee", 11), ("Bo Li", 12))
    second, _ = term.moodle("02_products", ("Anna Lee", 22), ("Bo Li", 21))
    assert first == {"11": "Anna Lee", "12": "Bo Li"}
    assert second == {"22": "Anna Lee", "21": "Bo Li"}


def test_one_who_leaves_and_one_who_joins_change_nobody_else():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11), ("Bo Li", 12))
    second, questions = term.moodle("02_products", ("Bo Li", 21), ("Cy Ng", 22))
    third, _ = term.moodle("03_roots", ("Anna Lee", 33), ("Cy Ng", 31))
    assert (second, questions) == ({"21": "Bo Li", "22": "Cy Ng"}, [])
    assert third == {"33": "Anna Lee", "31": "Cy Ng"}


def test_a_second_one_of_the_name_in_a_later_export_of_the_unit_gets_an_id_of_her_own():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11))
    again, questions = term.moodle("01_sums", ("Anna Lee", 11), ("Anna Lee", 19))
    assert (again, questions) == ({"11": "Anna Lee", "19": "Anna Lee_19"}, [])


def test_two_of_one_name_are_asked_about_and_nobody_else_is():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11), ("Bo Li", 12))
    second, (question,) = term.moodle(
        "02_products", ("Anna Lee", 21), ("Anna Lee", 22), ("Bo Li", 23)
    )
    assert second == {"23": "Bo Li"}
    assert question == (
        "02_products: Participants 21 and 22, called Anna Lee, may be 'Anna Lee', known already, "
        "or somebody new, so nobody was graded on a guess. Give Moodle's grading worksheet, which "
        "has email addresses (--worksheet FILE), or say who is who: --who 21='Anna Lee', or =new."
    )
    said = [("21", "Anna Lee"), ("22", "new")]
    told, questions = term.moodle("02_products", ("Anna Lee", 21), ("Anna Lee", 22), said=said)
    assert (told, questions) == ({"21": "Anna Lee", "22": "Anna Lee_22"}, [])
    again, questions = term.moodle("02_products", ("Anna Lee", 22), ("Anna Lee", 21))
    assert (again, questions) == ({"21": "Anna Lee", "22": "Anna Lee_22"}, [])


def test_of_two_that_are_known_a_single_one_is_asked_about():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11), ("Anna Lee", 12))
    second, questions = term.moodle("02_products", ("Anna Lee", 21))
    assert (second, len(questions)) == ({}, 1)
    assert "may be 'Anna Lee_11' or 'Anna Lee_12'" in questions[0]


def test_once_one_of_two_is_told_the_other_is_the_other():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11), ("Anna Lee", 12))
    both = [("Anna Lee", 21), ("Anna Lee", 22)]
    told, questions = term.moodle("02_products", *both, said=[("21", "Anna Lee_12")])
    assert (told, questions) == ({"21": "Anna Lee_12", "22": "Anna Lee_11"}, [])


def test_email_addresses_tell_apart_whom_names_do_not():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11), emails=[("11", "anna@a.org")])
    both = [("Anna Lee", 21), ("Anna Lee", 22)]
    emails = [("21", "lee@a.org"), ("22", "Anna@A.org")]
    second, questions = term.moodle("02_products", *both, emails=emails)
    assert (second, questions) == ({"22": "Anna Lee", "21": "Anna Lee_21"}, [])
    married, _ = term.moodle("03_roots", ("Anna Berg", 31), emails=[("31", "anna@a.org")])
    assert married == {"31": "Anna Lee"}


def test_another_address_is_another_person_even_alone():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11), emails=[("11", "anna@a.org")])
    second, _ = term.moodle("02_products", ("Anna Lee", 21), emails=[("21", "lee@a.org")])
    assert second == {"21": "Anna Lee_21"}


def test_canvass_number_decides_whatever_the_name():
    term = Term()
    assert term.canvas("01_sums", ("leeanna", 101), ("leeanna", 102))[0] == {
        "101": "leeanna_101",
        "102": "leeanna_102",
    }
    second, questions = term.canvas("02_products", ("berganna", 101), ("leeanna", 103))
    assert (second, questions) == ({"101": "leeanna_101", "103": "leeanna_103"}, [])


def test_a_moodle_number_that_is_another_ones_canvas_number_is_not_mixed_up():
    term = Term()
    term.canvas("01_sums", ("leeanna", 101))
    assert term.moodle("01_sums", ("Bo Li", 101))[0] == {"101": "Bo Li"}
    assert term.canvas("02_products", ("liwei", 101))[0] == {"101": "leeanna_101"}


def test_hidden_names_are_one_person_in_one_assignment_only():
    term = Term()
    assert term.moodle("01_sums", ("Participant", 11))[0] == {"11": "Participant_11"}
    second, questions = term.moodle("02_products", ("Participant", 21))
    assert (second, questions) == ({"21": "Participant_21"}, [])


def test_one_number_with_two_names_is_nobodys():
    ids, (question,) = Term().moodle("01_sums", ("Anna Lee", 11), ("Bo Li", 11), ("Cy Ng", 12))
    assert ids == {"12": "Cy Ng"}
    assert "the number 11 has two names, 'Anna Lee' and 'Bo Li'" in question


def test_two_who_are_said_to_be_one_are_asked_about_again():
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11))
    both = [("Anna Lee", 21), ("Anna Lee", 22)]
    said = [("21", "Anna Lee"), ("22", "Anna Lee")]
    ids, questions = term.moodle("02_products", *both, said=said)
    assert ids == {}
    assert questions == [
        "02_products: 21 and 22 would both be 'Anna Lee', so neither was graded: say who is who "
        "with --who NUMBER=ID."
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (("99", "Anna Lee"), "Nobody in it has the number 99"),
        (("21", "Ana Lee"), r"nobody has that id yet. Did you mean 'Anna Lee'\?"),
    ],
)
def test_whom_there_is_not_nobody_can_be_said_to_be(said, message):
    term = Term()
    term.moodle("01_sums", ("Anna Lee", 11))
    with pytest.raises(InputError, match=message):
        term.moodle("02_products", ("Anna Lee", 21), said=[said])


def test_ids_stay_where_results_are_gone_and_the_gradebook_is_left():
    term = Term()
    moodle = [("Bo Li", 11), ("Anna Lee", 12), ("Anna Lee", 13)]
    hidden, canvas = [("Participant", 21)], [("leeanna", 101), ("leeanna", 102)]
    before = [
        term.moodle("01_sums", *moodle),
        term.moodle("02_products", *hidden),
        term.canvas("03_roots", *canvas),
    ]
    assert not any(questions for _, questions in before)
    # what known_people makes of the gradebook: no unit, no number of Moodle's
    term.seen = [Seen(one.student, name=one.name) for one in term.seen]
    assert term.moodle("01_sums", *moodle) == before[0]
    assert term.moodle("02_products", *hidden) == before[1]
    assert term.canvas("03_roots", *canvas) == before[2]


def test_two_of_one_name_are_never_one_whatever_worksheet_is_given(tmp_path):
    path = tmp_path / "Grades.csv"
    path.write_text(WORKSHEET, encoding="utf-8", newline="")
    for number in (91, 92):
        folder = tmp_path / f"in/Anna Lee_{number}_assignsubmission_file_"
        folder.mkdir(parents=True)
        (folder / "sums.ipynb").write_text(f"{number}")
    found = collect(tmp_path / "in", UNITS, worksheet=read_worksheet(path)).submissions
    assert {one.student: one.notebook.read() for one in found} == {
        "Anna Lee_91": b"91",
        "Anna Lee_92": b"92",
    }
    assert all("Moodle's worksheet lacks the number" in one.findings[0] for one in found)


NAMES = st.sampled_from(["Al", "Al_1", "Bo", "José", "Jose\u0301"])
EXPORT = st.dictionaries(st.integers(1, 9), NAMES, max_size=5)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNITS), EXPORT), max_size=6))
def test_whatever_is_exported_nobodys_id_changes_and_no_unit_has_a_number_or_an_id_twice(exports):
    term = Term()
    whose = {}
    for unit, people in exports:
        if people:
            # a number of Moodle's belongs to one person of one assignment
            named = [(whose.setdefault((unit, n, "name"), name), n) for n, name in people.items()]
            ids, _ = term.moodle(unit, *named)
            assert len(set(ids.values())) == len(ids)
            for number, student in ids.items():
                assert whose.setdefault((unit, number), student) == student
    numbers = {(one.unit, one.number) for one in term.seen}
    people = {(one.unit, one.number, one.student) for one in term.seen}
    assert len(numbers) == len(people)
    assert len({(one.unit, one.student) for one in term.seen}) == len(people)


WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    'Participant 21,"Anna Lee",anna@a.org,Submitted for grading,,10.00,Yes,'
    '"Tuesday, 3 November 2026, 10:15 PM",-,\r\n'
    'Participant 22,"Anna Lee",lee@a.org,No submission,,10.00,Yes,-,-,\r\n'
)


def test_moodles_worksheet_tells_addresses_and_times(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    import time

    time.tzset()
    path = tmp_path / "Grades.csv"
    path.write_text(WORKSHEET, encoding="utf-8", newline="")
    rows = read_worksheet(path)
    monkeypatch.undo()
    time.tzset()
    assert rows["21"].timestamp == "2026-11-03T21:15:00+00:00"
    assert (rows["21"].email, rows["22"].email) == ("anna@a.org", "lee@a.org")
    assert rows["22"].timestamp == ""
    folder = tmp_path / "in/Anna Lee_21_assignsubmission_file_"
    folder.mkdir(parents=True)
    (folder / "sums.ipynb").write_text("{}")
    (one,) = collect(tmp_path / "in", UNITS, worksheet=rows).submissions
    assert (one.email, one.timestamp) == ("anna@a.org", rows["21"].timestamp)
    assert (one.platform, one.number) == (MOODLE, "21")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Kennung,Vollständiger Name\r\n", "no grading worksheet of Moodle's in English"),
        ("", "it begins with nothing"),
        (WORKSHEET.replace("Tuesday", "Dienstag"), "is no date as Moodle writes it in English"),
    ],
)
def test_what_is_no_english_worksheet_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "Grades.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_worksheet(path)


def test_a_worksheet_that_is_not_there_or_no_text_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_worksheet(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no text in UTF-8"):
        read_worksheet(tmp_path / "x.csv")


def test_a_student_who_is_not_there_is_told_who_is(tmp_path):
    for name in ("anna", "bo"):
        (tmp_path / name / "01_sums").mkdir(parents=True)
        (tmp_path / name / "01_sums/sums.ipynb").write_text("{}")
    with pytest.raises(InputError, match=r"'ana' .* Did you mean 'anna'\? There are: anna, bo\."):
        collect(tmp_path, UNITS, student="ana")
    with pytest.raises(InputError, match=r"has handed in 02_products; there is: 01_sums\."):
        collect(tmp_path, UNITS, unit="02_products")


def test_one_whom_the_gradebook_alone_knows_by_canvass_number_keeps_the_id():
    seen = [Seen("leeanna_101", "01_sums", "101", "leeanna", CANVAS)]
    entry = Entry(PurePosixPath("leeanna_101_9_sums.ipynb"), FILE, 2, Path(), "x")
    files, _ = owners([entry], UNITS)
    decided, _ = with_ids(files, Known(seen))
    assert [owner.student for owner in decided] == ["leeanna_101"]
