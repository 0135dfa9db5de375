"""The published methods: one folder for each system, and what they share.

The official files are loaded unchanged from where the user keeps them (:mod:`.files`); :mod:`.basel` holds the face model that
all of them stand on, :mod:`.nets` their networks.
"""
