"""Single features that are laid on the photo after the coarse stage: ears, jaw, gaze, eye sockets."""
