"""An artifact as it arrives: how much of it, and whether it is what was sent; no network here."""

from __future__ import annotations

import hashlib

import grpc

from callboard.errors import CallboardError, UnavailableError, checksum_mismatch
from callboard.interruptions import Interruptions
from callboard.v1 import storage_pb2 as pb


class Download:
    """The frames of an artifact."""

    def __init__(self) -> None:
        """Starts before the first frame."""
        #: The artifact, without its SHA-256 until the end.
        self.artifact = pb.Artifact()
        #: How many bytes have come.
        self.size = 0
        self._hash = hashlib.sha256()
        self._expected = ""

    def take(self, frame: pb.GetArtifactResponse) -> bytes:
        """Takes note of a frame and returns its bytes."""
        if frame.HasField("artifact"):
            self.artifact.CopyFrom(frame.artifact)
        self._hash.update(frame.chunk)
        self.size += len(frame.chunk)
        self._expected = frame.sha256
        return frame.chunk

    def finish(self) -> None:
        """Makes sure, at the end of the stream, that all has come as it was sent.

        Raises InvalidArgumentError (CHECKSUM_MISMATCH), and UnavailableError when the
        stream ended before the artifact did.
        """
        if not self._expected:
            raise UnavailableError(
                f"artifact {self.artifact.name} broke off after {self.size} bytes",
                code=grpc.StatusCode.UNAVAILABLE,
            )
        sha256 = self._hash.hexdigest()
        if sha256 != self._expected:
            raise checksum_mismatch(self.artifact.name, self._expected, sha256)
        self.artifact.sha256 = sha256


class DownloadRetrying:
    """The attempts at getting one artifact, each from the beginning."""

    def __init__(self, patience: float) -> None:
        """Begins now. `patience` is for how many seconds it is tried without any progress."""
        self._interruptions = Interruptions("download", patience)
        self._farthest = 0

    def delay_after(self, failure: CallboardError, size: int) -> float:
        """Returns the seconds to wait after an attempt that broke off after so many bytes.

        Raises the failure when it is a refusal, or the patience is at its end.
        """
        self._interruptions.opened()
        if size > self._farthest:
            # Only what is new counts: the same beginning again and again is no progress.
            self._farthest = size
            self._interruptions.heard()
        return self._interruptions.delay_after(failure)
