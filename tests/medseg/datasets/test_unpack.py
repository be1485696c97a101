"""An archive is unpacked if it holds plain files of the expected size, and otherwise not at all."""

import io
import stat
import tarfile
import zipfile

import pytest

from medseg.datasets.unpack import unpack

MOST = 1_000_000


def write_tar(path, *members, mode="w:"):
    with tarfile.open(path, mode) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def member(name, content=b"", **changes):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, content


def write_zip(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def zip_info(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refused(archive, tmp_path, words, **limits):
    """The archive is refused with these words, and nothing was written, in or outside."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=words):
        unpack(archive, tmp_path / "out", **{"most_bytes": MOST, **limits})
    assert sorted(tmp_path.rglob("*")) == before


def test_files_and_folders_come_out_as_they_are(tmp_path):
    members = [member("a/b/one.txt", b"1"), member("a/empty"), member("two", b"22" * 99)]
    told = []
    archive = write_tar(tmp_path / "x.tar", member("a", type=tarfile.DIRTYPE), *members)
    files = unpack(archive, tmp_path / "out", MOST, on_bytes=told.append)
    assert sum(told) == 199
    assert {f.relative_to(tmp_path / "out").as_posix(): f.read_bytes() for f in files} == {
        info.name: content for info, content in members
    }


def test_a_zip_is_unpacked_as_a_tar_is(tmp_path):
    archive = write_zip(tmp_path / "x.zip", ("a/", b""), ("a/one", b"1"), ("two", b"2" * 5000))
    unpack(archive, tmp_path / "out", MOST)
    assert (tmp_path / "out/a/one").read_bytes() == b"1"
    assert (tmp_path / "out/two").read_bytes() == b"2" * 5000


def test_no_member_chooses_its_permissions(tmp_path):
    info, content = member("tool", b"#!/bin/sh", mode=0o6777)
    unpack(write_tar(tmp_path / "x.tar", (info, content)), tmp_path / "out", MOST)
    assert not (tmp_path / "out/tool").stat().st_mode & (stat.S_ISUID | stat.S_IXUSR)


def test_what_macos_leaves_is_left_out(tmp_path):
    names = ("set/._one", "__MACOSX/set/one", "set/.DS_Store", "set/one")
    archive = write_zip(tmp_path / "x.zip", *((name, b"1") for name in names))
    files = unpack(archive, tmp_path / "out", MOST)
    assert [file.name for file in files] == ["one"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "a/.."])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_path_that_climbs_out_is_refused(tmp_path, name, kind):
    good, path = ("good", b"1"), tmp_path / "x"
    if kind == "tar":
        write_tar(path, member(*good), member(name, b"1"))
    else:
        write_zip(path, good, (name, b"1"))
    refused(path, tmp_path, "a path that climbs out")


@pytest.mark.parametrize("name", ["/tmp/evil", "C:\\evil", "C:evil", "\\evil"])
def test_an_absolute_path_is_refused(tmp_path, name):
    refused(write_tar(tmp_path / "x", member(name, b"1")), tmp_path, "an absolute path")


@pytest.mark.parametrize("name", ["a\\b", "scan:stream", "a\nb"])
def test_a_name_that_means_something_else_elsewhere_is_refused(tmp_path, name):
    refused(write_tar(tmp_path / "x", member(name, b"1")), tmp_path, "not every system")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a link to '/etc/passwd'"),
        ({"type": tarfile.SYMTYPE, "linkname": "good"}, "a link"),
        ({"type": tarfile.LNKTYPE, "linkname": "good"}, "a link"),
        ({"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}, "neither file nor folder"),
        ({"type": tarfile.BLKTYPE}, "neither file nor folder"),
        ({"type": tarfile.FIFOTYPE}, "neither file nor folder"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, changes, words):
    archive = write_tar(tmp_path / "x", member("good", b"1"), member("odd", **changes))
    refused(archive, tmp_path, words)


@pytest.mark.parametrize(
    ("mode", "words"),
    [(stat.S_IFLNK | 0o777, "a link"), (stat.S_IFCHR, "neither"), (stat.S_IFIFO, "neither")],
)
def test_links_and_devices_in_a_zip_are_refused(tmp_path, mode, words):
    refused(write_zip(tmp_path / "x", (zip_info("odd", mode), b"/etc")), tmp_path, words)


def test_a_zip_that_grows_a_thousand_times_is_refused(tmp_path):
    archive = write_zip(tmp_path / "x", ("zeros", b"\0" * 3_000_000))
    assert archive.stat().st_size < 5000
    refused(archive, tmp_path, "more than 1 MB")


def test_many_small_members_count_together(tmp_path):
    archive = write_zip(tmp_path / "x", *((str(n), b"\0" * 300_000) for n in range(4)))
    refused(archive, tmp_path, "more than 1 MB")


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path):
    path = write_zip(tmp_path / "x", ("zeros", b"\0" * 3_000_000))
    content = path.read_bytes()
    path.write_bytes(content.replace((3_000_000).to_bytes(4, "little"), b"\x0a\0\0\0"))
    with pytest.raises(ValueError, match="is damaged"):
        unpack(path, tmp_path / "out", MOST)
    assert sum(file.stat().st_size for file in (tmp_path / "out").rglob("*")) <= 10


def test_a_tar_that_declares_a_huge_member_is_refused(tmp_path):
    info, _ = member("huge")
    info.size = 10**12
    path = tmp_path / "x"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10_240)
    refused(path, tmp_path, "more than 1 MB")


def test_a_tar_with_holes_is_refused(tmp_path):
    info, _ = member("sparse", type=tarfile.GNUTYPE_SPARSE)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    # the real size, where GNU tar writes it, then the checksum over the header
    header[483:495] = b"%011o\0" % 10**9
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "x").write_bytes(bytes(header) + b"\0" * 10_240)
    refused(tmp_path / "x", tmp_path, "more than 1 MB|holes")


def test_a_compressed_tar_is_refused(tmp_path):
    archive = write_tar(tmp_path / "x", member("a", b"1"), mode="w:gz")
    refused(archive, tmp_path, "damaged or no archive")


def test_too_many_members_are_refused(tmp_path):
    archive = write_tar(tmp_path / "x", *(member(str(n)) for n in range(11)))
    refused(archive, tmp_path, "more than 10 files", most_members=10)


def test_two_members_of_one_name_are_refused(tmp_path):
    archive = write_tar(tmp_path / "x", member("a", b"1"), member("A", b"2"))
    refused(archive, tmp_path, "twice")


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\3\4 no"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="damaged or no archive"):
        unpack(tmp_path / "x", tmp_path / "out", MOST)
    assert not (tmp_path / "out").exists()


def test_a_tar_that_is_cut_off_is_refused(tmp_path):
    path = write_tar(tmp_path / "x", member("a", b"1" * 50_000))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(ValueError, match="damaged"):
        unpack(path, tmp_path / "out", MOST)


def test_nothing_is_overwritten(tmp_path):
    archive = write_tar(tmp_path / "x", member("a", b"1"))
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError):
        unpack(archive, tmp_path / "out", MOST)
