"""Who handed in what: three layouts, hostile folders and archives, odd names."""

import os
import zipfile

import pytest

from medseg_grader.grading import collect as collecting
from medseg_grader.grading.collect import collect

UNITS = ["04_iou", "05_focal_loss", "06_unet"]


def lay(folder, *names, content=b"{}"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(folder, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


def found(submitted, **options):
    """[(student, unit, file)] and the submissions by student."""
    submissions = collect(submitted, UNITS, **options).submissions
    rows = [(s.student, s.unit, s.notebook.name if s.notebook else None) for s in submissions]
    return rows, {s.student: s for s in submissions}


@pytest.mark.parametrize("as_zip", [False, True])
def test_nbgraders_layout(tmp_path, as_zip):
    folder = lay(tmp_path / "in", "bo/04_iou/iou.ipynb", "al/04_iou/iou.ipynb")
    lay(folder, "al/05_focal_loss/focal_loss.ipynb")
    rows, _ = found(zipped(folder, tmp_path / "in.zip") if as_zip else folder)
    assert rows == [
        ("al", "04_iou", "iou.ipynb"),
        ("bo", "04_iou", "iou.ipynb"),
        ("al", "05_focal_loss", "focal_loss.ipynb"),
    ]


def test_a_zip_with_a_folder_around_everything(tmp_path):
    lay(tmp_path / "in", "submitted/al/04_iou/iou.ipynb")
    rows, _ = found(zipped(tmp_path / "in", tmp_path / "in.zip"))
    assert rows == [("al", "04_iou", "iou.ipynb")]


@pytest.mark.parametrize("as_zip", [False, True])
def test_moodles_layout(tmp_path, as_zip):
    folder = lay(
        tmp_path / "in",
        "Ana López_11_assignsubmission_file_/iou.ipynb",
        "Jo_Lee_12_assignsubmission_file_/iou (1).ipynb",
        "Kim Oh_13_assignsubmission_file_iou.ipynb",
        "Kim Oh_13_assignsubmission_onlinetext_onlinetext.html",
    )
    rows, by_name = found(zipped(folder, tmp_path / "in.zip") if as_zip else folder)
    assert [row[:2] for row in rows] == [
        ("Ana López", "04_iou"), ("Jo_Lee", "04_iou"), ("Kim Oh", "04_iou")
    ]  # fmt: skip
    assert (by_name["Ana López"].number, by_name["Ana López"].name) == ("11", "Ana López")
    assert by_name["Jo_Lee"].findings == [
        "It was handed in as iou (1).ipynb, and read as iou.ipynb."
    ]
    assert by_name["Kim Oh"].findings == ["Other files were left aside: onlinetext.html."]


def test_two_of_one_name_and_hidden_names_are_told_apart_by_number(tmp_path):
    names = ["Al Ng_1", "Al Ng_2", "Bo Li_3", "Participant_4"]
    lay(tmp_path, *(f"{name}_assignsubmission_file_/iou.ipynb" for name in names))
    assert list(found(tmp_path)[1]) == ["Al Ng_1", "Al Ng_2", "Bo Li", "Participant_4"]


def test_canvass_layout(tmp_path):
    lay(tmp_path, "leejo_101_9001_iou-1.ipynb", "lopezana_LATE_102_9002_iou.ipynb")
    rows, by_name = found(tmp_path)
    assert [row[:2] for row in rows] == [("leejo_101", "04_iou"), ("lopezana_102", "04_iou")]
    assert by_name["leejo_101"].number == "101"
    assert by_name["lopezana_102"].findings == ["Canvas marks it as late."]


def test_an_export_with_other_file_names_is_of_the_unit_that_was_asked_for(tmp_path):
    lay(tmp_path, "Al_1_assignsubmission_file_/homework.ipynb")
    rows, by_name = found(tmp_path, unit="06_unet")
    assert rows == [("Al", "06_unet", "homework.ipynb")]
    assert by_name["Al"].findings == ["It was handed in as homework.ipynb, and read as unet.ipynb."]


def test_unit_and_student_choose(tmp_path):
    lay(tmp_path, "al/04_iou/iou.ipynb", "bo/04_iou/iou.ipynb", "al/06_unet/unet.ipynb")
    assert [row[:2] for row in found(tmp_path, unit="06_unet")[0]] == [("al", "06_unet")]
    assert [row[:2] for row in found(tmp_path, student="bo")[0]] == [("bo", "04_iou")]


@pytest.mark.parametrize(
    ("files", "chosen", "finding"),
    [
        (["iou.ipynb", "iou-copy.ipynb"], "iou.ipynb", "Other files were left aside: iou-copy"),
        (["IOU.ipynb"], "IOU.ipynb", "It was handed in as IOU.ipynb"),
        (["04 iou final.ipynb", "x.ipynb"], "04 iou final.ipynb", "It was handed in as 04 iou"),
        (["mine.ipynb"], "mine.ipynb", "It was handed in as mine.ipynb"),
        (["a.ipynb", "b.ipynb"], None, "It has several notebooks, none called iou.ipynb: a.ip"),
        (["notes.txt"], None, "There is no iou.ipynb in it."),
    ],
)
def test_renamed_missing_and_extra_notebooks(tmp_path, files, chosen, finding):
    lay(tmp_path / "al/04_iou", *files)
    rows, by_name = found(tmp_path)
    assert rows == [("al", "04_iou", chosen)]
    assert any(sentence.startswith(finding) for sentence in by_name["al"].findings)


def test_an_empty_folder_is_a_submission_without_a_notebook(tmp_path):
    (tmp_path / "al/04_iou").mkdir(parents=True)
    assert found(tmp_path)[0] == [("al", "04_iou", None)]


def test_links_are_not_followed(tmp_path):
    secret = lay(tmp_path / "secret", "04_iou/iou.ipynb")
    folder = lay(tmp_path / "in", "bo/04_iou/iou.ipynb")
    (folder / "al/04_iou").mkdir(parents=True)
    (folder / "al/04_iou/iou.ipynb").symlink_to(secret / "04_iou/iou.ipynb")
    (folder / "cy").symlink_to(secret)
    (folder / "di").mkdir()
    (folder / "di/04_iou").symlink_to(secret / "04_iou")
    collected = collect(folder, UNITS)
    submissions, left = collected.submissions, collected.left
    assert [(s.student, s.notebook is None) for s in submissions] == [("al", True), ("bo", False)]
    assert submissions[0].findings == ["iou.ipynb is a link, which is not followed."]
    assert left == [
        "cy is a link; it was not followed.",
        "di/04_iou is a link; it was not followed.",
    ]


def test_a_file_that_becomes_a_link_is_not_read(tmp_path):
    lay(tmp_path, "al/04_iou/iou.ipynb")
    (submission,) = collect(tmp_path, UNITS).submissions
    path = tmp_path / "al/04_iou/iou.ipynb"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        submission.notebook.read()


def test_a_pipe_is_no_notebook_and_stops_nothing(tmp_path):
    (tmp_path / "al/04_iou").mkdir(parents=True)
    os.mkfifo(tmp_path / "al/04_iou/iou.ipynb")
    assert found(tmp_path)[1]["al"].findings == ["iou.ipynb is no file that can be read."]


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "LARGEST_MB", 1)
    lay(tmp_path, "al/04_iou/iou.ipynb", content=b" " * 2**21)
    submission = found(tmp_path)[1]["al"]
    assert submission.notebook is None
    assert submission.findings == ["iou.ipynb has 2 MB; at most 1 MB are read."]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "C:\\evil", "a/../../evil"])
def test_paths_that_lead_out_of_a_zip_are_left(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("al/04_iou/iou.ipynb", "{}")
        archive.writestr(name, "x")
    collected = collect(tmp_path / "in.zip", UNITS)
    submissions, left = collected.submissions, collected.left
    assert [s.student for s in submissions] == ["al"]
    assert len(left) == 1
    assert "leads out of the zip file" in left[0]


def test_a_link_in_a_zip_is_not_followed(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        link = zipfile.ZipInfo("al/04_iou/iou.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert found(tmp_path / "in.zip")[0] == [("al", "04_iou", None)]


def test_a_member_larger_than_it_says_is_not_read_in_full(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("al/04_iou/iou.ipynb", b" " * 2**22)
    content = (tmp_path / "in.zip").read_bytes()
    (tmp_path / "in.zip").write_bytes(content.replace((2**22).to_bytes(4, "little"), b"\x09\0\0\0"))
    (submission,) = collect(tmp_path / "in.zip", UNITS).submissions
    with pytest.raises(OSError, match=r"larger|unpacked"):
        submission.notebook.read()


@pytest.mark.parametrize("student", ["o'neil [2]", "a*b?", "Ødegård, Åse", "李明", "x" * 128, "-r"])
def test_odd_student_ids_are_kept(tmp_path, student):
    lay(tmp_path, f"{student}/04_iou/iou.ipynb")
    assert list(found(tmp_path)[1]) == [student]


def test_one_student_has_one_spelling(tmp_path):
    lay(tmp_path, "A\u030ase/04_iou/iou.ipynb")
    os.makedirs(os.fsencode(tmp_path) + b"/M\xfcller/04_iou")
    lay(tmp_path, "bad\nname/04_iou/iou.ipynb")
    assert list(found(tmp_path)[1]) == ["M\\xfcller", "bad_name", "Åse"]


@pytest.mark.parametrize(
    ("text", "timestamp", "findings"),
    [
        ("2026-03-01 10:00:00 UTC", "2026-03-01T10:00:00", 0),
        ("2026-03-01 10:00:00 Europe/Berlin", "2026-03-01T09:00:00", 0),
        ("", "", 0),
        ("yesterday-ish", "", 1),
        ("9" * 2000, "", 1),
    ],
)
def test_when_it_was_handed_in(tmp_path, text, timestamp, findings):
    lay(tmp_path, "al/04_iou/iou.ipynb")
    (tmp_path / "al/04_iou/timestamp.txt").write_text(text)
    submission = found(tmp_path)[1]["al"]
    assert (submission.timestamp, len(submission.findings)) == (timestamp, findings)
    assert submission.exchange == ({} if findings else {"timestamp.txt": text})


def test_what_the_exchange_put_beside_it_comes_along(tmp_path):
    lay(tmp_path, "al/04_iou/iou.ipynb")
    (tmp_path / "al/04_iou/submission_secret.txt").write_text("4f2c")
    submission = found(tmp_path)[1]["al"]
    assert (submission.exchange, submission.findings) == ({"submission_secret.txt": "4f2c"}, [])


def test_a_link_in_the_place_of_the_exchanges_secret_is_not_read(tmp_path):
    lay(tmp_path, "al/04_iou/iou.ipynb")
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "al/04_iou/submission_secret.txt").symlink_to(tmp_path / "elsewhere")
    submission = found(tmp_path)[1]["al"]
    assert submission.exchange == {}
    assert submission.findings == ["submission_secret.txt is no small text file; it was not read."]


@pytest.mark.parametrize("name", ["none", "file.txt", "empty"])
def test_what_holds_no_submission_is_told_in_one_sentence(tmp_path, name):
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"There is no|neither a folder|looks like a submission"):
        collect(tmp_path / name, UNITS)


def test_a_file_name_that_is_no_text_is_spelled_out_where_it_is_told(tmp_path):
    folder = lay(tmp_path / "in", "al/04_iou/iou.ipynb", "al/04_iou/\x1b[2Jred")
    (folder / "al/04_iou" / os.fsdecode(b"gr\xfc\xdfe")).write_bytes(b"")
    submission = found(folder)[1]["al"]
    assert submission.findings == [r"Other files were left aside: _[2Jred, gr\xfc\xdfe."]


def test_an_id_fits_into_the_name_of_a_file(tmp_path):
    rows, _ = found(lay(tmp_path / "in", "\u5f20" * 80 + "/04_iou/iou.ipynb"))
    assert rows[0][0] == "\u5f20" * 66
