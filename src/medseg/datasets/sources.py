"""Which data sets of real patients there are, where they come from, and what may be done."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is here.

    Attributes:
        title, source: in words, and the page that describes it.
        url: of the one archive.
        size: of the archive in bytes.
        checksum: of the archive, "sha256:…" or "md5:…".
        unpacked: bytes that its files take at most.
        cases: how many with an expert's labels.
        folder: which it becomes below the root.
        licence: under which it may be used.
        labels: how its labels relate to the course's.
    """

    title: str
    source: str
    url: str
    size: int
    checksum: str
    unpacked: int
    cases: int
    folder: str
    licence: str
    labels: str


DATA_SETS = {
    "task05": DataSet(
        title="Medical Segmentation Decathlon, Task05 Prostate",
        source="http://medicaldecathlon.com",
        url="https://msd-for-monai.s3-us-west-2.amazonaws.com/Task05_Prostate.tar",
        size=239_839_232,
        checksum="sha256:8cbbd7147691109b880ff8774eb6ab26704b1be0935482e7996a36a4ed31ec79",
        unpacked=500_000_000,
        cases=32,
        folder="Task05_Prostate",
        licence="CC BY-SA 4.0: name the source, and share what you make of it under the same terms",
        labels="1 PZ and 2 TZ, as in the course; AFS and DPU are not marked. Cases prostate_18 "
        "and prostate_32 carry label 1 only and will be left out when the data is read.",
    ),
    "promise12": DataSet(
        title="PROMISE12 challenge, training data",
        source="https://zenodo.org/records/8026660",
        url="https://zenodo.org/records/8026660/files/training_data.zip",
        size=323_664_221,
        checksum="md5:f6d23994117c989daf07e5291edd0aea",
        unpacked=2_000_000_000,
        cases=50,
        folder="promise12",
        licence="the terms on its page; read them there before you use the data",
        labels="1 is the whole prostate, not the course's PZ: there are no zones. "
        "Reading its .mhd files needs SimpleITK (pip install simpleitk).",
    ),
}
