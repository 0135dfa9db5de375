"""Whether what was found is a face at all.

The detector takes cats, cups and clouds for faces now and then, and the landmark network lays a face upon whatever it is
shown. A head of people's shapes then misses the landmarks by more than it misses faces by, and the detector, asked again in
the square of the landmarks, is less sure than of faces. Either may be said of a face, too; both together are not.
"""

from __future__ import annotations

import numpy as np

from ..photo.landmarks import face_width
from ..photo.masked import is_masked
from ..photo.weights import WEIGHTS as WEIGHTS_OF_PHOTOS
from ..types import CoarseFit, FaceObservation, Photo
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .weights import WEIGHTS, FitWeights

__all__ = ["refuse_implausible"]


def refuse_implausible(photo: Photo, observation: FaceObservation, found: CoarseFit, w: FitWeights = WEIGHTS) -> None:
    """
    Raises:
        HrnError: ``NO_FACE`` where the coarse head misses the landmarks by more than any face is missed, or by more than most and
            the detector is not sure.
    """
    miss = float(np.median(found.residual_px)) / max(face_width(observation), 1.0)
    doubtful = miss > w.unsure_miss[0] and observation.score < np.interp(miss, w.unsure_miss, w.sure)
    # The landmarks of a masked face are a guess, and the detector is never sure of it.
    if doubtful and observation.veil is not None and "mouth" in observation.veil.places:
        doubtful = not is_masked(photo.pixels, observation.landmarks)
    if doubtful or not miss <= w.most_miss:
        details = {"miss": round(miss, 4) if np.isfinite(miss) else None, "score": round(float(observation.score), 3)}
        inside = ((observation.landmarks >= 0) & (observation.landmarks <= photo.size)).all(1)
        if inside.mean() < WEIGHTS_OF_PHOTOS.landmarks.decoded:
            raise HrnError(
                ErrorCode.NO_FACE,
                say("The face in {file} is cut off by the edge of the photo, too far to make a head of it.", file=photo.name),
                hint="Use a photo that shows the whole face.",
                details=details,
            )
        raise HrnError(
            ErrorCode.NO_FACE,
            say(
                "What looks like a face in {file} is none: a head misses it by {percent:.1f} % of its width.",
                file=photo.name,
                percent=100 * miss if np.isfinite(miss) else 100,
            ),
            hint="Use a photo of a person. Where there are several faces, choose another one with Face or --face.",
            details=details,
        )
