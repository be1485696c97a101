"""How long it takes to clean a student's HTML, at its worst: our way beside nbconvert's.

`python benchmarks/cleaning.py [--most 8000]` cleans deep nestings of several kinds in both ways,
with the same tags allowed, each length twice the one before, and prints seconds and the factor from
one length to the next: 2 where the time grows with the length, 4 where with its square. The report
cleans no piece of more than 40,000 characters.
"""

import argparse
import time
from collections.abc import Callable
from itertools import pairwise

from nbconvert.preprocessors.sanitize import SanitizeHTML

from medseg_grader.report.clean import Cleaner

TAGS = ["b", "div", "li", "p", "table", "tbody", "td", "tr", "ul"]
PIECES = ("<div>", "<b>", "<ul><li>", "<table><tr><td>", "</p>")


def seconds(clean: Callable[[str], object], text: str) -> float:
    """Wall time of one cleaning."""
    start = time.perf_counter()
    clean(text)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--most", type=int, default=8_000, help="the largest length")
    most = parser.parse_args().most
    ways = {
        "ours": Cleaner().html,
        "nbconvert": SanitizeHTML(tags=TAGS, strip=True).sanitize_html_tags,
    }
    print(f"{'nesting':<18}{'way':<11}" + "".join(f"{most // k:>14}" for k in (4, 2, 1)))
    for piece in PIECES:
        for name, clean in ways.items():
            times = [seconds(clean, piece * (most // k // len(piece))) for k in (4, 2, 1)]
            factors = ["", *(f"×{b / a:.1f}" for a, b in pairwise(times))]
            cells = (f"{t:>8.3f}{f:>6}" for t, f in zip(times, factors, strict=True))
            print(f"{piece:<18}{name:<11}" + "".join(cells))


if __name__ == "__main__":
    main()
