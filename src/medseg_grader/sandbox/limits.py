"""What one submission may use while it is graded; every limit is an option of `medseg grade`."""

from dataclasses import dataclass, fields

from medseg.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Bounds for one notebook. Times are wall time; 1 MB is 2**20 bytes.

    Args:
        cell_seconds: for one cell; it is interrupted then, and killed if it does not stop.
        notebook_seconds: for the whole notebook; cells that are left over do not run.
        memory_mb: of all its processes together. A single allocation beyond it raises MemoryError.
        processes: processes and threads.
        open_files: open files of one process.
        file_mb: largest file that it may write.
        disk_mb: all files that it may write, shared memory included.
        output_mb: what its cells may print and show; the rest is left out.
        threads: threads of numpy and torch.
        restarts: how often a kernel that died is replaced.
    """

    cell_seconds: float = 180
    notebook_seconds: float = 900
    memory_mb: int = 4096
    processes: int = 256
    open_files: int = 512
    file_mb: int = 100
    disk_mb: int = 200
    output_mb: int = 10
    threads: int = 1
    restarts: int = 20

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "restarts" else 1
            if not isinstance(value, int | float) or isinstance(value, bool) or not value >= least:
                raise InputError(
                    f"The limit {field.name} is {value!r}, expected a number from {least} on."
                )
