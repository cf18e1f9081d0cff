"""The surroundings in which a result must be the same: kinds of CPU, threads, a last bit of noise.

A CPU without AVX-512 adds numbers in another order than one with it, and so do two threads. The
variables here make one CPU behave like an older one. A draw multiplies each initial weight by
1 + 1e-7 times a random number (`tools/perturb.py`): about the last bit of float32.
"""

import os
from dataclasses import dataclass

from tools.repository import ROOT

# torch's own code, MKL (matrix products), oneDNN (convolutions), numpy's and SciPy's OpenBLAS.
CPUS = {
    "here": {},
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "default": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}
DRAWS = 5


@dataclass(frozen=True)
class Surroundings:
    """One kind of CPU, a number of threads, and a draw of noise (0: none)."""

    cpu: str = "here"
    threads: int = 1
    draw: int = 0

    def __str__(self):
        threads = f"{self.threads} thread" + "s" * (self.threads > 1)
        return f"{self.cpu}, {threads}" + (f", draw {self.draw}" if self.draw else "")

    def variables(self):
        """Return the environment variables that make these surroundings."""
        found = dict(CPUS[self.cpu])
        for name in ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            found[name] = str(self.threads)
        found["OMP_WAIT_POLICY"] = "PASSIVE"  # threads that wait leave the cores to others
        if self.draw:
            found["LESSONS_STARTUP"] = str(ROOT / "tools" / "perturb.py")
            found["LESSONS_DRAW"] = str(self.draw)
        return found

    def environment(self):
        """Return this process's environment with the variables."""
        return os.environ | self.variables()


CPU_KINDS = [Surroundings(cpu, threads) for cpu in ("avx2", "default") for threads in (1, 2)]
# Everything changed at once, for `make test`; three mixtures, for who writes a chapter;
# each thing on its own, for `make robust`.
ONCE = [Surroundings("avx2", 2, draw=1)]
MIXED = [*ONCE, Surroundings("default", 1, draw=2), Surroundings("here", 2, draw=3)]
EVERY = [
    *CPU_KINDS,
    Surroundings("here", 2),
    *(Surroundings(draw=draw) for draw in range(1, DRAWS + 1)),
]
