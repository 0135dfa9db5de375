"""The machine: cores, memory, threads, logs, and failures of the operating system."""
