"""The one place from which programs that tests start get their path.

pytest has it from ``pyproject.toml``. A program is started by its file and often with ``-I``, which leaves out ``PYTHONPATH`` and
the program's own folder, so it runs this file before it imports anything of the checkout::

    runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))
"""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in (TESTS, TESTS.parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
