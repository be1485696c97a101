"""A data set arrives whole or not at all, whatever the server, the disk and the user do."""

import errno
import hashlib
import http.server
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from helpers import layouts

from medseg import cli
from medseg.cases import load_cases
from medseg.datasets import command, fetch
from medseg.datasets.command import main
from medseg.datasets.sources import DATA_SETS

ROOT = Path(__file__).parents[3]


class Server(http.server.ThreadingHTTPServer):
    """Serves one file, with a fault for each of the first requests."""

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.faults = []
        self.ranges = []
        self.cut_short = threading.Event()

    def handle_error(self, request, client_address):
        """Whoever is being served may hang up; the server does not tell of it on the screen."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server: Any = self.server
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        fault = server.faults.pop(0) if server.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
            return
        start = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked else 0
        if fault == "whole":
            start = 0
        content = server.content[start:]
        if fault == "other":
            content = b"?" * len(content)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(10 if fault == "page" else len(content)))
        if start:
            end = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        self.end_headers()
        if fault == "page":
            content = b"please log"
        if fault in ("cut", "hang"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            if fault == "hang":
                server.cut_short.wait(60)
            return
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archives")
    task05 = layouts.write_task05(folder / "Task05_Prostate")
    promise12 = layouts.write_promise12(folder / "training_data")
    return {
        "task05": layouts.tar(task05, folder / "Task05_Prostate.tar").read_bytes(),
        "promise12": layouts.zipped(promise12, folder / "training_data.zip").read_bytes(),
    }


@pytest.fixture
def served(archives):
    """A function that serves an archive, and gives the server and the data sets to pass on."""
    running = []

    def serve(name="task05", content=None, **changes):
        content = archives[name] if content is None else content
        server = Server(content)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        given = DATA_SETS[name]
        algorithm = given.checksum.split(":")[0]
        known = {
            "url": f"http://127.0.0.1:{server.server_port}/{given.url.rsplit('/', 1)[1]}",
            "size": len(content),
            "checksum": f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}",
            "unpacked": 10_000_000,
            "cases": 4,
        }
        return server, {name: replace(given, **{**known, **changes})}

    yield serve
    for server in running:
        server.cut_short.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    """Pauses are written down, not made."""
    pauses = []
    monkeypatch.setattr(fetch.fetch, "__defaults__", (None, pauses.append))
    return pauses


def call(capsys, data_sets, *arguments):
    code = main([*arguments, "--yes"], data_sets)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def refused(capsys, root, data_sets, words, *arguments):
    """One sentence, code 2, and nothing visible below the root."""
    code, _, err = call(capsys, data_sets, *data_sets, "--root", str(root), *arguments)
    assert code == 2
    assert re.search(words, err), err
    assert err.count("\n") == 1
    assert not [p for p in root.glob("*") if not p.name.startswith(".")]
    return err


@pytest.mark.parametrize(("name", "usable"), [("task05", 3), ("promise12", 4)])
def test_what_was_fetched_is_read_by_its_folder_alone(served, capsys, tmp_path, name, usable):
    server, data_sets = served(name)
    code, out, err = call(capsys, data_sets, name, "--root", str(tmp_path))
    assert (code, err) == (0, "")
    folder = tmp_path / data_sets[name].folder
    assert list(tmp_path.iterdir()) == [folder]
    assert not list(folder.rglob("._*"))
    for said in (data_sets[name].licence, data_sets[name].url, "Labels: 1", f'"{folder}"'):
        assert said in out
    assert len(server.ranges) == 1
    assert len(load_cases(folder, progress=False)) == usable


def test_the_second_call_says_so_and_asks_no_server(served, capsys, tmp_path):
    server, data_sets = served()
    call(capsys, data_sets, "task05", "--root", str(tmp_path))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    code, out, _ = call(capsys, data_sets, "task05", "--root", str(tmp_path))
    assert code == 0
    assert "is there already; nothing to do" in out
    assert len(server.ranges) == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("name", ["task05", "promise12"])
def test_a_subset_keeps_the_first_cases_and_their_files_only(served, capsys, tmp_path, name):
    _, data_sets = served(name)
    code, out, _ = call(capsys, data_sets, name, "--root", str(tmp_path), "--subset", "2")
    assert code == 0
    assert "2 labelled cases" in out
    folder = tmp_path / data_sets[name].folder
    assert len(load_cases(folder, progress=False)) == 2
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    # two images and labels; a header and its .raw each, or one dataset.json; our record
    assert len(names) == {"task05": 2 + 2, "promise12": 2 * 4 + 1}[name]
    again, out, _ = call(capsys, data_sets, name, "--root", str(tmp_path), "--subset", "2")
    assert again == 0
    assert "nothing to do" in out
    code, _, err = call(capsys, data_sets, name, "--root", str(tmp_path))
    assert code == 2
    assert "holds 2 cases" in err


def test_a_subset_larger_than_the_set_is_refused(served, capsys, tmp_path):
    _, data_sets = served()
    refused(capsys, tmp_path, data_sets, "must be 1 to 4, not 5", "--subset", "5")
    refused(capsys, tmp_path, data_sets, "must be 1 to 4, not 0", "--subset", "0")


def test_a_checksum_that_differs_keeps_nothing(served, capsys, tmp_path):
    _, data_sets = served(checksum="sha256:" + "0" * 64)
    refused(capsys, tmp_path, data_sets, "its size or checksum differs")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["other", "page"])
def test_another_file_or_a_log_in_page_is_not_taken_for_the_archive(
    served, capsys, tmp_path, fault
):
    server, data_sets = served()
    server.faults = [fault]
    refused(capsys, tmp_path, data_sets, "is not the file that it should be")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_sends_more_than_the_file_has_is_refused(served, capsys, tmp_path):
    server, data_sets = served()
    server.content += b"more"
    refused(capsys, tmp_path, data_sets, "is not the file that it should be")


def test_a_transfer_that_is_cut_off_goes_on_where_it_stopped(served, capsys, tmp_path, waited):
    server, data_sets = served()
    server.faults = ["cut", "cut"]
    code, out, _ = call(capsys, data_sets, "task05", "--root", str(tmp_path))
    assert code == 0
    starts = [int(asked[6:-1]) for asked in server.ranges[1:]]
    assert 0 < starts[0] < starts[1] < len(server.content)
    assert waited == [1, 2]
    assert "trying again in 1 s" in out


def test_a_server_that_cannot_resume_starts_over(served, capsys, tmp_path):
    server, data_sets = served()
    server.faults = ["cut", "whole"]
    assert call(capsys, data_sets, "task05", "--root", str(tmp_path))[0] == 0
    assert len(server.ranges) == 2


def test_a_busy_server_is_asked_again_with_longer_pauses(served, capsys, tmp_path, waited):
    server, data_sets = served()
    server.faults = [500, 503, 429]
    assert call(capsys, data_sets, "task05", "--root", str(tmp_path))[0] == 0
    assert waited == [1, 2, 4]


def test_a_server_that_stays_broken_is_one_sentence(served, capsys, tmp_path, waited):
    server, data_sets = served()
    server.faults = [500] * 9
    refused(capsys, tmp_path, data_sets, "answered 500, 5 times")
    assert waited == [1, 2, 4, 8]


def test_a_missing_file_is_not_asked_for_again(served, capsys, tmp_path, waited):
    server, data_sets = served()
    server.faults = [404]
    refused(capsys, tmp_path, data_sets, "answered 404.*medicaldecathlon")
    assert len(server.ranges) == 1
    assert waited == []


def test_no_network_is_one_sentence(served, capsys, tmp_path):
    server, data_sets = served()
    server.shutdown()
    server.server_close()
    refused(capsys, tmp_path, data_sets, "cannot be reached.*check the network")


def start(data_sets, root, **options):
    """The command in a process of its own.

    It heeds SIGINT even where whoever runs the tests does not: what a shell without job control
    starts in the background ignores it.
    """
    code = (
        "import json, signal, sys; from medseg.datasets.command import DataSet, main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sets = {k: DataSet(**v) for k, v in json.loads(sys.argv[1]).items()}; "
        "sys.exit(main(sys.argv[2:], sets))"
    )
    known = json.dumps({name: asdict(data_set) for name, data_set in data_sets.items()})
    command = [sys.executable, "-c", code, known, *data_sets, "--root", str(root), "--yes"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, **pipes, **options)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_after_an_interruption_the_second_start_goes_on(served, capsys, tmp_path, number):
    server, data_sets = served()
    server.faults = ["hang"]
    half = len(server.content) // 2
    partial = tmp_path / ".Task05_Prostate.part/partial"
    with start(data_sets, tmp_path) as process:
        while not (partial.is_file() and partial.stat().st_size):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == [".Task05_Prostate.part"]
    have = partial.stat().st_size
    assert 0 < have <= half
    assert call(capsys, data_sets, "task05", "--root", str(tmp_path))[0] == 0
    assert server.ranges == [None, f"bytes={have}-"]
    assert [path.name for path in tmp_path.iterdir()] == ["Task05_Prostate"]


def test_after_a_kill_while_unpacking_nothing_is_downloaded_again(served, capsys, tmp_path):
    server, data_sets = served()
    work = tmp_path / ".Task05_Prostate.part"
    (work / "unpacked/Task05_Prostate").mkdir(parents=True)
    (work / "unpacked/Task05_Prostate/half").write_bytes(b"half")
    (work / "tmpleft").write_bytes(b"of pooch")
    (work / "Task05_Prostate.tar").write_bytes(server.content)
    assert call(capsys, data_sets, "task05", "--root", str(tmp_path))[0] == 0
    assert server.ranges == []
    assert not (tmp_path / "Task05_Prostate/half").exists()
    assert not work.exists()


@pytest.mark.parametrize("kept", [b"?" * 1000, b"?" * 10**7], ids=["less", "more"])
def test_what_was_kept_but_does_not_fit_is_fetched_anew(served, capsys, tmp_path, kept):
    _, data_sets = served()
    (tmp_path / ".Task05_Prostate.part").mkdir()
    (tmp_path / ".Task05_Prostate.part/partial").write_bytes(kept)
    assert call(capsys, data_sets, "task05", "--root", str(tmp_path))[0] == 0
    assert len(load_cases(tmp_path / "Task05_Prostate", progress=False)) == 3


def test_a_disk_that_fills_up_is_one_sentence_and_leaves_nothing(served, tmp_path):
    server, data_sets = served()
    most = len(server.content) // 2

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    with start(data_sets, tmp_path, preexec_fn=limit) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the disk is full" in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_while_unpacking_leaves_nothing(served, capsys, tmp_path, monkeypatch):
    def unpack(archive, folder, *_, **__):
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _, data_sets = served()
    monkeypatch.setattr(fetch, "unpack", unpack)
    refused(capsys, tmp_path, data_sets, "the disk is full")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_not_even_begun_on(served, capsys, tmp_path):
    server, data_sets = served(unpacked=10**18)
    refused(capsys, tmp_path, data_sets, "the disk is full.*MB are needed")
    assert server.ranges == []


def test_a_root_that_cannot_be_written_to_is_one_sentence(served, capsys, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    _, data_sets = served()
    monkeypatch.setattr(os, "mkdir", refuse)
    refused(capsys, tmp_path, data_sets, "cannot be written to.*Read-only.*--root")


def test_a_root_that_is_a_file_is_one_sentence(served, capsys, tmp_path):
    _, data_sets = served()
    (tmp_path / ".file").write_bytes(b"")
    code, _, err = call(capsys, data_sets, "task05", "--root", str(tmp_path / ".file"))
    assert code == 2
    assert "cannot be written to" in err


def test_a_folder_with_other_contents_is_left_alone(served, capsys, tmp_path):
    server, data_sets = served()
    own = tmp_path / "Task05_Prostate/my_thesis.txt"
    own.parent.mkdir()
    own.write_text("three years of work")
    code, _, err = call(capsys, data_sets, "task05", "--root", str(tmp_path))
    assert code == 2
    assert "did not make it; move it away" in err
    assert own.read_text() == "three years of work"
    assert server.ranges == []


def test_an_empty_folder_is_filled(served, capsys, tmp_path):
    _, data_sets = served()
    (tmp_path / "Task05_Prostate").mkdir()
    assert call(capsys, data_sets, "task05", "--root", str(tmp_path))[0] == 0


def test_a_file_that_went_missing_later_is_noticed(served, capsys, tmp_path):
    _, data_sets = served()
    call(capsys, data_sets, "task05", "--root", str(tmp_path))
    (tmp_path / "Task05_Prostate/labelsTr/prostate_01.nii.gz").unlink()
    code, _, err = call(capsys, data_sets, "task05", "--root", str(tmp_path))
    assert code == 2
    assert "1 of 10 files are missing or changed" in err


def test_an_archive_that_is_not_safe_leaves_nothing(served, capsys, tmp_path):
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        archive.addfile(tarfile.TarInfo("Task05_Prostate/../../evil"))
    _, data_sets = served(content=buffer.getvalue())
    refused(capsys, tmp_path, data_sets, "climbs out")
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_consent_must_be_given_by_an_option(served, capsys, tmp_path):
    server, data_sets = served()
    assert main(["task05", "--root", str(tmp_path)], data_sets) == 2
    said = capsys.readouterr()
    assert "add --yes" in said.err
    assert data_sets["task05"].licence in said.out
    assert server.ranges == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1), (EOFError, 1)])
def test_on_a_terminal_one_is_asked(served, capsys, tmp_path, monkeypatch, answer, code):
    def reply(_):
        if answer is EOFError:
            raise EOFError
        return answer

    server, data_sets = served()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", reply)
    assert main(["task05", "--root", str(tmp_path)], data_sets) == code
    assert len(server.ranges) == 1 - code
    assert ("Nothing was downloaded" in capsys.readouterr().out) == bool(code)


def test_the_list_says_what_there_is_and_what_is_here(served, capsys, tmp_path):
    _, data_sets = served()
    call(capsys, data_sets, "task05", "--root", str(tmp_path))
    both = {**DATA_SETS, **data_sets}
    code, out, _ = call(capsys, both, "--list", "--root", str(tmp_path))
    assert code == 0
    assert "CC BY-SA 4.0" in out
    assert re.search("task05.*\n.*\n +here", out)
    assert re.search("promise12.*324 MB\n.*\n +not here", out)


@pytest.mark.parametrize("arguments", [["nothing"], []])
def test_an_unknown_or_missing_name_is_one_sentence(capsys, arguments):
    code, _, err = call(capsys, DATA_SETS, *arguments)
    assert code == 2
    assert "there are task05 and promise12" in err
    assert cli.main(["data", *arguments]) == 2
    assert "there are task05 and promise12" in capsys.readouterr().err


def test_the_script_is_the_same_command():
    command = [sys.executable, "data_download.py", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Task05" in done.stdout


def test_the_script_without_the_course_says_which_python_to_use():
    command = [sys.executable, "-I", "-S", "data_download.py", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert ".venv/bin/python data_download.py" in done.stderr


def test_every_data_set_has_a_checksum_that_pooch_knows():
    for data_set in command.DATA_SETS.values():
        algorithm, digest = data_set.checksum.split(":")
        assert len(digest) == {"sha256": 64, "md5": 32}[algorithm]
        assert data_set.url.startswith("https://")
