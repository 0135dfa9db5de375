"""What the add-on and the engine share: messages, error codes, tables, bundle format, whole files, the client of ``engine serve``.

Standard library and NumPy only (NumPy only in :mod:`.bundle` and :mod:`.color`), and relative imports only: Blender imports
this package as part of the add-on, `install_deps.py` imports it with nothing installed at all.
"""
