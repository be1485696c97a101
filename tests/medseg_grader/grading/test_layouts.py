"""Whose a file is: nobody's own words pass for the platform's, nobody gets another's points."""

import os
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg.errors import InputError
from medseg.files.archives import FILE, FOLDER, Entry, entries
from medseg_grader.grading import layouts
from medseg_grader.grading.collect import collect
from medseg_grader.grading.identities import LONGEST_ID, LONGEST_NAME, identity, with_ids

UNITS = ["04_iou", "05_focal_loss"]


def owners(found, units):
    files, left = layouts.owners(found, units)
    files, questions = with_ids(files)
    assert questions == []
    return files, left


def files_at(*paths):
    return [Entry(PurePosixPath(path), FILE, 2, Path(), path) for path in paths]


def claims(*paths):
    """{path: (id, number, the file as the student called it, doubtful)}."""
    found, left = owners(files_at(*paths), UNITS)
    assert left == []
    return {
        entry.member: (owner.student, owner.number, file, bool(owner.doubt))
        for owner, files in found.items()
        for file, entry in files
    }


@pytest.mark.parametrize(
    ("path", "due"),
    [
        ("leejo_101_9001_iou.ipynb", ("leejo_101", "101", "iou.ipynb")),
        ("leejo_LATE_101_9001_iou.ipynb", ("leejo_101", "101", "iou.ipynb")),
        ("team_1_123_456_iou.ipynb", ("team_1_123", "123", "iou.ipynb")),
        ("team_1_LATE_123_456_iou.ipynb", ("team_1_123", "123", "iou.ipynb")),
        ("the_best_team_123_456_iou.ipynb", ("the_best_team_123", "123", "iou.ipynb")),
        ("2_123_456_iou.ipynb", ("2_123", "123", "iou.ipynb")),
        ("_123_456_iou.ipynb", ("123", "123", "iou.ipynb")),
        ("李明_123_456_iou.ipynb", ("李明_123", "123", "iou.ipynb")),
        ("leejo_101_9001_04_iou.ipynb", ("leejo_101", "101", "04_iou.ipynb")),
        ("leejo_101_9001_x_7_8_iou.ipynb", ("leejo_101", "101", "x_7_8_iou.ipynb")),
        ("leejo_101_9001_x_LATE_7_8_iou.ipynb", ("leejo_101", "101", "x_LATE_7_8_iou.ipynb")),
        ("anon_Xz9K2_456_iou.ipynb", ("anon_Xz9K2", "", "iou.ipynb")),
        ("LATE_anon_7b2Qe_457_iou.ipynb", ("anon_7b2Qe", "", "iou.ipynb")),
        ("anon_12345_457_8_9_iou.ipynb", ("anon_12345", "", "8_9_iou.ipynb")),
        ("Al Ng_11_assignsubmission_file_/iou.ipynb", ("Al Ng", "11", "iou.ipynb")),
        ("Al Ng_11_assignsubmission_file/iou.ipynb", ("Al Ng", "11", "iou.ipynb")),
        ("Al Ng_11_assignsubmission_file_iou.ipynb", ("Al Ng", "11", "iou.ipynb")),
        ("Al_Ng_11_assignsubmission_file_7_8_iou.ipynb", ("Al_Ng", "11", "7_8_iou.ipynb")),
    ],
)
def test_each_platforms_names_are_understood(path, due):
    assert claims(path)[path][:3] == due


OWN = "Bo_99_assignsubmission_file_iou.ipynb"


@pytest.mark.parametrize(
    ("path", "due"),
    [
        (f"leejo_101_9001_{OWN}", ("leejo_101", "101", OWN)),
        (f"leejo_LATE_101_9001_{OWN}", ("leejo_101", "101", OWN)),
        (f"Al Ng_11_assignsubmission_file_{OWN}", ("Al Ng", "11", OWN)),
        (f"Al Ng_11_assignsubmission_file_/{OWN}", ("Al Ng", "11", OWN)),
        (f"anon_Xz9K2_456_{OWN}", ("anon_Xz9K2", "", OWN)),
        (
            "Al Ng_11_assignsubmission_file_bo_99_9002_iou.ipynb",
            ("Al Ng", "11", "bo_99_9002_iou.ipynb"),
        ),
        (f"al/04_iou/{OWN}", ("al", "", OWN)),
        ("al/04_iou/bo_99_9002_iou.ipynb", ("al", "", "bo_99_9002_iou.ipynb")),
    ],
)
def test_a_files_own_name_never_passes_for_the_platforms_part(path, due):
    assert claims(path)[path][:3] == due


def test_numbers_in_a_row_are_read_by_those_that_are_certain():
    people = ["al_1101_70001_iou.ipynb", "bo_1102_70002_iou.ipynb"]
    team, digit = "team_1_1103_70003_iou.ipynb", "cy_1104_70004_4_iou.ipynb"
    forged = "di_1105_70005_1101_70001_iou.ipynb"
    found = claims(*people, team, digit, forged)
    assert found[team] == ("team_1_1103", "1103", "iou.ipynb", True)
    assert found[digit] == ("cy_1104", "1104", "4_iou.ipynb", True)
    assert found[forged] == ("di_1105", "1105", "1101_70001_iou.ipynb", True)
    assert not any(found[path][3] for path in people)


def test_in_an_export_of_numbered_groups_nothing_is_in_doubt():
    found = claims("team_1_123_456_iou.ipynb", "team_2_124_457_iou.ipynb")
    assert [claim[:2] for claim in found.values()] == [("team_1_123", "123"), ("team_2_124", "124")]
    assert not any(claim[3] for claim in found.values())


NAME = st.text(st.sampled_from("aAb é́ \u00a0\t_1ö\u0308"), min_size=1, max_size=6)
PEOPLE = st.dictionaries(st.integers(1, 30), NAME, min_size=1, max_size=8)


@settings(max_examples=300, deadline=None)
@given(PEOPLE)
def test_whatever_the_names_each_number_keeps_its_own_file_and_an_id_of_its_own(people):
    paths = {f"{name}_{n}_assignsubmission_file_/iou.ipynb": n for n, name in people.items()}
    found, _ = owners(files_at(*paths), UNITS)
    whose = {owner.number: [entry.member for _, entry in files] for owner, files in found.items()}
    assert whose == {str(n): [path] for path, n in paths.items()}
    assert len({(owner.student, owner.unit) for owner in found}) == len(people)


@settings(max_examples=300, deadline=None)
@given(st.lists(NAME, min_size=1, max_size=8, unique=True))
def test_folders_that_become_one_id_are_refused_and_all_others_kept_apart(names):
    paths = [f"{name}/04_iou/iou.ipynb" for name in names]
    found, _ = owners(files_at(*paths), UNITS)
    ids = [identity(name) for name in names]
    assert sorted(owner.student for owner in found) == sorted(set(ids))
    for owner in found:
        assert bool(owner.refused) == (ids.count(owner.student) > 1)


def test_folders_of_one_name_are_one_submission_without_a_notebook_and_a_sentence(tmp_path):
    for name in ("José", unicodedata.normalize("NFD", "José"), "bo"):
        (tmp_path / name / "04_iou").mkdir(parents=True)
        (tmp_path / name / "04_iou/iou.ipynb").write_text("{}")
    submissions = collect(tmp_path, UNITS).submissions
    assert [(s.student, s.notebook is None) for s in submissions] == [("José", True), ("bo", False)]
    (sentence,) = submissions[0].findings
    assert sentence.endswith("are one name here, so neither can be graded; rename one of them.")


def test_one_number_in_two_spellings_of_a_name_is_one_student():
    composed = "José_7_assignsubmission_file_/iou.ipynb"
    found, _ = owners(files_at(composed, unicodedata.normalize("NFD", composed)), UNITS)
    ((owner, files),) = found.items()
    assert (owner.student, owner.number, len(files)) == ("José", "7", 2)


def test_late_and_punctual_files_of_one_student_are_one_submission():
    found, _ = owners(files_at("al_1_20_iou.ipynb", "al_LATE_1_21_notes.txt"), UNITS)
    ((owner, files),) = found.items()
    assert (owner.student, owner.late, len(files)) == ("al_1", True, 2)


@pytest.mark.parametrize("name", ["x" * 500, "ö" * 500, "x" * 127 + " y"])
def test_long_names_keep_the_number_that_tells_them_apart(name):
    paths = [f"{name}_{n}_assignsubmission_file_/iou.ipynb" for n in (1, 2)]
    found, _ = owners(files_at(*paths), UNITS)
    ids = [owner.student for owner in found]
    assert [one[-2:] for one in ids] == ["_1", "_2"]
    assert all(len(one) <= LONGEST_ID and len(one.encode()) <= LONGEST_NAME for one in ids)


def test_a_number_that_makes_another_ones_name_is_not_taken():
    names = ["Al_1", "Al_2", "Al_1_3"]
    found, _ = owners(
        files_at(*(f"{name}_assignsubmission_file_/iou.ipynb" for name in names)), UNITS
    )
    assert sorted((owner.student, owner.number) for owner in found) == [
        ("Al_1", "3"), ("Al_1_1", "1"), ("Al_2", "2")
    ]  # fmt: skip


def closed(monkeypatch, folder):
    """A folder that its owner has closed to us; for root, whom no right is refused, too."""
    scan = os.scandir

    def refuses(path):
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuses)


@pytest.mark.parametrize("shut", ["al", "al/04_iou"])
def test_a_folder_that_cannot_be_read_costs_only_itself(tmp_path, monkeypatch, shut):
    for name in ("al", "bo"):
        (tmp_path / name / "04_iou").mkdir(parents=True)
        (tmp_path / name / "04_iou/iou.ipynb").write_text("{}")
    closed(monkeypatch, tmp_path / shut)
    collected = collect(tmp_path, UNITS)
    submissions, left = collected.submissions, collected.left
    graded = {s.student: s for s in submissions}
    assert graded["bo"].notebook is not None
    said = graded["al"].findings if "al" in graded else left
    assert len(said) == 1
    assert said[0].startswith(f"{shut} is a folder that cannot be read")


def test_a_folder_of_submissions_that_cannot_be_read_is_one_sentence(tmp_path, monkeypatch):
    closed(monkeypatch, tmp_path)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        entries(tmp_path)


def test_a_zip_file_whose_listing_is_damaged_is_one_sentence(tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("al/04_iou/iou.ipynb", "{}" * 500)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at : at + 4] = b"XXXX"
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="is no whole zip file"):
        entries(path)


def test_folders_that_are_nobodys_are_not_spoken_of():
    found = [Entry(PurePosixPath("al"), FOLDER, 0, Path(), "al"), *files_at("al/04_iou/iou.ipynb")]
    assert owners(found, UNITS)[1] == []


@pytest.mark.parametrize("piece", ["_1", "_1_assignsubmission", "anon_1_", "_" + "9" * 5000, "a_"])
def test_names_of_any_length_cost_only_themselves(piece):
    hostile = (piece * (60_000 // len(piece)) + "_iou.ipynb", piece * 3 + "_1_2_iou.ipynb")
    found, _ = owners(files_at(*hostile, "leejo_101_9001_iou.ipynb"), UNITS)
    assert "leejo_101" in {owner.student for owner in found}
    assert all(len(owner.student) <= LONGEST_ID for owner in found)
