package dev.callboard;

import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.ReadMessagesRequest;
import dev.callboard.v1.ReadMessagesResponse;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The messages of one bus up to its present end, fetched page by page. */
final class MessagePages implements Iterator<Message> {

  /** Messages asked for at a time; the server's answers are bounded in bytes as well. */
  private static final int PAGE_MESSAGES = 1000;

  private final Calls calls;
  private final Duration timeout;
  private ReadMessagesRequest request;
  private long left;
  private Iterator<Message> page = Collections.emptyIterator();

  /**
   * Fetches nothing yet.
   *
   * @param left how many messages to give at most
   */
  MessagePages(Calls calls, ReadMessagesRequest request, long left, Duration timeout) {
    this.calls = calls;
    this.request = request;
    this.left = left;
    this.timeout = timeout;
  }

  @Override
  public boolean hasNext() {
    // A negative number is the server's to refuse.
    while (!page.hasNext() && request != null && left != 0) {
      fetch();
    }
    return page.hasNext() && left != 0;
  }

  @Override
  public Message next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the bus is read to its end");
    }
    left--;
    return page.next();
  }

  private void fetch() {
    ReadMessagesRequest asked =
        request.toBuilder().setLimit((int) Math.min(left, PAGE_MESSAGES)).build();
    ReadMessagesResponse answer =
        calls.unary(MessageBusGrpc.getReadMessagesMethod(), asked, timeout, true);
    page = answer.getMessagesList().iterator();
    request = answer.getEndOfBus() ? null : asked.toBuilder().setCursor(answer.getCursor()).build();
  }
}
