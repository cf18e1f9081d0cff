"""``python -m lessons.coursework.cli``: the command ``lessons-grade``."""

import sys

from lessons.coursework.cli import main

if __name__ == "__main__":
    sys.exit(main())
