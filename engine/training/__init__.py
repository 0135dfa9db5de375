"""Training of Deep3D's coarse network, as published (Deng et al., CVPRW 2019): data, objective, schedule, checkpoints.

``engine train deep3d`` is :mod:`.command`; ``docs/user/training.md`` says how to use it.
"""
