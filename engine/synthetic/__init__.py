"""Heads that nobody ever had, rendered with known geometry: training and validation data for the coarse stage.

Only used offline (``python -m engine.synthetic.train``) and by the accuracy benchmark, never in a reconstruction.
"""
