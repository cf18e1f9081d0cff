"""Run the file that the surroundings name, if any: see tools/surroundings.py."""

import os as _os
import runpy as _runpy

if "LESSONS_STARTUP" in _os.environ:
    _runpy.run_path(_os.environ["LESSONS_STARTUP"], run_name="lessons_startup")
