"""An artifact on its way to the server: what is sent, and how far it came; no network here."""

from __future__ import annotations

from callboard.attempts import Attempts
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
