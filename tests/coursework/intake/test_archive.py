"""Folders and zips that want to do harm are read without harm."""

import io
import os
import stat
import subprocess
import zipfile

import pytest

from lessons.coursework.intake import archive
from lessons.coursework.intake.archive import Unreadable, entries


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files:
            file.writestr(name, data)
    return path


def seen(source):
    """Return {path: bytes or the reason why not}."""
    found = {}
    for entry in entries(source):
        try:
            found[entry.path] = entry.problem or entry.read()
        except Unreadable as error:
            found[entry.path] = str(error)
    return found


def test_a_folder_with_folders(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a.ipynb").write_bytes(b"1")
    (tmp_path / "b" / "c" / "d.ipynb").write_bytes(b"2")
    assert seen(tmp_path) == {"a.ipynb": b"1", "b/c/d.ipynb": b"2"}


def test_a_folder_deeper_than_pythons_stack(tmp_path):
    start = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(start)
    (tmp_path / "a.ipynb").write_bytes(b"1")
    try:
        assert seen(tmp_path)["a.ipynb"] == b"1"
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.ipynb").write_bytes(b"secret")
    work = tmp_path / "work"
    work.mkdir()
    (work / "file.ipynb").symlink_to(secret / "key.ipynb")
    (work / "folder").symlink_to(secret, target_is_directory=True)
    (work / "loop").symlink_to(work, target_is_directory=True)
    (work / "nowhere.ipynb").symlink_to(tmp_path / "nothing")
    assert set(seen(work)) == {"file.ipynb", "folder", "loop", "nowhere.ipynb"}
    assert all("link" in reason for reason in seen(work).values())


def test_a_file_that_becomes_a_link_or_a_pipe_after_it_was_listed(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b"1")
    (tmp_path / "b.ipynb").write_bytes(b"1")
    listed = entries(tmp_path)
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).unlink()
    (tmp_path / "a.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "b.ipynb")
    for entry in listed:
        with pytest.raises(Unreadable):
            entry.read()


def test_files_that_are_too_large_are_not_held(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    monkeypatch.setattr(archive._bounded, "__defaults__", (1000,))
    (tmp_path / "large.ipynb").write_bytes(b"x" * 1001)
    (tmp_path / "right.ipynb").write_bytes(b"x" * 1000)
    found = seen(tmp_path)
    assert "larger" in found["large.ipynb"]
    assert found["right.ipynb"] == b"x" * 1000


def test_names_that_lead_out_of_a_zip(tmp_path):
    names = ["/etc/cron.ipynb", "../up.ipynb", "a/../../up.ipynb", "..\\up.ipynb", "C:\\x.ipynb"]
    path = zipped(tmp_path / "a.zip", [(name, b"1") for name in [*names, "fine.ipynb"]])
    found = seen(path)
    assert found.pop("fine.ipynb") == b"1"
    assert set(found) == set(names)
    assert all("path" in reason for reason in found.values())


def test_links_in_a_zip(tmp_path):
    path = tmp_path / "a.zip"
    info = zipfile.ZipInfo("x.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(info, "/etc/passwd")
    assert "link" in seen(path)["x.ipynb"]


def test_zip_bombs(tmp_path):
    path = zipped(tmp_path / "a.zip", [("zeros.ipynb", b"\0" * 19 * 2**20), ("ok.ipynb", b"1")])
    assert "bomb" in seen(path)["zeros.ipynb"]
    path = zipped(tmp_path / "b.zip", [("huge.ipynb", os.urandom(1000) + b"\0" * 21 * 2**20)])
    assert "larger" in seen(path)["huge.ipynb"]


def test_a_size_that_lies(tmp_path):
    """The sizes in a zip are claims: reading stops at the limit, whatever they are."""
    path = zipped(tmp_path / "a.zip", [("x.ipynb", b"\0" * 2**21)])
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")  # unpacked size in the directory
    path.write_bytes(data)
    found = seen(path)["x.ipynb"]
    assert isinstance(found, str) or len(found) <= 10


def test_all_files_together_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_TOTAL", 2500)
    path = zipped(tmp_path / "a.zip", [(f"{i}.ipynb", os.urandom(1000)) for i in range(4)])
    reasons = [reason for reason in seen(path).values() if isinstance(reason, str)]
    assert len(reasons) == 2
    assert "unpacks to more" in reasons[0]


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    path = zipped(tmp_path / "a.zip", [(f"{i}", b"") for i in range(4)])
    with pytest.raises(ValueError, match="4 files"):
        entries(path)


def test_damaged_and_encrypted_files_do_not_stop_the_others(tmp_path):
    path = zipped(tmp_path / "a.zip", [("bad.ipynb", os.urandom(500)), ("good.ipynb", b"1")])
    data = bytearray(path.read_bytes())
    data[60:70] = b"0123456789"
    path.write_bytes(data)
    found = seen(path)
    assert "damaged" in found["bad.ipynb"]
    assert found["good.ipynb"] == b"1"
    data = bytearray(zipped(tmp_path / "b.zip", [("x.ipynb", b"1")]).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "b.zip").write_bytes(data)
    assert seen(tmp_path / "b.zip") == {"x.ipynb": "encrypted"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_gives_both_contents(tmp_path):
    path = zipped(tmp_path / "a.zip", [("x.ipynb", b"1"), ("x.ipynb", b"2")])
    assert sorted(entry.read() for entry in entries(path)) == [b"1", b"2"]


def test_names_without_the_flag_for_utf8(tmp_path):
    path = zipped(tmp_path / "a.zip", [("王.ipynb", b"1")])
    data = path.read_bytes()
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark) + at
        flags = int.from_bytes(data[start : start + 2], "little") & ~0x800
        data = data[:start] + flags.to_bytes(2, "little") + data[start + 2 :]
    path.write_bytes(data)
    assert set(seen(path)) == {"王.ipynb"}


@pytest.mark.parametrize("what", ["missing", "text", "cut"])
def test_what_is_neither_folder_nor_zip(tmp_path, what):
    path = tmp_path / "a.zip"
    if what == "text":
        path.write_text("no zip")
    if what == "cut":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as file:
            file.writestr("x", b"1" * 100)
        path.write_bytes(stream.getvalue()[:-30])
    with pytest.raises(ValueError, match=r"does not exist|neither|broken"):
        entries(path)
