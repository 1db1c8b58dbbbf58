"""The explanation as JSON, with the names of docs/explanation-format.md, in their order."""

from __future__ import annotations

import msgspec

from yibao.engines.benefits.explain.shapes import Explanation

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Explanation)


def to_json(explanation: Explanation) -> bytes:
    """Write an explanation as JSON; equal explanations give equal bytes."""
    return _ENCODER.encode(explanation)


def from_json(content: bytes) -> Explanation:
    """Read an explanation that was written by :func:`to_json`.

    Raises:
        msgspec.ValidationError: if the content has another shape.
    """
    return _DECODER.decode(content)
