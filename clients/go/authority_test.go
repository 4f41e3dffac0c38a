package callboard_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority is one of the test's own, which vouches for certificates.
type authority struct {
	// The PEM file of its own certificate.
	file string

	certificate *x509.Certificate
	key         crypto.Signer
}

// identity is the PEM files of a certificate and of its key.
type identity struct {
	certFile, keyFile string
}

// newAuthority makes an authority.
func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	template := template(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key := newECKey(t)
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t)
	certificate := must(x509.ParseCertificate(der))(t)
	return &authority{file: writePEM(t, "CERTIFICATE", der), certificate: certificate, key: key}
}

// issue makes a certificate of this key for this machine, as a server or as a client.
func (a *authority) issue(t *testing.T, key crypto.Signer) identity {
	t.Helper()
	template := template("of " + a.certificate.Subject.CommonName)
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der := must(x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key))(t)
	keyDER := must(x509.MarshalPKCS8PrivateKey(key))(t)
	return identity{certFile: writePEM(t, "CERTIFICATE", der), keyFile: writePEM(t, "PRIVATE KEY", keyDER)}
}

// demand returns what a server speaks that lets in only whom the authority vouches for.
func (a *authority) demand(t *testing.T) *tls.Config {
	t.Helper()
	own := a.issue(t, newECKey(t))
	clients := x509.NewCertPool()
	clients.AddCert(a.certificate)
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(own.certFile, own.keyFile))(t)},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clients,
	}
}

// template is a certificate that says nothing of its use, and is good for an hour.
func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func newECKey(t *testing.T) crypto.Signer {
	t.Helper()
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
}

func newRSAKey(t *testing.T) crypto.Signer {
	t.Helper()
	return must(rsa.GenerateKey(rand.Reader, 2048))(t)
}

// writePEM writes a file with one block, and returns its path.
func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
