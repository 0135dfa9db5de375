"""The engine from outside: processes, messages, queues. Nothing here imports ``bpy``."""
