"""Panels, properties and preferences. Drawing only reads."""
