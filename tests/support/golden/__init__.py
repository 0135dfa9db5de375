"""The rules by which the inputs of the goldens are made."""
