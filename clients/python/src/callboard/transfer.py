"""Artifacts on their way: how far they came, and whether they are what was sent.

No network here.
"""

from __future__ import annotations

import hashlib

import grpc

from callboard.attempts import Attempts
from callboard.errors import CallboardError, UnavailableError, checksum_mismatch
from callboard.interruptions import Interruptions
from callboard.sources import Content
from callboard.v1 import storage_pb2 as pb


class Upload:
    """The attempts at sending one artifact."""

    def __init__(
        self, header: pb.UploadArtifactRequest.Header, content: Content, attempts: Attempts
    ) -> None:
        """Completes the header with what is known of the content."""
        self._header = pb.UploadArtifactRequest.Header()
        self._header.CopyFrom(header)
        self._header.sha256 = content.sha256
        if content.size is not None:
            self._header.size = content.size
        self._attempts = attempts
        self._sent = 0
        self._farthest = 0

    def begin(self) -> pb.UploadArtifactRequest:
        """Returns the first part of an attempt."""
        self._sent = 0
        return pb.UploadArtifactRequest(header=self._header)

    def part(self, chunk: bytes) -> pb.UploadArtifactRequest:
        """Returns the next part. It is asked for once there is room for it on the way."""
        if self._sent > self._farthest:
            # Only what is new counts: the same beginning again and again is no progress.
            self._farthest = self._sent
            self._attempts.progressed()
        self._sent += len(chunk)
        return pb.UploadArtifactRequest(chunk=chunk)


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
