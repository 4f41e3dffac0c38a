package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.Authority.Identity;
import dev.callboard.v1.AppendMessageRequest;
import dev.callboard.v1.AppendMessageResponse;
import dev.callboard.v1.MessageBusGrpc;
import io.grpc.stub.StreamObserver;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of TLS, and a server that demands certificates. */
class TlsTest {

  /** An address with TLS that nobody connects to. */
  private static final String SOMEWHERE = "https://localhost:1";

  @TempDir Path folder;

  private Authority authority;
  private Path text;

  @BeforeEach
  void makeFiles() throws Exception {
    authority = new Authority(folder, "own");
    text = Files.writeString(folder.resolve("text.pem"), "no PEM");
  }

  @Test
  void oneOfACertificateAndItsKeyIsRefusedWithTheNameOfTheOther() {
    demandBothIn(Map.of());
  }

  @Test
  void whatIsMissingOfTheOptionsIsNotTakenFromTheEnvironment() throws Exception {
    Identity own = authority.issue("EC");
    demandBothIn(
        Map.of("CALLBOARD_CERT", own.cert().toString(), "CALLBOARD_KEY", own.key().toString()));
  }

  @Test
  void theEnvironmentIsNotReadWhereTheOptionsNameBoth() throws Exception {
    Identity own = authority.issue("EC");
    Map<String, String> environment =
        Map.of("CALLBOARD_CERT", "absent.pem", "CALLBOARD_KEY", "absent.pem");
    in(environment).certFile(own.cert()).keyFile(own.key()).connect().close();
  }

  @Test
  void aFileThatCannotBeReadIsNamed() throws Exception {
    Identity own = authority.issue("EC");
    Path absent = Path.of("absent.pem");
    CallboardClientBuilder[] builders = {
      in(Map.of()).caFile(absent),
      in(Map.of()).certFile(absent).keyFile(own.key()),
      in(Map.of()).certFile(own.cert()).keyFile(absent),
    };
    for (CallboardClientBuilder builder : builders) {
      String said = refused(builder).getMessage();
      assertTrue(said.endsWith("absent.pem cannot be read"), said);
    }
  }

  @Test
  void aFileThatHoldsSomethingElseIsNamedAndNoKeyIsTold() throws Exception {
    Identity own = authority.issue("EC");
    Path empty = Files.createFile(folder.resolve("empty.pem"));
    demandRefusalOf(empty, in(Map.of()).caFile(empty), own.key());
    demandRefusalOf(empty, in(Map.of()).certFile(empty).keyFile(own.key()), own.key());
    demandRefusalOf(text, in(Map.of()).caFile(text), own.key());
    demandRefusalOf(own.key(), in(Map.of()).caFile(own.key()), own.key());
    demandRefusalOf(text, in(Map.of()).certFile(text).keyFile(own.key()), own.key());
    demandRefusalOf(text, in(Map.of()).certFile(own.cert()).keyFile(text), own.key());
    demandRefusalOf(own.key(), in(Map.of()).certFile(own.key()).keyFile(own.cert()), own.key());
    Path half = Files.writeString(folder.resolve("half.pem"), firstLines(own.key()));
    demandRefusalOf(half, in(Map.of()).certFile(own.cert()).keyFile(half), own.key());
  }

  @Test
  void oneFileMayHoldACertificateItsKeyAndComments() throws Exception {
    Identity own = authority.issue("EC");
    Path both = folder.resolve("both.pem");
    Files.writeString(
        both, "# mine\n" + Files.readString(own.key()) + Files.readString(own.cert()) + "# end\n");
    in(Map.of()).caFile(both).certFile(both).keyFile(both).connect().close();
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws Exception {
    for (String algorithm : new String[] {"EC", "RSA"}) {
      Identity own = authority.issue(algorithm);
      for (Identity other : new Identity[] {authority.issue("EC"), authority.issue("RSA")}) {
        demandRefusalOf(
            other.key(), in(Map.of()).certFile(own.cert()).keyFile(other.key()), other.key());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:1", "http://localhost:1", "unix:/x"})
  void filesAreNotReadWithoutTls(String address) {
    Path absent = Path.of("absent.pem");
    in(Map.of()).address(address).caFile(absent).certFile(absent).connect().close();
  }

  @Test
  void theEnvironmentNamesTheCertificateAndItsKeyUnlessItIsEmpty() throws Exception {
    in(Map.of("CALLBOARD_CERT", "", "CALLBOARD_KEY", "")).connect().close();
    Exception half = refused(in(Map.of("CALLBOARD_CERT", "c.pem", "CALLBOARD_KEY", "")));
    assertTrue(half.getMessage().contains("CALLBOARD_KEY"), half.getMessage());
    Identity own = authority.issue("EC");
    Map<String, String> environment =
        Map.of("CALLBOARD_CERT", "absent.pem", "CALLBOARD_KEY", own.key().toString());
    Exception unread = refused(in(environment));
    assertTrue(unread.getMessage().contains("absent.pem"), unread.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA"})
  void aServerThatDemandsCertificatesTakesThoseOfItsAuthority(String algorithm) throws Exception {
    Identity own = authority.issue(algorithm);
    try (ScriptedServer server = new ScriptedServer(new Taking(), authority.demand())) {
      assertEquals("m", append(server, in(Map.of()).certFile(own.cert()).keyFile(own.key())));
    }
  }

  @Test
  void aServerThatDemandsCertificatesRefusesNone() throws Exception {
    // Which of the two depends on the version of Java.
    demandRefusalByServer("BAD_CERTIFICATE|CERTIFICATE_REQUIRED", in(Map.of()));
  }

  @Test
  void aServerThatDemandsCertificatesRefusesThoseOfAnotherAuthority() throws Exception {
    Identity other = new Authority(folder, "other").issue("EC");
    CallboardClientBuilder builder = in(Map.of()).certFile(other.cert()).keyFile(other.key());
    demandRefusalByServer("CERTIFICATE_UNKNOWN", builder);
  }

  private void demandRefusalByServer(String why, CallboardClientBuilder builder) throws Exception {
    try (ScriptedServer server = new ScriptedServer(new Taking(), authority.demand())) {
      CallboardException refused =
          assertThrows(CallboardException.Unavailable.class, () -> append(server, builder));
      String said = refused.getMessage();
      assertTrue(Pattern.compile(why).matcher(said).find(), said);
    }
  }

  /** Appends once: nothing of the request is safe to repeat. */
  private String append(ScriptedServer server, CallboardClientBuilder builder) {
    builder.address("https://" + server.address()).caFile(authority.file());
    try (CallboardClient client = builder.connect()) {
      AppendMessageRequest request = AppendMessageRequest.getDefaultInstance();
      return client.call(MessageBusGrpc.getAppendMessageMethod(), request).getMsgId();
    }
  }

  private static CallboardClientBuilder in(Map<String, String> environment) {
    return ServerTest.in(environment).address(SOMEWHERE);
  }

  private static Exception refused(CallboardClientBuilder builder) {
    return assertThrows(IllegalArgumentException.class, builder::connect);
  }

  /** Demands that one of a certificate and its key is refused. */
  private static void demandBothIn(Map<String, String> environment) {
    String both =
        ": give certFile(…) and keyFile(…) to the builder, or set CALLBOARD_CERT and CALLBOARD_KEY";
    Path some = Path.of("some.pem");
    assertEquals(
        "a certificate needs its key" + both,
        refused(in(environment).certFile(some)).getMessage());
    assertEquals(
        "a key needs its certificate" + both, refused(in(environment).keyFile(some)).getMessage());
  }

  /** Demands an error that names the file, and of which no part shows the secret. */
  private static void demandRefusalOf(Path file, CallboardClientBuilder builder, Path secret)
      throws Exception {
    Exception refused = refused(builder);
    assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
    StringWriter shown = new StringWriter();
    refused.printStackTrace(new PrintWriter(shown, true));
    for (String line : Files.readAllLines(secret)) {
      assertFalse(shown.toString().contains(line), () -> line + " is in " + shown);
    }
  }

  private static String firstLines(Path file) throws Exception {
    return Files.readAllLines(file).subList(0, 2).stream().reduce("", (a, b) -> a + b + "\n");
  }

  /** Takes every message. */
  private static final class Taking extends MessageBusGrpc.MessageBusImplBase {
    @Override
    public void appendMessage(
        AppendMessageRequest request, StreamObserver<AppendMessageResponse> answer) {
      answer.onNext(AppendMessageResponse.newBuilder().setMsgId("m").build());
      answer.onCompleted();
    }
  }
}
