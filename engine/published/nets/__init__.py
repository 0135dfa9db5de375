"""The published networks as plain PyTorch modules, and what reads their official files.

One network a file. The names and shapes of all parameters are those of the official checkpoints, so that these load
unchanged; :mod:`.checkpoint` reads them without ever running what a file may contain. Every network works in the
reference's own crops, colour order and units, which its docstring states; ``docs/develop/networks.md`` lists the files.
"""
