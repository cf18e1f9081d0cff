"""The repository's address stands in _config.yml; every copy equals it."""

import json
import shutil
import subprocess

import pytest
import yaml

from tools import repository, settings

ADDRESS = "https://github.com/some-owner/some.course"


@pytest.fixture
def root(tmp_path):
    """A copy of every file that holds the address."""
    for path in repository.copies(""):
        target = tmp_path / path.relative_to(repository.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def write_all(root, address):
    for path, text in repository.outdated(root, address).items():
        repository.write(path, text)


def test_every_copy_equals_the_address_in_the_settings():
    assert [str(path) for path in repository.outdated()] == []


def test_writing_and_forgetting_an_address_gives_back_every_file(root):
    write_all(root, "")
    before = {path: path.read_bytes() for path in repository.copies("", root)}
    write_all(root, ADDRESS)
    assert repository.configured(root) == ADDRESS
    assert repository.outdated(root) == {}
    assert yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"] == ADDRESS
    assert yaml.safe_load((root / "CITATION.cff").read_text())["repository-code"] == ADDRESS
    assert f"git clone {ADDRESS}" in (root / "README.md").read_text()
    for path in repository.notebooks(root):
        first = json.loads(path.read_text())["cells"][0]
        assert f"lessons[course] @ git+{ADDRESS}" in "".join(first["source"])
        assert first["metadata"]["tags"] == ["remove-cell"]
    write_all(root, "")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "given",
    [ADDRESS, ADDRESS + "/", ADDRESS + ".git", f" {ADDRESS}.git/ "],
)
def test_spellings_of_an_address(given):
    assert repository.checked(given) == ADDRESS


@pytest.mark.parametrize(
    "given",
    [
        "github.com/a/b",
        "http://github.com/a/b",
        "https://gitlab.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b/tree/main",
        "https://github.com/a/..",
        'https://github.com/a/b"; rm',
    ],
)
def test_other_addresses_are_refused_and_named(given):
    with pytest.raises(repository.BadAddress, match="expected https://"):
        repository.checked(given)


@pytest.mark.parametrize("arguments", [[], [""], ["nonsense"]])
def test_the_command_refuses_them_too(arguments):
    with pytest.raises(SystemExit, match="https://"):
        repository.main(arguments)


def test_a_broken_notebook_stops_before_anything_is_written(root):
    repository.notebooks(root)[-1].write_text("{")
    before = (root / "README.md").read_bytes()
    with pytest.raises(SystemExit, match="no readable notebook"):
        write_all(root, ADDRESS)
    assert (root / "README.md").read_bytes() == before


@pytest.mark.parametrize(
    ("remote", "found"),
    [
        (f"{ADDRESS}.git", ADDRESS),
        ("git@github.com:some-owner/some.course.git", ADDRESS),
        ("ssh://git@github.com/some-owner/some.course", ADDRESS),
        ("https://token@github.com/some-owner/some.course", ADDRESS),
        ("/srv/git/course.git", ""),
        ("https://git.example.org/a/b", ""),
        (None, ""),
    ],
)
def test_address_from_the_git_remote(tmp_path, remote, found):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if remote:
        command = ["git", "-C", str(tmp_path), "remote", "add", "origin", remote]
        subprocess.run(command, check=True)
    assert repository.remote(tmp_path) == found


def test_without_an_address_nothing_leads_there():
    derived = settings.derive(settings.load(), address="", site="", self_hosted=True, cache="c")
    assert "launch_buttons" not in derived
    assert "repository" not in derived
    assert not any("button" in key for key in derived["html"])


def test_with_an_address_the_buttons_know_it():
    site = "https://some-owner.github.io/some.course"
    derived = settings.derive(
        settings.load(), address=ADDRESS, site=site, self_hosted=False, cache="c"
    )
    assert derived["repository"]["url"] == ADDRESS
    assert derived["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    assert derived["html"]["baseurl"] == f"{site}/"
    assert derived["sphinx"]["config"]["html_math_renderer"] == "mathjax"


def test_the_first_cell_does_nothing_where_the_package_is():
    for address in ("", ADDRESS):
        code = repository.first_cell(address).replace("    %pip", "    raise SystemError  # %pip")
        exec(compile(code, "first cell", "exec"), {})
