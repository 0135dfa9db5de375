"""What every method shares on the way from photos to a head bundle."""
