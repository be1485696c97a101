"""The corpus of attacks: submissions made to get points, or more, and what must come out of them.

`UNIT_SCRIPT` is the tiny course's unit with tests as the course writes them, with `probes`. Where
an attack works, because tests share a process with the answer, `works` says how.
"""

from helpers.graded_class import ALL, Case, code, edited, plain_cell, write
from helpers.tiny_course import POINTS, RIGHT, SCRIPT, cell_of, header

UNIT_SCRIPT = f'''# %%
import numpy as np
from medseg import probes

{header("double")}
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

{header("test_double", 1)}
probes.assert_close(double(np.array([1.0, 3.0])), np.array([2.0, 6.0]), "twice [1, 3]")

{header("test_double_hidden", 2)}
# Random numbers.
### BEGIN HIDDEN TESTS
import numpy as np
import tabnanny  # nothing has imported it yet

x = probes.rng(4711).normal(size=5)
probes.assert_close(double(x), x + x, "twice random numbers")
### END HIDDEN TESTS

{SCRIPT[SCRIPT.index(header("triple")) :]}'''

NO_DOUBLE = (0, 0, 4)
LOST = (1, 0, 4)
NOTHING = (0, 0, 0)
LAZY = "def double(x):\n    return x"
LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
"""
works = {}


def attack(name, in_front, points=NO_DOUBLE, double=LAZY, findings=(), reasons=None, why=""):
    """A case of a cell in front of the answers, and by default a wrong answer to `double`."""
    if why:
        works[name] = why
    return code(name, points, findings, reasons, before=in_front, double=double)


def calls(name, statements, reason, points=LOST, findings=()):
    """A case whose `double` does something bad in the hidden test, and is right in the visible."""
    body = "".join(f"    {line}\n" for line in statements.strip().splitlines())
    double = f"def double(x):\n    if len(x) == 2:\n        return x + x\n{body}    return x + x\n"
    return code(name, points, findings, {"test_double_hidden": reason}, double=double)


PATCHES = """
import numpy as np, torch
np.allclose = np.isclose = np.array_equal = np.isfinite = lambda *a, **k: np.True_
np.argwhere = lambda *a: []
np.testing.assert_allclose = torch.testing.assert_close = lambda *a, **k: None
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
"""
FAKE_MODULE = """
import sys, types, numpy
class Fake(types.ModuleType):
    def __getattr__(self, name):
        return (lambda *a, **k: True) if 'close' in name else getattr(numpy, name)
sys.modules['numpy'] = Fake('numpy')
"""
AGREES = """
import numpy as np
class Agrees(np.ndarray):
    def __array_function__(self, function, types, args, kwargs): return np.True_
    def __array_ufunc__(self, ufunc, method, *args, **kwargs): return np.False_
    def __eq__(self, other): return True
"""
BUILTINS = f"""
import builtins
{LIAR}
inside = builtins.isinstance
builtins.isinstance = lambda value, kind: type(value) is Liar or inside(value, kind)
builtins.hasattr = lambda *a: True
"""
RUN_CELL = """
import types
shell = get_ipython()
run = shell.run_cell
def nothing(self, source, *args, **kwargs):
    return run('None' if 'assert' in source else source, *args, **kwargs)
shell.run_cell = types.MethodType(nothing, shell)
"""
FORGED_REPLY = """
def forged(x):
    import time
    kernel = get_ipython().kernel
    send, shell = kernel.session.send, kernel.shell_stream
    parent, whom = kernel.get_parent('shell'), kernel._parent_ident['shell']
    send(shell, 'execute_reply', {'status': 'ok', 'execution_count': 1}, parent, whom)
    send(kernel.iopub_socket, 'status', {'execution_state': 'idle'}, parent, b'x')
    shell.flush()
    time.sleep(1000)
"""
FORGED_VALUE = """
shell = get_ipython()
shell.events.register('post_run_cell', lambda result: shell.displayhook(4.0))
"""
FORGED_HOOK = """
shell = get_ipython()
shown = type(shell.displayhook).__call__
type(shell.displayhook).__call__ = lambda self, value=None: shown(self, 4 if value == 1 else value)
"""
IMPORT_HOOK = """
import sys
class Hook:
    def find_spec(self, name, *args):
        if name == 'tabnanny': sys.exit()
sys.meta_path.insert(0, Hook())
"""
LAST_WORDS = """
import atexit, os, time
atexit.register(time.sleep, 1000)
class Trap:
    def __del__(self): os._exit(0)
trap = Trap()
"""
ANSWERS_FROM_TEST = """
def double(x):
    import re, sys
    source = get_ipython().user_ns['In'][-1]
    expected = re.search(r'assert_close\\(double\\(.+\\), (.+), "', source)[1]
    return eval(expected, sys._getframe(1).f_globals)
"""
SEARCH = """
import os
found = []
for folder, below, files in os.walk('/'):
    below[:] = [b for b in below if b not in ('site-packages', 'proc', 'sys', 'usr', 'lib')]
    found += [f for f in files if f.endswith(('.ipynb', '.db', '.sqlite')) or f == 'sums.py']
raise OSError(f'found {found}')
"""
PROCESSES = """
import os
seen = [p for p in os.listdir('/proc') if p.isdigit()]
raise OSError(f'sees {len(seen)}')
"""
NETWORK = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
KILLS = """
import contextlib, os
with contextlib.suppress(ProcessLookupError): os.kill(-1, 9)
os.kill(1, 9)
os.kill(1, 15)
"""
PLANTS = """
import os, tempfile
planted = 0
for place in ('/tmp', '/dev/shm', tempfile.gettempdir(), os.path.expanduser('~'), '.'):
    try:
        open(f'{place}/planted', 'w').close()
        planted += 1
    except OSError:
        assert place == '/tmp'  # is only read where Python's environment lies in it
assert planted >= 4
"""
FINDS = """
import os, tempfile
places = '/tmp', '/dev/shm', tempfile.gettempdir(), os.path.expanduser('~'), '.'
raise OSError(f"found {[p for p in places if os.path.exists(p + '/planted')]}")
"""
SHOWS = "print(get_ipython().user_ns['In'][-1])"
SCRIPT_TAG = "from IPython.display import HTML, display\ndisplay(HTML('<script>steal()</script>'))"

IN_PROCESS = [
    attack("patched_libraries", PATCHES, findings=("reaches for np.allclose =",)),
    attack("fake_module", FAKE_MODULE),
    attack("overloaded_comparison", LIAR, double="def double(x): return Liar()"),
    attack("array_that_agrees", AGREES, double="def double(x): return x.view(Agrees)"),
    attack(
        "replaced_builtins",
        BUILTINS,
        double="def double(x): return Liar()",
        findings=("reaches for builtins",),
    ),
    attack(
        "import_hook_that_exits",
        IMPORT_HOOK,
        LOST,
        RIGHT["double"],
        reasons={"test_double_hidden": "SystemExit"},
    ),
    attack("last_words", LAST_WORDS, ALL, RIGHT["double"]),
    attack("forged_value", FORGED_VALUE, NOTHING, findings=("2 values came from it",)),
    attack(
        "patched_probes",
        "from medseg import probes\nprobes.assert_close = print",
        why="the names that test cells use can be replaced",
    ),
    attack("wrapped_run_cell", RUN_CELL, why="the shell that runs test cells can be replaced"),
    attack(
        "forged_reply",
        FORGED_REPLY,
        double="def double(x): forged(x)",
        why="student code can send what the kernel sends",
    ),
    code("forged_partial_credit", (1, 2, 1), before=FORGED_HOOK, triple="def triple(x): return 0"),
    code("answers_from_the_test", NO_DOUBLE, double=ANSWERS_FROM_TEST),
]
works |= {
    "forged_partial_credit": "the hook that shows a cell's value can be replaced",
    "answers_from_the_test": "a function can read the test that calls it",
}
OUTSIDE = [
    calls("searches_the_disk", SEARCH, r"found \[\]"),
    calls("looks_for_processes", PROCESSES, "sees 2$"),
    calls("network", NETWORK, "unreachable"),
    calls("kills_all", KILLS, "^$", ALL),
    calls("a_plants_files", PLANTS, "^$", ALL),
    calls("b_finds_planted_files", FINDS, r"found \[\]"),
    calls("shows_hidden_tests", SHOWS, "^$", ALL, ("reaches for get_ipython",)),
    calls("script_in_an_output", SCRIPT_TAG, "^$", ALL),
]


def lazy(notebook):
    for name in ("double", "triple"):
        cell_of(notebook, name)["source"] = f"def {name}(x):\n    return None"


def tests_become(source):
    def edit(notebook):
        lazy(notebook)
        for name in POINTS:
            cell_of(notebook, name)["source"] = source

    return edit


def skipped(notebook):
    lazy(notebook)
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]


def forged_outputs(notebook):
    lazy(notebook)
    for count, name in enumerate(POINTS):
        value = {"output_type": "execute_result", "metadata": {}, "execution_count": count}
        cell = cell_of(notebook, name)
        cell |= {"outputs": [value | {"data": {"text/plain": "forged"}}], "execution_count": count}


def own_points(notebook):
    lazy(notebook)
    claims = cell_of(notebook, "test_triple")["metadata"]["nbgrader"]
    for name, points in (("test_more", 100), ("test_triple", 100)):
        claims = claims | {"grade_id": name, "points": points}
        notebook["cells"].append(plain_cell("1", nbgrader=claims))


def marked(notebook):
    marks = "### BEGIN HIDDEN TESTS\n### END SOLUTION\n### BEGIN SOLUTION\n"
    cell_of(notebook, "double")["source"] = marks + RIGHT["double"] + "\n### END HIDDEN TESTS"


def planted_links(folder, notebook):
    write(folder, notebook)
    links = {"gradebook.db": "../../../grading/gradebook.db", "passwd": "/etc/passwd"}
    for name, target in links.items():
        (folder / name).symlink_to(target)


def another_students(folder, _):
    folder.mkdir(parents=True)
    (folder / "sums.ipynb").symlink_to("../../00_honest_right/01_sums/sums.ipynb")


ON_PAPER = [
    *(
        edited(f"test_gives_{name}", tests_become(value), NOTHING, ("was changed; ours was run",))
        for name, value in {
            "nan": "float('nan')",
            "less_than_nothing": "-1",
            "a_text": "'text'",
            "very_much": "1e9",
        }.items()
    ),
    edited("skipped_tests", skipped, NOTHING),
    edited("forged_outputs", forged_outputs, NOTHING),
    edited("points_of_its_own", own_points, NOTHING, ("points: 100", "not know: test_more")),
    edited("marks_of_nbgrader", marked),
    Case("planted_links", planted_links, findings=("left aside: gradebook.db, passwd",)),
    Case("another_students_notebook", another_students, NOTHING, ("is a link",)),
]
CASES = [*IN_PROCESS, *OUTSIDE, *ON_PAPER]
