"""nbval judges stored outputs by those of a chapter that was executed once."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, output_from_msg, writes

from tools import chapters
from tools.replay import Repeater
from tools.repository import ROOT
from tools.surroundings import ONCE

PRINTS, VALUE, BOTH = "print('one')", "1 + 1", "print('two')\n3"


def printed(text):
    return new_output("stream", name="stdout", text=text)


def value(text):
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def cell(source, *outputs):
    return new_code_cell(source, execution_count=1, outputs=list(outputs))


def stored(path, *cells):
    path.write_text(writes(new_notebook(cells=list(cells))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """What nbval says of each cell of three stored forms; their common code ran once."""
    folder = tmp_path_factory.mktemp("chapters")
    right = [cell(PRINTS, printed("one\n")), cell(VALUE, value("2"))]
    right += [cell(BOTH, printed("two\n"), value("3")), new_code_cell("print('a picture')")]
    wrong = [cell(PRINTS, printed("uno\n")), cell(VALUE), cell(BOTH, printed("two\n"), value("4"))]
    paths = [
        stored(folder / "right.ipynb", *right),
        stored(folder / "wrong.ipynb", *wrong, right[-1]),
        stored(folder / "changed.ipynb", *right[:-1], new_code_cell("print('another')")),
    ]
    python = f"""from pathlib import Path
from tools import chapters
for _ in range(2):
    print(chapters.refresh([Path({str(paths[0])!r})], Path({str(folder)!r}), changed=True))"""
    once = subprocess.run(
        [sys.executable, "-c", python], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert once.stdout.startswith(f"Chapters to run: 1 of 1 ({ONCE[0]}, knobs turned)\n")
    assert once.stdout.rstrip().endswith("knobs turned)\n[]")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.replay", f"--replay={folder}"]
    command += ["--changed", "-p", "no:cacheprovider", f"--junitxml={report}", *map(str, paths)]
    subprocess.run(command, cwd=ROOT, capture_output=True)
    found = {path.stem: [] for path in paths}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = next(n for n in found if n in case.attrib["classname"])
        found[name].append(case[0].tag if len(case) else "passed")
    return found


def test_the_same_outputs_pass(verdicts):
    assert verdicts["right"] == ["passed"] * 4


def test_each_other_output_fails(verdicts):
    assert verdicts["wrong"] == ["failure"] * 3 + ["passed"]


def test_code_that_was_not_executed_is_an_error(verdicts):
    assert verdicts["changed"] == ["error"] * 4


def test_the_repeater_refuses_other_code():
    repeater = Repeater(new_notebook(cells=[cell(PRINTS)]))
    with pytest.raises(RuntimeError, match="expected the cell"):
        repeater.execute_cell_input(VALUE)


def test_messages_are_those_of_a_kernel():
    outputs = [printed("two\n"), value("3")]
    repeater = Repeater(new_notebook(cells=[cell(BOTH, *outputs)]))
    name = repeater.execute_cell_input(BOTH)
    messages = [repeater.get_message("iopub") for _ in range(3)]
    assert {m["parent_header"]["msg_id"] for m in messages} == {name}
    for message, output in zip(messages, outputs, strict=False):
        message["header"] = {"msg_type": message["msg_type"]}
        assert output_from_msg(message) == output
    assert messages[-1]["content"] == {"execution_state": "idle"}


def test_another_kind_of_cpu_is_another_run(monkeypatch):
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    before = chapters.base()
    assert chapters.base(changed=True) != before
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    assert chapters.base() != before
