"""Official-looking files: right in every name and size, with numbers made by rule."""
