package callboard

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// tlsFiles are the files, in PEM form, that a connection with TLS is made of. An empty ca
// means what the environment says, and so do an empty cert and an empty key together.
type tlsFiles struct {
	ca, cert, key string
}

// config reads the files.
func (f tlsFiles) config() (*tls.Config, error) {
	roots, err := findRoots(f.ca)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	identity, err := findIdentity(f.cert, f.key)
	if err != nil {
		return nil, err
	}
	if identity != nil {
		// By itself the runtime shows none that is of no authority that the server names:
		// the server would say that there is none, and not what is wrong with it.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return identity, nil
		}
	}
	return config, nil
}

// findRoots returns the certificates to trust; nil means those of the system.
func findRoots(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		caFile = os.Getenv("CALLBOARD_CA")
	}
	if caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot read the certificates to trust: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, misuse("%s holds no certificate in PEM form", caFile)
	}
	return roots, nil
}

// findIdentity returns the certificate to show to the server, with its key; nil means none.
func findIdentity(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" && keyFile == "" {
		// Only both: one of them beside one that is given would be of another pair.
		certFile, keyFile = os.Getenv("CALLBOARD_CERT"), os.Getenv("CALLBOARD_KEY")
	}
	const setBoth = "set CertFile and KeyFile in Connect, or CALLBOARD_CERT and CALLBOARD_KEY"
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case keyFile == "":
		return nil, misuse("a certificate needs its key: %s", setBoth)
	case certFile == "":
		return nil, misuse("a key needs its certificate: %s", setBoth)
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot read the certificate to show: %w", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot read the key of the certificate to show: %w", err)
	}
	identity, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, misuse("%s and %s hold no certificate with its key in PEM form: %v", certFile, keyFile, err)
	}
	return &identity, nil
}
