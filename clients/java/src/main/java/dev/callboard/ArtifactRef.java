package dev.callboard;

import dev.callboard.v1.GetArtifactRequest;
import java.util.Objects;

/** Which artifact is meant: by its name, or by its path. */
public final class ArtifactRef extends PlaceOptions<ArtifactRef> {

  private final GetArtifactRequest request;

  private ArtifactRef(GetArtifactRequest request) {
    this.request = request;
  }

  /**
   * Names an artifact.
   *
   * @param name its name, of a versioned one with its number
   * @return the artifact of this name, of the client's own task
   */
  public static ArtifactRef named(String name) {
    Objects.requireNonNull(name, "name");
    return new ArtifactRef(GetArtifactRequest.newBuilder().setName(name).build());
  }

  /**
   * Names an artifact or an attachment by where it is.
   *
   * @param path its path relative to the task's folder, as a message's {@code attachment_path} has
   *     it
   * @return the artifact at this path, of the client's own task
   */
  public static ArtifactRef at(String path) {
    Objects.requireNonNull(path, "path");
    return new ArtifactRef(GetArtifactRequest.newBuilder().setPath(path).build());
  }

  @Override
  ArtifactRef self() {
    return this;
  }

  /** The request for the whole artifact. */
  GetArtifactRequest resolve(Defaults defaults) {
    Place place = defaults.place(this);
    return request.toBuilder().setProjectId(place.project()).setTaskId(place.task()).build();
  }
}
