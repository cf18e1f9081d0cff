"""PyTorch's smaller build where there is no GPU: chosen only where it is better and to be had."""

import http.server
import subprocess
import sys
import threading

import pytest

from tools import cpu_torch


@pytest.fixture
def calls(monkeypatch):
    """Every command that would be run, on a Linux machine without an NVIDIA GPU."""
    made = []

    def run(command, **options):
        made.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(cpu_torch.subprocess, "run", run)
    monkeypatch.setattr(cpu_torch.platform, "system", lambda: "Linux")
    monkeypatch.setattr(cpu_torch.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(cpu_torch, "has_nvidia", lambda: False)
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    return made


@pytest.fixture
def index():
    """The address of an index on this machine that knows one package, torch."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/cpu/torch/" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/cpu"
        server.shutdown()


@pytest.fixture
def pins(tmp_path):
    path = tmp_path / "constraints.txt"
    path.write_text("numpy==1.0\ntorch==2.13.0\ntorchmetrics==1\n")
    return path


def test_an_index_that_answers_is_used_for_torch_alone(calls, index, pins, capsys):
    assert cpu_torch.install("another python", pins, index)
    ((python, *words),) = calls
    assert python == "another python"
    assert words[-4:] == [str(pins), "--extra-index-url", index, "torch"]
    assert capsys.readouterr().out == (
        f"No NVIDIA GPU here: PyTorch's smaller build for CPUs, from {index}\n"
    )


@pytest.mark.parametrize("wrong", ["http://127.0.0.1:1/cpu", "no address"])
def test_an_index_that_does_not_answer_is_left_out_and_named(calls, pins, capsys, wrong):
    assert not cpu_torch.install("another python", pins, wrong)
    assert calls == []
    assert capsys.readouterr().out.startswith(f"No answer from {wrong}: PyTorch comes from")


def test_an_index_without_torch_does_not_answer(index):
    assert cpu_torch.answers(index) and cpu_torch.answers(index + "/")
    assert not cpu_torch.answers(index + "/other")


def test_a_failed_installation_is_said(calls, index, pins, capsys, monkeypatch):
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(cpu_torch.subprocess, "run", lambda *_, **__: failed)
    assert not cpu_torch.install("another python", pins, index)
    assert "That failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "case", [{"system": "Darwin"}, {"system": "Windows"}, {"machine": "riscv64"}, {"gpu": True}]
)
def test_elsewhere_the_ordinary_build_is_right(calls, index, pins, monkeypatch, capsys, case):
    monkeypatch.setattr(cpu_torch.platform, "system", lambda: case.get("system", "Linux"))
    monkeypatch.setattr(cpu_torch.platform, "machine", lambda: case.get("machine", "x86_64"))
    monkeypatch.setattr(cpu_torch, "has_nvidia", lambda: case.get("gpu", False))
    assert not cpu_torch.install("another python", pins, index)
    assert calls == [] and capsys.readouterr().out == ""


def test_the_ordinary_build_can_be_asked_for(calls, pins, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_INDEX", "")
    assert not cpu_torch.install("another python", pins)
    assert calls == [] and capsys.readouterr().out == ""


@pytest.mark.parametrize("there, again", [("2.13.0+cpu", 0), ("2.13.0", 0), ("2.12.0", 1)])
def test_what_is_there_is_not_installed_again(calls, index, pins, monkeypatch, there, again):
    monkeypatch.setattr(cpu_torch.metadata, "version", lambda name: there)
    cpu_torch.install(sys.executable, pins, index)
    assert len(calls) == again


def test_a_gpu_shows_in_its_driver(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_torch.shutil, "which", lambda name: None)
    assert not cpu_torch.has_nvidia(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidia0").touch()
    assert cpu_torch.has_nvidia(tmp_path)
    monkeypatch.setattr(cpu_torch.shutil, "which", lambda name: "/usr/bin/" + name)
    assert cpu_torch.has_nvidia(tmp_path / "empty")


def test_the_pin(pins, tmp_path):
    assert cpu_torch.wanted(pins) == "2.13.0"
    assert cpu_torch.wanted("/dev/null") is None
    assert cpu_torch.wanted(tmp_path / "missing") is None
