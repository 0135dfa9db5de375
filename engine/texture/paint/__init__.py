"""Colours that no photo shows: inner parts, teeth, scalp, grain."""
