"""Recipes that make or measure the shipped data of the head model; nothing here runs in a reconstruction."""
