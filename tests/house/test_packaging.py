"""Versions, licences and requirements agree wherever they are written."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import lessons
from tools import cpu_torch
from tools.repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def requirements(*extras):
    """Return the package's requirements, those of the extras included."""
    listed = list(PROJECT["dependencies"])
    for extra in extras:
        listed += PROJECT["optional-dependencies"][extra]
    listed = [Requirement(text) for text in listed]
    own = [r for r in listed if r.name == PROJECT["name"]]
    other = [r for r in listed if r.name != PROJECT["name"]]
    return other + [r for o in own for r in requirements(*sorted(o.extras)) if r not in other]


def pins(name):
    """Return {package: version} of a constraints file, in which every line is name==version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    return {canonicalize_name(n): Version(v) for n, v in (line.split("==") for line in lines)}


@pytest.mark.parametrize("requirement", requirements("dev"), ids=str)
def test_every_requirement_is_pinned_and_admits_its_pin(requirement):
    assert requirement.specifier.contains(
        pins("constraints.txt")[canonicalize_name(requirement.name)]
    )


@pytest.mark.parametrize("requirement", requirements("course"), ids=str)
def test_installing_on_colab_replaces_nothing(requirement):
    assert requirement.specifier.contains(
        pins("constraints-colab.txt")[canonicalize_name(requirement.name)]
    )


@pytest.mark.parametrize("python", ["3.11.0", "3.11.2"])
def test_every_pin_admits_early_patch_releases_of_python(python):
    """Debian 12's python3 is 3.11.2."""
    pinned = pins("constraints.txt")
    installed = [d.metadata for d in metadata.distributions() if "Requires-Python" in d.metadata]
    checked = {
        canonicalize_name(m["Name"]): SpecifierSet(m["Requires-Python"]).contains(python)
        for m in installed
        if str(pinned.get(canonicalize_name(m["Name"]))) == Version(m["Version"]).public
    }
    assert "soupsieve" in checked
    assert [name for name, fits in checked.items() if not fits] == []


def test_pinned_torch():
    assert pins("constraints.txt")["torch"] == Version("2.13.0")


def test_torch_alone_is_required():
    assert [r.name for r in requirements()] == ["torch"]


def test_requirements_of_the_package_are_loose():
    specifiers = [s for r in requirements("course") for s in r.specifier]
    assert {s.operator for s in specifiers} == {">="}


def test_conda_installs_what_pip_installs():
    """The conda file hands the pins themselves to pip and pins nothing else but Python."""
    python, pip, section = CONDA["dependencies"]
    index = f"--extra-index-url {cpu_torch.INDEX}"
    assert section == {"pip": [index, "-c constraints.txt", "-e .[book]"]}
    assert pip == "pip"
    version = re.fullmatch(r"python=(\d+\.\d+)", python)[1]
    supported = [c.rpartition(" ")[2] for c in PROJECT["classifiers"]]
    assert version in supported


def test_one_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## ([\d.]+)", changes, re.MULTILINE)[1]
    assert lessons.__version__ == PROJECT["version"] == str(citation["version"]) == newest


def test_licences():
    code = (ROOT / "LICENSE").read_text(encoding="utf-8")
    text = (ROOT / "LICENSE-text").read_text(encoding="utf-8")
    assert code.startswith("MIT License")
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text
    assert set(PROJECT["license-files"]) == {"LICENSE", "LICENSE-text"}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The names of the files in the source archive and in the wheel, as they are published."""
    folder = tmp_path_factory.mktemp("packaging")
    copy = folder / "copy"
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", *PROJECT["license-files"]):
        shutil.copy(ROOT / name, copy)
    code = "from setuptools import build_meta as b; b.build_sdist('..'); b.build_wheel('..')"
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True, capture_output=True)
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with tarfile.open(source) as tar, zipfile.ZipFile(wheel) as zipped:
        return {name.partition("/")[2] for name in tar.getnames()}, set(zipped.namelist())


def test_the_source_archive_holds_no_stray_tests(archives):
    source, _ = archives
    assert {"pyproject.toml", "LICENSE", "src/lessons/__init__.py"} <= source
    assert [name for name in source if name.startswith("tests")] == []


def test_both_archives_hold_what_is_no_code(archives):
    """Among it the mark that type checkers look for."""
    wanted = {"lessons/py.typed", "lessons/lessons.mplstyle"}
    wanted |= {f"lessons/signs/monitor/{name}.json" for name in ("detection", "real_code")}
    source, wheel = archives
    assert wanted <= wheel
    assert {f"src/{name}" for name in wanted} <= source
