"""The whole report: what lies where, what is linked, what is written anew, what is left out."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from helpers.pages import EVIL, Elements, assert_harmless
from helpers.report_class import UNIT, load_unit, record, result_of, save
from nbgrader.api import Gradebook

from medseg_grader.report import page_workers, write
from medseg_grader.report.pages import common_mistakes

NAME = "iou.html"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A report on a class of four, one of whom has a hostile name: (root, results, index)."""
    root = tmp_path_factory.mktemp("course")
    mistake = load_unit(UNIT).exercises["mean_iou"].mistakes[0].name
    results = [
        result_of("ada", 1.0, number="7", name="Ada Lovelace", diagnosis={"mean_iou": "right"}),
        result_of("bob", 0.5, diagnosis={"mean_iou": mistake}),
        result_of("eve [x]#?&%", 0.2, findings=[EVIL, "A cell was moved."]),
        result_of("=cmd(<b>)", 0.0, name=EVIL.replace("/", "|"), diagnosis={"mean_iou": mistake}),
    ]
    url = record(root, results)
    for result in results:
        save(root, result)
    index = write.write_report(results, url, root / "grading/report")
    return root, results, index


def test_the_report_has_every_part_and_its_index_links_them_all(written):
    root, results, index = written
    assert index == root / "grading/report/index.html"
    linked = set()
    todo = [index]
    while todo:
        page = todo.pop()
        for anchor in Elements(page.read_text(encoding="utf-8")).all("a"):
            address = unquote(anchor["href"].partition("#")[0]) or page.name
            target = (page.parent / address).resolve()
            assert target.is_file(), address
            if target not in linked and target.suffix == ".html":
                todo.append(target)
            linked.add(target)
    out = index.parent
    expected = {"items.html", "mistakes.html", "findings.html", "canvas.csv"}
    expected |= {f"moodle/{UNIT}.csv", f"moodle/{UNIT}_feedback.zip"}
    expected |= {f"feedback/{UNIT}/{result.student}.html" for result in results}
    assert {path.relative_to(out).as_posix() for path in linked} >= expected


def test_no_page_lets_anything_in(written):
    _, results, index = written
    pages = sorted(index.parent.rglob("*.html"))
    assert len(pages) == 4 + 2 * len(results)
    for page in pages:
        text = re.sub(r"</?(figure|figcaption)\b[^>]*>", "", page.read_text(encoding="utf-8"))
        assert_harmless(text)


def test_pictures_have_descriptions_and_tables_beside_them(written):
    _, _, index = written
    elements = Elements((index.parent / "items.html").read_text(encoding="utf-8"))
    assert len(elements.all("img")) == 3
    assert all(len(image["alt"]) > 40 for image in elements.all("img"))
    assert len(elements.all("table")) == 3
    assert "With so few, every number below is a hint, no more." in elements.text


def test_mistakes_of_the_class_are_counted_and_explained(written):
    _, results, index = written
    mistake = load_unit(UNIT).exercises["mean_iou"].mistakes[0]
    assert mistake.name == "nan_spoils_the_mean"
    line = f"2 of 4: NaN spoils the mean (4.3 One number). {mistake.hint}"
    assert common_mistakes(load_unit(UNIT), results) == [line]
    for name in ("index.html", "mistakes.html"):
        assert line in Elements(index.with_name(name).read_text(encoding="utf-8")).text


def test_findings_are_told_by_student(written):
    _, _, index = written
    text = Elements(index.with_name("findings.html").read_text(encoding="utf-8")).text
    assert f"eve [x]#?&% {EVIL} A cell was moved." in text
    assert "bob" not in text


def test_feedback_lies_where_nbgrader_looks_for_it(written):
    root, results, index = written
    for result in results:
        copy = root / "grading/feedback" / result.student / UNIT / NAME
        own = index.parent / "feedback" / UNIT / f"{result.student}.html"
        assert copy.read_bytes() == own.read_bytes()


def course(tmp_path, *results):
    url = record(tmp_path, results)
    for result in results:
        save(tmp_path, result)
    return url, tmp_path / "grading/report"


def pages_of(root, student="ada"):
    return [
        root / "grading/feedback" / student / UNIT / NAME,
        root / "grading/report/feedback" / UNIT / f"{student}.html",
    ]


@pytest.fixture
def quick(monkeypatch):
    """Without the pages that draw, which have tests of their own."""
    for name in ("items_page", "mistakes_page", "findings_page"):
        monkeypatch.setattr(write, name, lambda *_: "")


def test_a_page_is_written_anew_only_where_something_changed(tmp_path, quick):
    ada, bob = result_of("ada"), result_of("bob", 0.5)
    url, out = course(tmp_path, ada, bob)
    write.write_report([ada, bob], url, out)
    before = {
        page: page.stat().st_mtime_ns for s in ("ada", "bob") for page in pages_of(tmp_path, s)
    }
    write.write_report([ada, bob], url, out)
    assert {page: page.stat().st_mtime_ns for page in before} == before
    with Gradebook(url) as book:
        book.find_comment("mean_iou", "iou", UNIT, "bob").manual_comment = "Come and see me."
        book.db.commit()
    write.write_report([replace(ada, seconds=9.0), bob], url, out)
    assert all(page.stat().st_mtime_ns != before[page] for page in before)
    assert "Come and see me." in pages_of(tmp_path, "bob")[0].read_text(encoding="utf-8")


def test_a_page_that_was_cut_off_or_removed_is_written_anew(tmp_path, quick):
    ada = result_of("ada")
    url, out = course(tmp_path, ada)
    write.write_report([ada], url, out)
    first, second = pages_of(tmp_path)
    whole = first.read_bytes()
    first.write_bytes(b"")
    second.unlink()
    write.write_report([ada], url, out)
    assert first.read_bytes() == second.read_bytes() == whole


def test_links_are_never_followed(tmp_path, quick):
    ada, bob = result_of("ada"), result_of("bob")
    url, out = course(tmp_path, ada, bob)
    secret = tmp_path / "secret"
    secret.mkdir()
    victim = secret / "victim"
    victim.write_text("instructor's")
    (tmp_path / "grading/feedback").mkdir()
    (tmp_path / "grading/feedback/ada").symlink_to(secret)
    page = tmp_path / "grading/feedback/bob" / UNIT / NAME
    page.parent.mkdir(parents=True)
    page.symlink_to(victim)
    executed = tmp_path / "grading/autograded/bob" / UNIT
    (executed / "timestamp.txt").symlink_to(victim)
    (executed / "iou.ipynb").unlink()
    (executed / "iou.ipynb").symlink_to(tmp_path / "grading/autograded/ada" / UNIT / "iou.ipynb")
    write.write_report([ada, bob], url, out)
    assert [path.name for path in secret.iterdir()] == ["victim"]
    assert victim.read_text() == "instructor's"
    assert not page.is_symlink()
    assert "There is no executed notebook to show." in page.read_text(encoding="utf-8")
    assert not page.with_name("timestamp.txt").exists()


def test_what_release_feedback_needs_lies_beside_the_page(tmp_path, quick):
    beside = {"timestamp.txt": "2026-03-01 12:00:00 UTC", "submission_secret.txt": "abc"}
    ada = replace(result_of("ada"), exchange=beside)
    url, out = course(tmp_path, ada)
    write.write_report([ada], url, out)
    folder = pages_of(tmp_path)[0].parent
    assert {name: (folder / name).read_text() for name in beside} == beside


def test_broken_and_missing_notebooks_cost_nobody_the_page(tmp_path, quick):
    results = [result_of("ada"), result_of("bob"), result_of("eve")]
    url, out = course(tmp_path, *results)
    save(tmp_path, results[0]).write_bytes(b"\xff{")
    save(tmp_path, results[1]).write_text('{"cells": [{"cell_type": "code"}]}')
    save(tmp_path, results[2]).unlink()
    write.write_report(results, url, out)
    for student in ("ada", "bob", "eve"):
        assert "12 of 12 points" in pages_of(tmp_path, student)[0].read_text(encoding="utf-8")


def test_what_cannot_be_part_of_the_report_is_said(tmp_path):
    ada, old, lost = result_of("ada"), result_of("old"), result_of("lost")
    url, out = course(tmp_path, ada, old)
    gone = replace(ada, unit="99_gone")
    index = write.write_report([ada, replace(old, cells=old.cells[1:]), lost, gone], url, out)
    text = Elements(index.read_text(encoding="utf-8")).text
    assert f"old, {UNIT}: left out, as its tests have changed since; grade it again." in text
    assert f"lost, {UNIT}: left out, as it is not in the gradebook; grade it again." in text
    assert "ada, 99_gone: left out, as the course has no such unit any more." in text
    assert not (out / "feedback" / UNIT / "old.html").exists()


def test_nothing_graded_gives_an_empty_report(tmp_path):
    url, out = course(tmp_path)
    text = Elements(write.write_report([], url, out).read_text(encoding="utf-8")).text
    assert "Nothing is graded yet." in text
    assert "No mistake that the course knows by name was recognised." in text
    assert "There are no grades yet that Moodle or Canvas could take." in text
    assert "No student has handed in anything that is graded." in text
    for name in ("items", "mistakes", "findings"):
        page = Elements((out / f"{name}.html").read_text(encoding="utf-8"))
        assert page.text.endswith("Nothing is graded yet.")
        assert not page.all("table")
    assert [path.name for path in sorted(out.glob("*.csv"))] == []


def test_a_class_without_mistakes_and_findings_is_told_so(tmp_path):
    ada = result_of("ada")
    url, out = course(tmp_path, ada)
    index = write.write_report([ada], url, out)
    pages = {p.stem: Elements(p.read_text(encoding="utf-8")).text for p in out.glob("*.html")}
    assert index.stem in pages
    assert "No mistake that the course knows by name was recognised." in pages["index"]
    assert "was recognised in this unit." in pages["mistakes"]
    assert "Nothing was odd about the submissions of this unit." in pages["findings"]
    assert "One submission. With so few" in pages["items"]
    assert "Discrimination needs at least 3." in pages["items"]


def test_a_template_that_was_edited_makes_the_pages_anew(tmp_path, quick, monkeypatch):
    ada = result_of("ada")
    url, out = course(tmp_path, ada)
    write.write_report([ada], url, out)
    page = pages_of(tmp_path)[0]
    before = page.stat().st_mtime_ns
    templates = shutil.copytree(write.TEMPLATES, tmp_path / "templates")
    with (templates / "feedback.html").open("a") as file:
        file.write("{# edited #}")
    monkeypatch.setattr(write, "TEMPLATES", templates)
    write.program_digest.cache_clear()
    write.write_report([ada], url, out)
    write.program_digest.cache_clear()
    assert page.stat().st_mtime_ns != before


@pytest.mark.parametrize("student", ["../eve", "a/b", ".."])
def test_an_id_that_leads_elsewhere_is_refused(tmp_path, student, quick):
    eve = result_of(student)
    url = record(tmp_path, [eve])
    with pytest.raises(ValueError, match="cannot be the name of a student"):
        write.write_report([eve], url, Path(tmp_path / "grading/report"))


@pytest.mark.slow
def test_a_notebook_that_bursts_its_process_costs_its_own_page_the_answers(tmp_path, monkeypatch):
    ada, bob = (result_of(name, 1.0) for name in ("ada", "bob"))
    url, out = course(tmp_path, ada, bob)
    huge = '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {"x": [%s[]]}}'
    path = write.notebook_path(tmp_path, UNIT, "bob")
    path.write_text(huge % ("[]," * 20_000_000))
    monkeypatch.setattr(page_workers, "MOST_MEMORY", 2**30)
    write.write_report([ada, bob], url, out)
    whole, lacking = (pages_of(tmp_path, name)[0].read_text() for name in ("ada", "bob"))
    assert re.search('name="medseg-key" content="[0-9a-f]{64}"', whole)
    assert 'name="medseg-key" content=""' in lacking  # so that it is tried again
    assert "All tests passed." in lacking
    findings = Elements((out / "findings.html").read_text(encoding="utf-8")).text
    assert f"bob, {UNIT}: the page shows no answers" in findings
    assert f"ada, {UNIT}: the page" not in findings
