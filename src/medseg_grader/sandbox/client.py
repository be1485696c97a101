"""What comes from a kernel, within bounds: a client for one kernel that student code runs in.

Nothing that a kernel sends may fill the grader's memory or stop it: messages beyond a size are
not received, and outputs beyond the notebook's allowance are left out. A short result always gets
through, as it may be a test's partial credit.
"""

import asyncio
import contextlib
import time
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_output

# A larger one is not received, and ends the connection: what follows it may be lost as well.
LARGEST_MESSAGE = 64 * 2**20
# Messages that wait to be read; with their largest size a bound on what a kernel can make us hold.
WAITING_MESSAGES = 4
ALWAYS_KEPT = 1000
START_SECONDS = 120
# How long a cell may take to stop when it is interrupted, and outputs to come after the answer.
GRACE_SECONDS = 10
# How long what a dead kernel had sent may still be on its way.
LAST_OUTPUT_SECONDS = 0.1
# Ends with a space, so that a cell's own outputs are never mistaken for it.
LEFT_OUT = "[The rest of the output is left out, because it is too long.] "


class Overtime(Exception):
    """A cell ran out of its time; `stopped` says whether it heeded the interrupt."""

    def __init__(self, stopped: bool) -> None:
        super().__init__(stopped)
        self.stopped = stopped


class OutputLost(Exception):
    """A cell ended, but not all that it sent arrived; its result may have been among it."""


class BoundedClient(NotebookClient):
    """Runs single cells in the kernel of `km`; `output_budget` is how many more bytes it keeps."""

    def __init__(self, notebook: NotebookNode, km: AsyncKernelManager, output_budget: int) -> None:
        super().__init__(
            notebook,
            km=km,
            allow_errors=True,
            store_widget_state=False,
            record_timing=False,
            # an empty name is no cell's tag: every cell that came here is to be run
            skip_cells_with_tag="",
            # a cell over its time is interrupted; that it stopped shows in the kernel's being idle
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "Timeout", "evalue": "", "traceback": []},
            iopub_timeout=GRACE_SECONDS,
        )
        self.output_budget = output_budget
        self.manager: Any = km
        self._findings: list[str] = []
        self._full = self._idle = False
        # a client makes a context of its own unless it is given one
        self._context = km.context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        self._context.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)

    async def connect(self) -> None:
        """Wait until the kernel answers and its outputs arrive; RuntimeError if it does not.

        jupyter_client's own `wait_for_ready` ends with a pause of 0.2 s for every kernel.
        """
        client = self.kc = self.manager.client(context=self._context)
        client.start_channels(stdin=False, hb=False, control=False)
        client.allow_stdin = False
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and await client.is_alive():
            client.kernel_info()
            with contextlib.suppress(Empty):
                await client.get_shell_msg(timeout=1)
                await client.get_iopub_msg(timeout=0.5)
                return
        raise RuntimeError("The kernel ended or did not answer when it was started.")

    async def run_cell(self, cell: NotebookNode, index: int, seconds: float) -> dict[str, Any]:
        """Run one cell and return the kernel's reply, an execute_reply.

        Raises Overtime (after an interrupt), OutputLost and DeadKernelError.
        """
        self.timeout_func = lambda _: seconds  # type: ignore[assignment,return-value]
        self._full = self._idle = False
        replies: list[dict[str, Any]] = []
        self.on_cell_executed = lambda execute_reply, **_: replies.append(execute_reply)
        watch = asyncio.ensure_future(self._watch())
        try:
            await self.async_execute_cell(cell, index)
        finally:
            watch.cancel()
            cell.outputs = _merged(cell.outputs)
        reply = replies[0]
        if "header" not in reply:  # the kernel's own replies have one
            raise Overtime(stopped=self._idle)
        if not self._idle:
            raise OutputLost
        return reply

    async def _watch(self) -> None:
        """Notice a kernel's death sooner than nbclient, which looks once a second."""
        while await self.manager.is_alive():
            await asyncio.sleep(0.02)
        await asyncio.sleep(LAST_OUTPUT_SECONDS)
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    def cause_of_death(self) -> str:
        """How the kernel ended, as a part of a sentence."""
        return getattr(self.manager.provisioner, "reason", "") or "it ended"

    async def disconnect(self) -> None:
        """Kill the kernel and free all that belonged to it."""
        if self.kc is not None:
            self.kc.stop_channels()
        provisioner = self.manager.provisioner
        if provisioner is not None and provisioner.has_process:
            # the manager's own `shutdown_kernel` looks whether it has ended only every 0.1 s
            await provisioner.kill()
            await provisioner.wait()
        await self.manager.cleanup_resources()
        self._context.destroy(linger=0)

    def take_findings(self) -> list[str]:
        """What was odd since the last call, a sentence each."""
        found, self._findings = self._findings, []
        return found

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        kind = msg["msg_type"]
        if kind == "status" and msg["content"].get("execution_state") == "idle":
            self._idle = True
        if kind in {"status", "execute_input", "clear_output"}:
            return super().process_message(msg, cell, cell_index)
        size = _size(msg["content"])
        short = kind in {"execute_result", "error"} and size <= ALWAYS_KEPT
        if self.output_budget >= size or short:
            self.output_budget = max(0, self.output_budget - size)
            return super().process_message(msg, cell, cell_index)
        self.output_budget = 0
        if kind == "error":
            content = msg["content"]
            for key in ("ename", "evalue"):
                content[key] = str(content.get(key, ""))[:ALWAYS_KEPT]
            content["traceback"] = [LEFT_OUT]
            return super().process_message(msg, cell, cell_index)
        if not self._full:
            self._full = True
            self._findings.append("its output is too long, the rest of it is left out.")
            cell.outputs.append(new_output("stream", name="stdout", text=LEFT_OUT))
        return None


def _size(content: Any) -> int:
    """About how many bytes a message's content takes, without making a copy of it."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(len(key) + _size(value) for key, value in content.items())
    if isinstance(content, list):
        return sum(_size(value) for value in content)
    return 8


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Streams that follow each other as one output, as a terminal would leave them.

    A progress bar is one line, its last state. nbclient's own `coalesce_streams` takes time that
    grows with the square of a line's length.
    """
    merged: list[NotebookNode] = []
    pieces: list[list[str]] = []
    for output in outputs:
        if output.output_type != "stream":
            merged.append(output)
            pieces.append([])
        elif merged and pieces[-1] and merged[-1].name == output.name:
            pieces[-1].append(output.text)
        else:
            merged.append(output)
            pieces.append([output.text])
    for output, texts in zip(merged, pieces, strict=True):
        if texts:
            lines = "".join(texts).replace("\r\n", "\n").split("\n")
            output.text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return merged
