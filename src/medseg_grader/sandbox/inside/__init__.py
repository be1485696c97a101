"""What runs inside the sandbox. Standard library only; it knows nothing of the course.

Four processes stand in a line, each the parent of the next. The grader talks to the first two.

    grader ──FD──▶ fork server      imports what kernels need, listens on `listen`, never sees a
                        │ fork      submission; ends when the grader's end of FD is closed
    grader ──unix──▶ supervisor     one for each connection; user, mount, pid, net, ipc and uts
                        │ fork      namespaces of its own; watches memory and processes
                      init          process 1 of the new pid namespace: mounts the private
                        │ fork      file system; when it ends, the system kills all others there
                      kernel        ipykernel, with student code in it

The messages, in order:

1. fork server → grader, on FD: READY once all is imported. With `--check` instead CHECKED, or why
   no namespaces can be made here.
2. grader → supervisor: one line of JSON {"folder", "connection", "environment", "limits"}. `folder`
   is where the kernel's sockets go, below `SOCKETS`.
3. kernel → init, by a pipe: READY once its sockets are bound, else a traceback.
4. init → supervisor, by a socket pair: READY and, as a file descriptor, /proc of the namespace.
5. supervisor → grader: {"ready": true}; later, once, {"exit", "reason", "peak_mb"}, or
   {"exit", "error"} where nothing was started.
6. grader → supervisor, at any time: the byte `i` interrupts the kernel (SIGINT), any other byte, or
   the end of the connection, kills init (SIGKILL), and so everything in the namespace.

Which right is dropped where: the fork server gives up root (setresuid); the supervisor unshares
every namespace; init mounts, then drops all capabilities and sets no_new_privs; the kernel does the
same before, sets its rlimits, and closes every file descriptor that it was not meant to have. The
number of user namespaces is set to 0 before any student code runs.
"""

LISTEN_SOCKET = "listen"
READY = b"ready"
CHECKED = b"checked"
# IPython's own tracebacks, which show the code around every line, cost more time than all else in
# a notebook with nothing filled in; the plain one says the same of the line that failed.
KERNEL_OPTIONS = ("--HistoryManager.hist_file=:memory:", "--InteractiveShell.xmode=Plain")
