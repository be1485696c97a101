"""Step three of grading: run one rebuilt notebook, and say of each cell what came of it.

A kernel that dies, is killed or hangs costs the cell that did it, no other: a new kernel is
started, the definitions from before are made again, and the notebook goes on behind that cell.
"""

import asyncio
import copy
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from medseg.errors import note
from medseg.notebook.definitions import definitions_only
from medseg.units.labels import is_graded, is_solution
from medseg_grader.sandbox.client import BoundedClient, OutputLost, Overtime
from medseg_grader.sandbox.inside import KERNEL_OPTIONS
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT, Policy
from medseg_grader.sandbox.provisioner import SandboxProvisioner
from medseg_grader.sandbox.scratch import scratch_folder

LONGEST_ERROR = 300


@dataclass
class CellRun:
    """One code cell: whether it ran to its end, and if not or if it raised, why, in one sentence.

    A cell that raised an exception did run. `seconds` is wall time.
    """

    index: int
    ran: bool = False
    error: str = ""
    seconds: float = 0.0


@dataclass
class Execution:
    """What came of one notebook; the outputs are in its cells."""

    cells: list[CellRun] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0


def execute(
    notebook: NotebookNode,
    limits: Limits | None = None,
    *,
    policy: Policy | None = STRICT,
    on_cell: Callable[[int, CellRun], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Execution:
    """Run all code cells in order and put their outputs, capped in size, into the notebook.

    Args:
        notebook: is changed in place: outputs and execution counts.
        limits: see `Limits`; what is not given is the default.
        policy: what the sandbox shows of this machine; None for a plain kernel with this
            user's rights, where only the limits on time and output hold.
        on_cell: called with the index and the verdict of each code cell as soon as it is known.
        environment: variables for the kernel: NBGRADER_EXECUTION and MEDSEG_SEED.

    Raises:
        SandboxError: there is no sandbox on this machine.
    """
    session = _Session(
        notebook,
        limits or Limits(),
        policy,
        on_cell,
        dict(environment or {}),
    )
    return asyncio.run(session.run())


class _Session:
    """One notebook with the kernels that it uses up."""

    def __init__(
        self,
        notebook: NotebookNode,
        limits: Limits,
        policy: Policy | None,
        on_cell: Callable[[int, CellRun], None] | None,
        environment: dict[str, str],
    ) -> None:
        self.notebook, self.limits, self.policy = notebook, limits, policy
        self.on_cell, self.environment = on_cell, environment
        self.result = Execution()
        self.client: BoundedClient | None = None
        self.deadly: set[int] = set()
        self.restarts = 0
        self.output_budget = limits.output_mb * 2**20

    async def run(self) -> Execution:
        start = time.monotonic()
        self.deadline = start + self.limits.notebook_seconds
        with scratch_folder() as folder:
            self.folder = str(folder)
            try:
                for index, cell in enumerate(self.notebook.cells):
                    if cell.cell_type == "code":
                        await self._run_cell(index, cell)
            finally:
                await self._stop()
        self.result.seconds = time.monotonic() - start
        return self.result

    async def _run_cell(self, index: int, cell: NotebookNode) -> None:
        run = CellRun(index)
        self.result.cells.append(run)
        cell.outputs, cell.execution_count = [], None
        reason = await self._prepare(index)
        if reason:
            run.error = f"This cell did not run, because {reason}."
            self._show(cell, "NotRun", run.error)
        else:
            begin = time.monotonic()
            await self._attempt(index, cell, run)
            run.seconds = time.monotonic() - begin
        if self.on_cell:
            self.on_cell(index, run)

    async def _prepare(self, index: int) -> str:
        """See to it that a kernel with all earlier definitions waits; else say why there is none.

        A definition that kills the kernel as well is left out from then on.
        """
        while self.client is None:
            if self.restarts > self.limits.restarts:
                return f"the kernel had died {self.restarts} times before"
            self.restarts += 1
            await self._start()
            await self._define_again(index)
        if time.monotonic() >= self.deadline:
            return f"the whole notebook ran longer than {self.limits.notebook_seconds:g} s"
        return ""

    async def _define_again(self, index: int) -> None:
        """Run what the cells before `index` define: solution cells in full, of others the rest."""
        for earlier, cell in enumerate(self.notebook.cells[:index]):
            if cell.cell_type != "code" or is_graded(cell) or earlier in self.deadly:
                continue
            source = cell.source if is_solution(cell) else definitions_only(cell.source)
            if source.strip():
                again = copy.deepcopy(cell)
                again.source = source
                await self._attempt(earlier, again, CellRun(earlier))
                self.notebook.cells[earlier] = cell  # nbclient puts what it ran in its place
            if self.client is None:
                return

    async def _attempt(self, index: int, cell: NotebookNode, run: CellRun) -> None:
        """Run one cell in the kernel that waits. Afterwards `client` is None if it is lost."""
        client = self.client
        assert client is not None
        left = max(self.deadline - time.monotonic(), 0.1)
        try:
            reply = await client.run_cell(cell, index, min(self.limits.cell_seconds, left))
        except Overtime as error:
            if left < self.limits.cell_seconds:
                run.error = f"The whole notebook ran longer than {self.limits.notebook_seconds:g} s"
            else:
                run.error = f"This cell ran longer than {self.limits.cell_seconds:g} s"
            run.error += "." if error.stopped else " and did not stop when it was interrupted."
            self._show(cell, "Timeout", run.error)
            if not error.stopped:
                await self._lose(index)
        except OutputLost:
            run.error = "This cell printed or showed too much at once, so its result is not known."
            self._finding(f"Cell {index + 1}: {run.error}")
            self._show(cell, "OutputLost", run.error)
            await self._lose(index)  # the connection does not come back
        except DeadKernelError:
            run.error = f"The kernel died in this cell: {client.cause_of_death()}."
            self._show(cell, "DeadKernel", run.error)
            await self._lose(index)
        except Exception as error:
            # What came from the kernel was no message of Jupyter's protocol: whatever it was,
            # this cell has no verdict and the kernel cannot be trusted with the next one.
            note(error)
            run.error = f"The kernel sent an answer that cannot be read ({type(error).__name__})."
            self._finding(f"Cell {index + 1}: {run.error}")
            self._show(cell, "DeadKernel", run.error)
            await self._lose(index)
        else:
            run.ran = True
            run.error = _error_of(reply, self.limits)
        self.output_budget = client.output_budget
        for sentence in client.take_findings():
            self._finding(f"Cell {index + 1}: {sentence}")

    async def _start(self) -> None:
        manager = AsyncKernelManager(kernel_name="python3")
        manager.kernel_id = uuid.uuid4().hex
        if self.policy is not None:
            manager.provisioner = SandboxProvisioner(
                kernel_id=manager.kernel_id,
                kernel_spec=manager.kernel_spec,
                parent=manager,
                limits=asdict(self.limits),
                gpu=self.policy.gpu,
                readable=list(self.policy.readable),
                modules=list(self.policy.modules),
            )
        await manager.start_kernel(
            cwd=self.folder,
            env={**os.environ, **self.environment},
            extra_arguments=[*KERNEL_OPTIONS, "--log-level=ERROR"],
        )
        self.client = BoundedClient(self.notebook, manager, self.output_budget)
        await self.client.connect()

    async def _lose(self, index: int) -> None:
        self.deadly.add(index)
        await self._stop()

    async def _stop(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            provisioner = client.manager.provisioner
            await client.disconnect()
            if isinstance(provisioner, SandboxProvisioner):
                peak = max(self.result.peak_memory_mb, provisioner.peak_memory_mb)
                self.result.peak_memory_mb = peak

    def _show(self, cell: NotebookNode, name: str, sentence: str) -> None:
        output = new_output("error", ename=name, evalue=sentence, traceback=[sentence])
        cell.outputs.append(output)

    def _finding(self, sentence: str) -> None:
        if sentence not in self.result.findings:
            self.result.findings.append(sentence)


def _error_of(reply: Mapping[str, Any], limits: Limits) -> str:
    """The exception of an execute_reply in one line, empty if there was none."""
    content = reply.get("content", {})
    if content.get("status") == "ok":
        return ""
    name, value = str(content.get("ename", "error")), str(content.get("evalue", "")).strip()
    if name == "MemoryError" and not value:
        value = f"this notebook may use {limits.memory_mb:g} MB of memory"
    line = (f"{name}: {value}".splitlines() or [name])[0]
    return line if len(line) <= LONGEST_ERROR else line[:LONGEST_ERROR] + " …"
