package dev.callboard;

import dev.callboard.v1.Link;
import dev.callboard.v1.Message;
import dev.callboard.v1.Parent;
import java.util.Map;
import java.util.Objects;

/** A message to append. What is not given is the client's own, or empty. */
public final class NewMessage extends PlaceOptions<NewMessage> {

  private final Message.Builder message = Message.newBuilder();
  private String run;

  private NewMessage(String type, String body) {
    message.setType(Objects.requireNonNull(type, "type"));
    message.setBody(Objects.requireNonNull(body, "body"));
  }

  /**
   * Begins a message.
   *
   * @param type any word of 1 to 64 bytes, such as FACT, PROGRESS or QUESTION
   * @param body the text, at most 1 MiB; may be empty
   * @return the message
   */
  public static NewMessage of(String type, String body) {
    return new NewMessage(type, body);
  }

  @Override
  NewMessage self() {
    return this;
  }

  /**
   * Chooses who speaks.
   *
   * @param runId the run; empty means none, and null the client's own
   * @return this message
   */
  public NewMessage run(String runId) {
    run = runId;
    return this;
  }

  /**
   * Adds a key-value pair.
   *
   * @param key the key
   * @param value the value
   * @return this message
   */
  public NewMessage meta(String key, String value) {
    message.putMeta(key, value);
    return this;
  }

  /**
   * Adds key-value pairs.
   *
   * @param pairs the pairs
   * @return this message
   */
  public NewMessage meta(Map<String, String> pairs) {
    message.putAllMeta(pairs);
    return this;
  }

  /**
   * Adds a message that this one answers.
   *
   * @param msgId the message's id
   * @return this message
   */
  public NewMessage parent(String msgId) {
    return parent(Parent.newBuilder().setMsgId(msgId).build());
  }

  /**
   * Adds a message that this one belongs to.
   *
   * @param parent the message, and how this one belongs to it
   * @return this message
   */
  public NewMessage parent(Parent parent) {
    message.addParents(parent);
    return this;
  }

  /**
   * Adds a link.
   *
   * @param url a URL or a path
   * @return this message
   */
  public NewMessage link(String url) {
    return link(Link.newBuilder().setUrl(url).build());
  }

  /**
   * Adds a link with its label and kind.
   *
   * @param link the link
   * @return this message
   */
  public NewMessage link(Link link) {
    message.addLinks(link);
    return this;
  }

  /**
   * Names the issue that it is about.
   *
   * @param issueId the issue's id
   * @return this message
   */
  public NewMessage issueId(String issueId) {
    message.setIssueId(issueId);
    return this;
  }

  /**
   * Names what is attached to it.
   *
   * @param path the path of an artifact, relative to the task's folder
   * @return this message
   */
  public NewMessage attachmentPath(String path) {
    message.setAttachmentPath(path);
    return this;
  }

  /** Its type. */
  String type() {
    return message.getType();
  }

  /** The message with all its ids. */
  Message resolve(Defaults defaults) {
    Place place = defaults.place(this);
    return message
        .clone()
        .setProjectId(place.project())
        .setTaskId(place.task())
        .setRunId(run == null ? defaults.run() : run)
        .build();
  }
}
