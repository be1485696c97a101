"""Wrong answers to unit 02 as students write them, with another slip beside."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "decode_labels",
        "rest_of_16",
        "expected entry 0 of the result to be [10, 40], yours is [10, 8]",
        """
def decode_labels(raw):
    return (raw % 16).astype(np.int64), (raw // 65536).astype(np.int64)
""",
    ),
]
