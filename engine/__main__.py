"""``python -m engine`` and ``python -I …/engine/__main__.py``, in a checkout as well as inside the installed add-on."""

import os
import sys

if not __package__:
    # Run as a file: the package is loaded from here by path. Its own folder must not be searched (engine/types.py
    # would hide the standard library's), nor the one above (inside the add-on it holds the add-on's modules).
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != _here]
    import importlib.util

    _spec = importlib.util.spec_from_file_location(
        "engine", os.path.join(_here, "__init__.py"), submodule_search_locations=[_here]
    )
    sys.modules["engine"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["engine"])

# The engine divides its work among threads itself (engine/system/concurrency.py); threads of the matrix library beside them
# would only wait for each other, busily. It reads this when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
