"""Two processes of this machine that talk by gloo."""

import os
import socket
import subprocess
import sys
import textwrap


def two_processes(worker, folder):
    """Run ``worker`` twice, as ``worker.py RANK STORE``; both must end well."""
    script = folder / "worker.py"
    script.write_text(textwrap.dedent(worker), encoding="utf-8")
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    env = os.environ | {"GLOO_SOCKET_IFNAME": loopback, "OMP_NUM_THREADS": "1"}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), str(rank), str(folder / "store")],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in (0, 1)
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
