"""Workflows run what people run: the targets of the Makefile."""

import re
import tomllib

import pytest
import yaml

from tools.repository import ROOT
from tools.run_tests import ASKED_FOR, STAGES

WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def commands(name):
    jobs = WORKFLOWS[name]["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_all_are_there():
    assert set(WORKFLOWS) == {"tests", "pages", "weekly"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_called_targets_exist(name):
    called = re.findall(r"^make (\w+)", "\n".join(commands(name)), re.MULTILINE)
    assert called
    assert set(called) <= set(TARGETS)


def test_every_supported_python_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = WORKFLOWS["tests"]["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = [c.rpartition(" ")[2] for c in project["classifiers"] if "Python ::" in c]
    assert pythons == named
    assert "make test" in commands("tests")


def test_one_leg_is_a_computer_without_avx512():
    test = WORKFLOWS["tests"]["jobs"]["test"]
    assert {leg["cpu"] for leg in test["strategy"]["matrix"]["include"]} == {"avx2"}
    (step,) = [step for step in test["steps"] if step.get("if") == "matrix.cpu == 'avx2'"]
    assert "ATEN_CPU_CAPABILITY=avx2" in step["run"]


def test_the_monitor_is_tested_on_windows_and_macos():
    job = WORKFLOWS["tests"]["jobs"]["monitor"]
    assert job["strategy"]["matrix"]["system"] == ["windows-latest", "macos-latest"]
    (run,) = [step["run"] for step in job["steps"] if "pytest -q" in step.get("run", "")]
    named = re.findall(r"(?:src|tests)/[\w./]+", run)
    assert "tests/monitor" in named
    assert all((ROOT / name).exists() for name in named)


def test_actions_run_on_a_node_that_github_still_has():
    """Node 20 was taken away in 2026; these are the first majors that run on Node 24."""
    least = {"checkout": 5, "setup-python": 6, "configure-pages": 6, "deploy-pages": 5}
    least["upload-pages-artifact"] = 5
    used = [
        re.fullmatch(r"actions/([\w-]+)@v(\d+)", step["uses"]).groups()
        for workflow in WORKFLOWS.values()
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "uses" in step
    ]
    assert {name for name, _ in used} == set(least)
    assert [name for name, major in used if int(major) < least[name]] == []


def test_weekly_runs_name_files_and_stages_that_exist():
    text = "\n".join(commands("weekly"))
    for name in re.findall(r"CONSTRAINTS=([\w.-]+)", text):
        assert (ROOT / name).is_file()
    asked = set(" ".join(re.findall(r'STAGES="?([\w ]+)"?$', text, re.MULTILINE)).split())
    assert asked <= set(STAGES)
    assert asked >= ASKED_FOR  # what `make test` leaves out runs here


def test_continuous_integration_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("\nmake test")
    assert "make test " in (ROOT / "README.md").read_text(encoding="utf-8")
