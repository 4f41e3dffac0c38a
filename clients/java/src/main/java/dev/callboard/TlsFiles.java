package dev.callboard;

import static java.util.stream.Collectors.joining;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The files, in PEM form, that a connection with TLS is made of.
 *
 * @param ca the only roots to trust; null means the system's
 * @param cert the certificate to show to the server; null means none
 * @param key the key of that certificate; null means none
 */
record TlsFiles(Path ca, Path cert, Path key) {

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----");

  /** What to do where one of the two is missing. */
  private static final String GIVE_BOTH =
      "give certFile(…) and keyFile(…) to the builder, or set CALLBOARD_CERT and CALLBOARD_KEY";

  /** Reads the files; one that cannot be used is named by an IllegalArgumentException. */
  ChannelCredentials credentials() {
    demandBothOrNone();
    TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    if (ca != null) {
      read(
          "CA file",
          ca,
          "certificate",
          pem -> {
            certificates(pem);
            return tls.trustManager(blocks(pem));
          });
    }
    if (cert != null) {
      // Shows the certificate also to a server that names other authorities: by itself the runtime
      // would show none, and the server would not say what is wrong with this one.
      AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
      X509Certificate[] chain =
          read("certificate file", cert, "certificate", TlsFiles::certificates);
      PrivateKey own =
          read("key file", key, "PKCS #8 key of " + cert, pem -> privateKey(pem, chain[0]));
      identity.updateIdentityCredentials(chain, own);
      tls.keyManager(identity);
    }
    return tls.build();
  }

  private void demandBothOrNone() {
    if (cert != null && key == null) {
      throw new IllegalArgumentException("a certificate needs its key: " + GIVE_BOTH);
    }
    if (cert == null && key != null) {
      throw new IllegalArgumentException("a key needs its certificate: " + GIVE_BOTH);
    }
  }

  private static <T> T read(String what, Path file, String content, Parser<T> parser) {
    byte[] pem;
    try {
      pem = Files.readAllBytes(file);
    } catch (IOException error) {
      throw new IllegalArgumentException("the " + what + " " + file + " cannot be read", error);
    }
    try {
      return parser.parse(pem);
    } catch (IOException | GeneralSecurityException | IllegalArgumentException error) {
      throw new IllegalArgumentException(
          "the " + what + " " + file + " holds no " + content + " in PEM form", error);
    }
  }

  private static X509Certificate[] certificates(byte[] pem) throws CertificateException {
    X509Certificate[] found = CertificateUtils.getX509Certificates(blocks(pem));
    if (found.length == 0) {
      throw new CertificateException("there is no certificate");
    }
    return found;
  }

  /** The certificates alone: gRPC takes nothing else beside them, such as their key. */
  private static InputStream blocks(byte[] pem) {
    String text = new String(pem, StandardCharsets.ISO_8859_1);
    String blocks =
        CERTIFICATE.matcher(text).results().map(MatchResult::group).collect(joining("\n"));
    return new ByteArrayInputStream(blocks.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Takes the key of this certificate: what it signs must be what the certificate verifies. */
  private static PrivateKey privateKey(byte[] pem, X509Certificate certificate)
      throws IOException, GeneralSecurityException {
    PrivateKey found = CertificateUtils.getPrivateKey(new ByteArrayInputStream(pem));
    boolean isCurve = found.getAlgorithm().equals("EC");
    Signature signature = Signature.getInstance(isCurve ? "SHA256withECDSA" : "SHA256withRSA");
    signature.initSign(found);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    if (!signature.verify(signed)) {
      throw new InvalidKeyException("it is the key of another certificate");
    }
    return found;
  }

  /** What makes something of a file's content. */
  private interface Parser<T> {
    T parse(byte[] pem) throws IOException, GeneralSecurityException;
  }
}
