"""What an error in a student's function usually means, in one sentence."""

import dis
import linecache
import re
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path

# What is raised in a file below one of these is not raised by an answer.
_LIBRARIES = (
    *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")),
    str(Path(__file__).parents[1]),
)

_MEANINGS: list[tuple[str, str, str]] = [
    # (error type, pattern in its message, what it usually means)
    (
        "RuntimeError",
        r"same device",
        "Two tensors live on different devices: a tensor that you make yourself needs "
        "`device=` of an input, and no `.cpu()` or `.cuda()` belongs in this function.",
    ),
    (
        "RuntimeError",
        r"Padding size should be less than",
        "`F.pad` with mode 'reflect' mirrors once, so it cannot add as many pixels as the axis "
        "has; `np.pad` on an index list goes on mirroring. Mind also that `F.pad` takes the last "
        "axis first, and that it is the image that is mirrored, not each of its parts.",
    ),
    (
        "ValueError",
        r"Expected more than 1 (value|spatial)",
        "A normalisation gets a single number per channel, and the mean of one number is the "
        "number itself: nothing is left. Which layer looks at one picture and one channel only? "
        "Or is a layer made anew in `forward`, where it is never in evaluation mode?",
    ),
    (
        "RuntimeError",
        r"must match the size|size of tensor|shape mismatch|not broadcastable",
        "Two arrays meet whose shapes do not broadcast: print both shapes just before this line. "
        "Is an axis missing, as without `keepdim=True`? Or are they to be put beside each other, "
        "where you add them?",
    ),
    (
        "RuntimeError",
        r"Sizes of tensors must match|Expected size",
        "Tensors that are concatenated must agree in every axis but one: print both shapes just "
        "before this line. Which of them should be brought to the size of the other?",
    ),
    (
        "RuntimeError",
        r"is invalid for input of size",
        "There are fewer numbers than the new shape has places, or more. Counts end with the "
        "largest number that occurs, unless they are told how many there may be.",
    ),
    (
        "RuntimeError",
        r"expected input.*to have \d+ channels|weight of size",
        "A convolution gets another number of channels than it was made for: follow the channel "
        "numbers from layer to layer, and remember that concatenation adds them.",
    ),
    (
        "RuntimeError",
        r"scalar type|dtype|same dtype|Found dtype|not implemented for",
        "An operation gets a data type that it cannot handle: counting and indexing need integers, "
        "means and logarithms need floats.",
    ),
    (
        "RuntimeError",
        r"does not require grad",
        "The result is cut off from its inputs: `.detach()`, `.item()`, `torch.no_grad()` or a "
        "newly made tensor stands between the parameters and the result.",
    ),
    (
        "RuntimeError",
        r"ZeroDivisionError",
        "Whole numbers are divided by zero, which only `/` answers, with NaN or infinity: `//` and "
        "`%` have no answer to give.",
    ),
    (
        "RuntimeError",
        r"leaf Variable|modified by an inplace operation",
        "An operation such as `-=`, or one whose name ends in `_`, changes a tensor in place "
        "that the gradient still needs: make a new tensor instead.",
    ),
    (
        "RuntimeError",
        r"requires grad\. Use",
        "A gradient must flow through this function, and numpy knows none: stay with torch's "
        "own operations.",
    ),
    (
        "RuntimeError",
        r"bool tensors? is not supported",
        "Truth values cannot be subtracted or negated: convert them to numbers first, for example "
        "with `.to(other.dtype)`.",
    ),
    (
        "RuntimeError",
        r"view size is not compatible|non-contiguous|stride",
        "`.view` needs memory in one piece: `.reshape` copies where it must.",
    ),
    (
        "ValueError",
        r"broadcast|shape",
        "Two arrays meet whose shapes do not fit: print both shapes just before this line.",
    ),
    (
        "IndexError",
        r"",
        "An index runs past the end of an axis: check which axis you index, and that counting "
        "starts at 0.",
    ),
    ("KeyError", r"", "A dictionary is asked for a key that it does not hold."),
    (
        "ZeroDivisionError",
        r"",
        "Something is divided by zero: which case makes this count zero, and what should come out?",
    ),
    (
        "OverflowError",
        r"out of bounds",
        "A number does not fit into the data type of an array: convert the array to a wider type, "
        "such as `np.int64`, before you calculate.",
    ),
    (
        "AttributeError",
        r"'numpy\.ndarray'|'Tensor' object|'NoneType'",
        "The object is of another type than you expect: numpy arrays, torch tensors and None have "
        "different methods. Print `type(...)` just before this line.",
    ),
    (
        "AttributeError",
        r"before Module\.__init__",
        "A module takes its layers only after `super().__init__()`: make that the first line of "
        "`__init__`.",
    ),
    (
        "AttributeError",
        r"",
        "A name after a dot does not exist: check the spelling, and that `__init__` has set it "
        "(after `super().__init__()`).",
    ),
    (
        "NameError",
        r"",
        "A name is used before it exists: check the spelling, and run the cells above first.",
    ),
    (
        "TypeError",
        r"missing .* argument|unexpected keyword|positional argument",
        "A function is called with other arguments than it takes: compare the call with the "
        "function's first line.",
    ),
    (
        "TypeError",
        r"subscriptable|iterable|callable",
        "A number, a function or None is used as if it were something else: print `type(...)` just "
        "before this line.",
    ),
    (
        "TypeError",
        r"return_types\.(max|min|median|mode|sort|topk)",
        "Along an axis this operation gives two tensors, the values and their indices: take its "
        "`.values`; `.amax` and `.amin` give the values alone.",
    ),
    (
        "TypeError",
        r"",
        "Two things meet whose types do not go together: print `type(...)` of each just before "
        "this line.",
    ),
    ("RecursionError", r"", "The function calls itself without end."),
]


def explain(error: BaseException, function: Callable) -> str:
    """Say where in the student's code an error arose, what it says and what it usually means.

    Only frames of the file (or notebook cell) in which `function` was defined count as the
    student's code, so that a line deep inside torch is never shown as the culprit.
    """
    place = student_line(error, function)
    message = str(error).strip().splitlines()[0] if str(error).strip() else "no message"
    parts = [f"{type(error).__name__}: {message}"]
    if place is not None:
        number, text = place
        parts.append(f"It arose in your line {number}: `{text}`." if text else f"Line {number}.")
    if place is not None and place[1].startswith("raise "):
        parts.append("Your own `raise` was reached where nothing is wrong: look at its condition.")
    elif meaning := usual_meaning(error):
        parts.append(meaning)
    return "\n".join(parts)


def usual_meaning(error: BaseException) -> str:
    """The sentence for this error, empty where there is none."""
    names = {cls.__name__ for cls in type(error).__mro__}
    for name, pattern, meaning in _MEANINGS:
        if name in names and re.search(pattern, str(error)):
            return meaning
    return ""


def student_line(error: BaseException, function: Callable) -> tuple[int, str] | None:
    """Line number and text of the deepest frame in the cell that defines `function`."""
    files = _files_of(function)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files and frame.lineno is not None:
            text = frame.line or linecache.getline(frame.filename, frame.lineno)
            return frame.lineno, text.strip()
    return None


def unwritten(error: NotImplementedError) -> str:
    """The name of the function or class whose stub raised this error, "" if that cannot be told."""
    tb = error.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    if tb is None:
        return ""
    return tb.tb_frame.f_code.co_qualname.split("<locals>.")[-1].split(".")[0]


def _files_of(function: Callable) -> set[str]:
    """The code files of a function, or of the methods of a class."""
    members = vars(function).values() if isinstance(function, type) else [function]
    codes = [getattr(member, "__code__", None) for member in members]
    return {code.co_filename for code in codes if code is not None}


def words_of_a_library(error: BaseException) -> str:
    """What a library says of an error, its numbers last and sorted, as two shapes may have changed
    places; empty where an answer raises by itself.

    On the same probe the same error is the same fault only if the same is said of it; how an answer
    words its own refusal says nothing of that.
    """
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    raises = dis.opname[code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"
    if raises and not code.co_filename.startswith(_LIBRARIES):
        return ""
    first, *_ = str(error).splitlines() or [""]
    numbers = " ".join(sorted(re.findall(r"\d+", first))[:12])
    return f"{re.sub(r'[0-9, ]+', ' ', first)[:80]} {numbers}".strip()
