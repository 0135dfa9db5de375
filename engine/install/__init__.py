"""Building the environments and running things in them; standard library only."""
