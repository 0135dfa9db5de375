"""Programs that tests start as processes. Each of them begins with :mod:`support.paths`."""
