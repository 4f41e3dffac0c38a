package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.v1.CreateTaskRequest;
import dev.callboard.v1.GetTaskRequest;
import dev.callboard.v1.ListBusesRequest;
import dev.callboard.v1.ReadMessagesRequest;
import dev.callboard.v1.RotateBusRequest;
import dev.callboard.v1.UpdateTaskRequest;
import org.junit.jupiter.api.Test;

class CallsTest {

  @Test
  void whatOnlyReadsOrIsRecognisedMayBeRepeated() {
    assertTrue(Calls.isRepeatable(GetTaskRequest.getDefaultInstance()));
    assertTrue(Calls.isRepeatable(ListBusesRequest.getDefaultInstance()));
    assertTrue(Calls.isRepeatable(ReadMessagesRequest.getDefaultInstance()));
    assertTrue(Calls.isRepeatable(CreateTaskRequest.newBuilder().setRequestId("r").build()));
    assertTrue(Calls.isRepeatable(UpdateTaskRequest.newBuilder().setEtag("e").build()));
  }

  @Test
  void whatWouldHappenTwiceMayNotBeRepeated() {
    assertFalse(Calls.isRepeatable(CreateTaskRequest.getDefaultInstance()));
    assertFalse(Calls.isRepeatable(UpdateTaskRequest.getDefaultInstance()));
    assertFalse(Calls.isRepeatable(RotateBusRequest.getDefaultInstance()));
  }
}
