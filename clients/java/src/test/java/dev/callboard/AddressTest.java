package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:50051, dns:///127.0.0.1:50051, false, true",
    "localhost:1, dns:///localhost:1, false, true",
    "http://example.org:80, dns:///example.org:80, false, false",
    "http://example.org:80/, dns:///example.org:80, false, false",
    "https://example.org:443, dns:///example.org:443, true, false",
    "HTTPS://Example.org:443, dns:///example.org:443, true, false",
    "[::1]:50051, dns:///%5B::1%5D:50051, false, true",
    "[2001:db8::1]:50051, dns:///%5B2001:db8::1%5D:50051, false, false",
    "127.0.0.1.example.org:1, dns:///127.0.0.1.example.org:1, false, false",
    "127.example.org:1, dns:///127.example.org:1, false, false",
    "unix:/run/callboard.sock, unix:/run/callboard.sock, false, true",
    "unix:///run/callboard.sock, unix:/run/callboard.sock, false, true",
    "unix:relative.sock, unix:relative.sock, false, true",
  })
  void anAddressIsUnderstood(String text, String target, boolean secure, boolean local) {
    Address address = Address.parse(text);
    assertEquals(target, address.target());
    assertEquals(secure, address.secure());
    assertEquals(local, address.isLocal());
    assertEquals(text.startsWith("unix:"), address.isSocket());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "localhost:",
        "localhost:x",
        "localhost:0",
        ":1",
        "ftp://a:1",
        "http://a:1/path",
        "http://me@a:1",
        "a:1?x",
        "::1:50051",
        "unix:",
        "unix://",
        "a:99999",
        ""
      })
  void whatIsNoAddressIsRefusedWithWhatToWrite(String text) {
    Exception refused = assertThrows(IllegalArgumentException.class, () -> Address.parse(text));
    assertTrue(refused.getMessage().contains("write "), refused.getMessage());
  }
}
