"""Mathematics of the published systems that no method of the engine needs, but that the goldens prove: losses of trainings
that are not offered, networks and crops that something of ours has replaced. Tests import it as ``reference.x``.
"""
