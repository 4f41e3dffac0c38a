package dev.callboard;

import io.grpc.ServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettySslContextServerCredentials;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority of the test's own, which vouches for certificates. */
final class Authority {

  private final Path folder;
  private final X500Name name;
  private final KeyPair keys = newKeys("EC");
  private final Path file;
  private long issued;

  /**
   * Makes an authority.
   *
   * @param folder where its files go; one of its own
   */
  Authority(Path folder, String name) throws IOException, GeneralSecurityException {
    this.folder = folder;
    this.name = new X500Name("CN=" + name);
    X509v3CertificateBuilder own = begin(this.name, keys);
    own.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    file = write(name + ".pem", sign(own));
  }

  /**
   * A certificate with its key, in PEM files.
   *
   * @param cert the certificate
   * @param key its key
   */
  record Identity(Path cert, Path key) {}

  /** The PEM file of its own certificate. */
  Path file() {
    return file;
  }

  /** Makes a certificate for this machine, as a server or as a client, with a key of its own. */
  Identity issue(String algorithm) throws IOException, GeneralSecurityException {
    KeyPair its = newKeys(algorithm);
    X500Name subject = new X500Name("CN=of " + name);
    X509v3CertificateBuilder certificate = begin(subject, its);
    certificate.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
    String of = name + "-" + issued;
    return new Identity(
        write(of + "-cert.pem", sign(certificate)),
        write(of + "-key.pem", new JcaPKCS8Generator(its.getPrivate(), null)));
  }

  /**
   * What a server speaks that lets in only whom this authority vouches for. It is Java's own TLS,
   * because that of the client, as a server, calls a certificate of others an internal error.
   */
  ServerCredentials demand() throws IOException, GeneralSecurityException {
    Identity own = issue("EC");
    SslContextBuilder tls = SslContextBuilder.forServer(own.cert().toFile(), own.key().toFile());
    tls.trustManager(file.toFile()).clientAuth(ClientAuth.REQUIRE);
    return NettySslContextServerCredentials.create(
        GrpcSslContexts.configure(tls, SslProvider.JDK).build());
  }

  private X509v3CertificateBuilder begin(X500Name subject, KeyPair its) {
    Instant now = Instant.now();
    issued++;
    return new JcaX509v3CertificateBuilder(
        name,
        BigInteger.valueOf(issued),
        Date.from(now.minus(Duration.ofHours(1))),
        Date.from(now.plus(Duration.ofHours(1))),
        subject,
        its.getPublic());
  }

  private Object sign(X509v3CertificateBuilder certificate) {
    try {
      return certificate.build(
          new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
    } catch (OperatorCreationException unknown) {
      throw new AssertionError(unknown);
    }
  }

  private Path write(String fileName, Object content) throws IOException {
    StringWriter pem = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(pem)) {
      writer.writeObject(content);
    }
    return Files.writeString(folder.resolve(fileName), pem.toString());
  }

  private static KeyPair newKeys(String algorithm) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    generator.initialize(algorithm.equals("EC") ? 256 : 2048);
    return generator.generateKeyPair();
  }
}
