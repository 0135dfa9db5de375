"""The head and face methods that ModelScope released in February 2023, which fit their texture and shape to each photo."""
