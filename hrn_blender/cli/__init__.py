"""The add-on without a window: two command lines."""
