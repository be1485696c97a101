"""Where workers run: processes here, a Dask cluster, the jobs that Slurm would get."""

import os
import subprocess
import sys
import time
from typing import Any

import dask
import pytest
from distributed import LocalCluster
from helpers.jobs import half
from helpers.sandboxes import needs_sandbox
from helpers.tiny_course import RIGHT, UNIT, WRONG, answered, hand_in, make_course

from medseg.cli import main
from medseg_grader.course.template import make_template
from medseg_grader.course.units import load_unit
from medseg_grader.grading.workers import slurm_cluster, worker_pool
from medseg_grader.records.results import load_results


def test_every_job_is_answered_by_a_process_of_its_own():
    with worker_pool(2) as workers:
        answers: dict[int, Any] = dict(workers.run(half, range(8)))
        assert (workers.size, workers.remote) == (2, False)
        assert workers.ask(os.getpid) == os.getpid()
    assert {job: answer[0] for job, answer in answers.items()} == {n: n / 2 for n in range(8)}
    assert os.getpid() not in {process for _, process in answers.values()}


def test_a_job_that_raises_is_answered_with_its_exception():
    with worker_pool(1) as workers:
        answers = dict(workers.run(half, [2, -1, 4]))
    assert str(answers[-1]) == "-1 is negative"
    assert (answers[2][0], answers[4][0]) == (1, 2)


def test_a_job_that_ends_its_worker_costs_no_other_job_its_answer():
    with worker_pool(2) as workers:
        answers = dict(workers.run(half, [1, 13, 2, 3, 4, 5]))
    assert isinstance(answers.pop(13), Exception)
    assert {job: answer[0] for job, answer in answers.items()} == {n: n / 2 for n in range(1, 6)}


def test_jobs_are_drawn_only_as_workers_can_take_them():
    drawn = []

    def jobs():
        for number in range(40):
            drawn.append(number)
            yield number

    with worker_pool(1) as workers:
        for done, _ in enumerate(workers.run(half, jobs()), start=1):
            assert len(drawn) <= done + 3
    assert done == 40


LEAVES = """
import os, sys, time
from medseg_grader.grading.workers import worker_pool
with worker_pool(1) as workers:
    print(workers.executor.submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""


def test_workers_end_with_the_process_that_started_them():
    parent = subprocess.Popen([sys.executable, "-c", LEAVES], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while is_running(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_running(worker)


def is_running(process):
    """Whether the process is there and is more than an entry that nobody has fetched yet."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch):
    monkeypatch.setattr("medseg_grader.grading.workers.CONNECT_SECONDS", 0.2)
    sentence = r"No Dask scheduler answers at tcp://127\.0\.0\.1:9 .* `dask scheduler`"
    with pytest.raises(ValueError, match=sentence), worker_pool(scheduler="tcp://127.0.0.1:9"):
        pass


@pytest.mark.slow
@needs_sandbox
def test_a_dask_cluster_grades_as_this_machine_does(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(make_course(tmp_path / "course"))
    template = make_template(load_unit(UNIT))
    for student, answers in {"ada": RIGHT, "ben": WRONG, "cem": {}}.items():
        hand_in(tmp_path / "handed_in", student, answered(template, **answers))
    hand_in(tmp_path / "handed_in", "dot", b"{")
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        local_directory=str(tmp_path / "workers"),
    ) as cluster:
        address = cluster.scheduler_address
        code = main(["grade", str(tmp_path / "handed_in"), "--scheduler", address])
    printed = capfd.readouterr()
    assert code == 0, printed.err
    assert "4 graded, 0 unchanged, 1 with findings, 0 not graded" in printed.out
    found = {result.student: result.points for result in load_results()}
    assert found == {"ada": 7.0, "ben": 2.0, "cem": 0.0, "dot": 0.0}
    assert main(["grade", str(tmp_path / "handed_in"), "--workers", "1"]) == 0
    assert "0 graded, 4 unchanged" in capfd.readouterr().out


def script(**options):
    with slurm_cluster(**options) as cluster:
        return cluster.job_script()


def test_a_slurm_job_is_one_worker_with_one_core_for_four_hours():
    text = script()
    assert "#SBATCH --cpus-per-task=1" in text
    assert "#SBATCH --mem=6G" in text
    assert "#SBATCH -t 04:00:00" in text
    assert "export OMP_NUM_THREADS=1" in text
    assert f"{sys.executable} -m distributed.cli.dask_worker" in text


def test_the_sites_own_settings_of_slurm_come_first(monkeypatch):
    for name, value in {"QUEUE": "teaching", "WALLTIME": "00:20:00"}.items():
        monkeypatch.setenv(f"DASK_JOBQUEUE__SLURM__{name}", value)
    monkeypatch.setenv("DASK_JOBQUEUE__SLURM__JOB_SCRIPT_PROLOGUE", "['module load python']")
    dask.config.refresh()
    try:
        text = script()
    finally:
        monkeypatch.undo()
        dask.config.refresh()
    assert "#SBATCH -p teaching" in text
    assert "#SBATCH -t 00:20:00" in text
    assert text.index("module load python") < text.index("export OMP_NUM_THREADS=1")
    assert "#SBATCH --mem=6G" in text
