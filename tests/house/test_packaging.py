"""Versions, licences and requirements agree wherever they are written."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
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
