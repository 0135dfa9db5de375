"""Hair from the photos: an editable groom of guide curves, for any head with a camera and a photo."""
