package callboard

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// tlsFiles are the files, in PEM form, that a connection with TLS is made of. An empty name
// means what the environment says.
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
	caFile = fileOr(caFile, "CALLBOARD_CA")
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
	certFile, keyFile = fileOr(certFile, "CALLBOARD_CERT"), fileOr(keyFile, "CALLBOARD_KEY")
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case keyFile == "":
		return nil, misuse("a certificate needs its key: set KeyFile in Connect, or CALLBOARD_KEY")
	case certFile == "":
		return nil, misuse("a key needs its certificate: set CertFile in Connect, or CALLBOARD_CERT")
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

// fileOr returns the name of the file that was given, else what the environment says.
func fileOr(given, variable string) string {
	if given == "" {
		return os.Getenv(variable)
	}
	return given
}
