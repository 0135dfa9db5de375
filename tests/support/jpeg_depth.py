"""JPEG files with the depth that phones store beside a portrait, in the ways of Android's and Apple's."""

from __future__ import annotations

import base64
import io
import struct

import numpy as np
from PIL import Image

from .heic_mattes import apple_packet

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_PIECE = 60_000
_HEAD = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
_TAIL = "</rdf:RDF></x:xmpmeta>"
_NAME = "0123456789ABCDEF0123456789ABCDEF"


def depthmap_jpeg(photo: Image.Image, metres: np.ndarray, orientation: int = 1, extended: bool = True, **options) -> bytes:
    """Depthmap metadata (GDepth): the map inside of the packet, or in its extension.

    Args:
        photo: mode RGB, as the sensor lies. metres: (h, w), as the sensor lies.
        options: of :func:`_map`, and `units`, `made_for`.
    """
    units, made_for = options.pop("units", "m"), options.pop("made_for", None)
    picture, about = _map(metres, **options)
    stated = "".join(f' GDepth:{name}="{value}"' for name, value in about.items())
    stated += f' GDepth:Units="{units}"' if units else ""
    if made_for:
        stated += f' GDepth:ImageWidth="{made_for[0]}" GDepth:ImageHeight="{made_for[1]}"'
    names = ' xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"'
    data = f' GDepth:Data="{base64.b64encode(picture).decode()}"'
    if not extended:
        return _with_segments(photo, orientation, _app1(_XMP + f"{_HEAD}{names}{stated}{data}/>{_TAIL}".encode()))
    note = f' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{_NAME}"'
    segments = _app1(_XMP + f"{_HEAD}{names}{note}{stated}/>{_TAIL}".encode())
    rest = f"{_HEAD}{names}{data}/>{_TAIL}".encode()
    for place in range(0, len(rest), _PIECE):
        where = _NAME.encode() + struct.pack(">II", len(rest), place)
        segments += _app1(_EXTENSION + where + rest[place : place + _PIECE])
    return _with_segments(photo, orientation, segments)


def dynamic_depth_jpeg(
    photo: Image.Image, metres: np.ndarray, orientation: int = 1, gain_map: bool = False, **options
) -> bytes:
    """Dynamic Depth 1.0: the map behind the photo, and behind a gain map where there is one.

    Args:
        options: of :func:`_map`, and `units`, `focal` (pixels), `wrong_length`.
    """
    units, focal, wrong = options.pop("units", "Meters"), options.pop("focal", None), options.pop("wrong_length", 0)
    picture, about = _map(metres, **options)
    behind = [("image/jpeg", "gain_map", _jpeg(photo.resize((32, 24))))] if gain_map else []
    behind.append((about.pop("Mime"), "android/depthmap", picture))
    items = "".join(
        f'<rdf:li><Container:Item Item:Mime="{mime}" Item:Length="{len(data) + wrong}" Item:DataURI="{name}"/></rdf:li>'
        for mime, name, data in behind
    )
    stated = "".join(f"<DepthMap:{name}>{value}</DepthMap:{name}>" for name, value in about.items())
    model = (
        ""
        if focal is None
        else (
            f"<Camera:ImagingModel><rdf:Description ImagingModel:FocalLengthX='{focal}' "
            f"ImagingModel:ImageWidth='{photo.width}' ImagingModel:ImageHeight='{photo.height}'/></Camera:ImagingModel>"
        )
    )
    dd = "http://ns.google.com/photos/dd/1.0"
    names = "".join(
        f' xmlns:{name}="{dd}/{name.lower()}/"'
        for name in ("Device", "Container", "Item", "Camera", "DepthMap", "ImagingModel")
    )
    packet = (
        f'{_HEAD}{names}><Device:Container><Container:Directory><rdf:Seq><rdf:li><Container:Item Item:Mime="image/jpeg" '
        f'Item:DataURI="primary_image"/></rdf:li>{items}</rdf:Seq></Container:Directory></Device:Container><Device:Cameras><rdf:Seq>'
        f'<rdf:li rdf:parseType="Resource"><Device:Camera rdf:parseType="Resource">{model}<Camera:DepthMap rdf:parseType="Resource">'
        f"{stated}<DepthMap:Units>{units}</DepthMap:Units><DepthMap:DepthURI>android/depthmap</DepthMap:DepthURI>"
        f"</Camera:DepthMap></Device:Camera></rdf:li></rdf:Seq></Device:Cameras></rdf:Description>{_TAIL}"
    )  # fmt: skip
    return _with_segments(photo, orientation, _app1(_XMP + packet.encode())) + b"".join(data for *_, data in behind)


def apple_jpeg(photo: Image.Image, metres: np.ndarray, orientation: int = 1, **options) -> bytes:
    """A JPEG of an iPhone set to *most compatible*: grey disparity as one more picture behind it, with a packet of its own.

    Args:
        options: of :func:`.heic_mattes.apple_packet`.
    """
    levels, packet = apple_packet(metres, photo.size, **options)
    depth = _jpeg(levels)
    return _with_segments(photo, orientation, b"") + depth[:2] + _app1(_XMP + packet.encode()) + depth[2:]


def _map(metres: np.ndarray, form: str = "RangeInverse", mime: str = "image/png", deep: bool = False) -> tuple[bytes, dict]:
    """A depth map as a picture, and what the packet says of it."""
    near, far = float(metres.min()) - 0.05, float(metres.max()) + 0.05
    share = (metres - near) / (far - near) if form == "RangeLinear" else far * (metres - near) / (metres * (far - near))
    levels = np.uint16(np.round(65535 * share)) if deep else np.uint8(np.round(255 * share))
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "PNG") if mime == "image/png" else out.write(_jpeg(Image.fromarray(levels)))
    return out.getvalue(), {"Format": form, "Near": near, "Far": far, "Mime": mime}


def _jpeg(image: Image.Image, orientation: int = 1) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    image.save(out, "JPEG", quality=92, **({"exif": exif} if orientation != 1 else {}))
    return out.getvalue()


def _with_segments(photo: Image.Image, orientation: int, segments: bytes) -> bytes:
    data = _jpeg(photo, orientation)
    return data[:2] + segments + data[2:]


def _app1(content: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
