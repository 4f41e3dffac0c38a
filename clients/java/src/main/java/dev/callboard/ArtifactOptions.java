package dev.callboard;

/** How an artifact is saved: by default a plain one of the client's own task. */
public final class ArtifactOptions extends PlaceOptions<ArtifactOptions> {

  String name;
  boolean versioned;
  boolean attachment;
  String requestId;

  /** A plain artifact of the client's own task. */
  public ArtifactOptions() {}

  @Override
  ArtifactOptions self() {
    return this;
  }

  /**
   * Names it.
   *
   * @param artifactName 1 to 8 path components joined by {@code /}; null means the source's file
   *     name
   * @return these options
   */
  public ArtifactOptions name(String artifactName) {
    name = artifactName;
    return this;
  }

  /**
   * Saves it under its name with the next number, which no other gets.
   *
   * @param numbered whether to
   * @return these options
   */
  public ArtifactOptions versioned(boolean numbered) {
    versioned = numbered;
    return this;
  }

  /**
   * Saves it as an attachment, for messages to point to.
   *
   * @param attached whether to
   * @return these options
   */
  public ArtifactOptions attachment(boolean attached) {
    attachment = attached;
    return this;
  }

  /**
   * Chooses the request id: the server saves what has it only once.
   *
   * @param id 1 to 128 bytes; null means a new one
   * @return these options
   */
  public ArtifactOptions requestId(String id) {
    requestId = id;
    return this;
  }

  String chooseRequestId() {
    return requestId == null || requestId.isEmpty() ? Calls.newRequestId() : requestId;
  }
}
