"""What the fit compares: each term adds its normal equations to those of a step."""
