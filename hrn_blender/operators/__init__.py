"""What buttons do."""
