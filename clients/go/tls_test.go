package callboard_test

import (
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// somewhere is an address with TLS that nobody connects to.
const somewhere = "https://localhost:1"

// closeAtOnce closes a client that was only to be made.
func closeAtOnce(t *testing.T, client *callboard.Client, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	_ = client.Close()
}

func TestOneOfACertificateAndItsKeyIsRefusedWithTheNameOfTheOther(t *testing.T) {
	demandBoth(t)
}

func TestWhatIsMissingOfTheOptionsIsNotTakenFromTheEnvironment(t *testing.T) {
	own := newAuthority(t, "own").issue(t, newECKey(t))
	t.Setenv("CALLBOARD_CERT", own.certFile)
	t.Setenv("CALLBOARD_KEY", own.keyFile)
	demandBoth(t)
}

// demandBoth demands that one of a certificate and its key is refused.
func demandBoth(t *testing.T) {
	t.Helper()
	const both = ": set CertFile and KeyFile in Connect, or CALLBOARD_CERT and CALLBOARD_KEY"
	for missing, options := range map[string]callboard.Options{
		"a certificate needs its key" + both: {CertFile: "cert.pem"},
		"a key needs its certificate" + both: {KeyFile: "key.pem"},
	} {
		options.Addr = somewhere
		_, err := callboard.Connect(options)
		if _, ok := errors.AsType[*callboard.MisuseError](err); !ok || !strings.Contains(err.Error(), missing) {
			t.Errorf("%s: got %v", missing, err)
		}
	}
}

func TestAFileOfTLSThatCannotBeReadIsNamed(t *testing.T) {
	own := newAuthority(t, "own").issue(t, newECKey(t))
	absent := filepath.Join(t.TempDir(), "absent.pem")
	for _, options := range []callboard.Options{
		{CAFile: absent},
		{CertFile: absent, KeyFile: own.keyFile},
		{CertFile: own.certFile, KeyFile: absent},
	} {
		options.Addr = somewhere
		_, err := callboard.Connect(options)
		if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), absent) {
			t.Errorf("%+v: got %v", options, err)
		}
	}
}

func TestAFileOfTLSThatHoldsSomethingElseIsNamedAndNoKeyIsTold(t *testing.T) {
	vouching := newAuthority(t, "own")
	own, other := vouching.issue(t, newECKey(t)), vouching.issue(t, newRSAKey(t))
	text := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(text, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, pair := range []identity{
		{certFile: text, keyFile: own.keyFile},
		{certFile: own.certFile, keyFile: text},
		{certFile: own.keyFile, keyFile: own.certFile},
		{certFile: own.certFile, keyFile: other.keyFile},
	} {
		_, err := callboard.Connect(callboard.Options{Addr: somewhere, CertFile: pair.certFile, KeyFile: pair.keyFile})
		_, ok := errors.AsType[*callboard.MisuseError](err)
		if !ok || !strings.Contains(err.Error(), pair.certFile) || !strings.Contains(err.Error(), pair.keyFile) {
			t.Errorf("%+v: got %v", pair, err)
			continue
		}
		for _, file := range []string{own.keyFile, other.keyFile} {
			for line := range strings.Lines(string(must(os.ReadFile(file))(t))) {
				if strings.Contains(err.Error(), strings.TrimSpace(line)) {
					t.Errorf("the key is told: %v", err)
				}
			}
		}
	}
	_, err := callboard.Connect(callboard.Options{Addr: somewhere, CAFile: text})
	if _, ok := errors.AsType[*callboard.MisuseError](err); !ok || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v", err)
	}
}

func TestFilesOfTLSAreNotReadWithoutTLS(t *testing.T) {
	for _, addr := range []string{"localhost:1", "http://localhost:1", "unix:/x"} {
		client, err := callboard.Connect(callboard.Options{Addr: addr, CAFile: "absent.pem", CertFile: "absent.pem"})
		closeAtOnce(t, client, err)
	}
}

func TestTheEnvironmentNamesTheCertificateAndItsKeyUnlessItIsEmpty(t *testing.T) {
	t.Setenv("CALLBOARD_CERT", "")
	t.Setenv("CALLBOARD_KEY", "")
	client, err := callboard.Connect(callboard.Options{Addr: somewhere})
	closeAtOnce(t, client, err)

	t.Setenv("CALLBOARD_CERT", "cert-of-the-environment.pem")
	_, err = callboard.Connect(callboard.Options{Addr: somewhere})
	if err == nil || !strings.Contains(err.Error(), "CALLBOARD_KEY") {
		t.Errorf("an empty key: got %v", err)
	}
	own := newAuthority(t, "own").issue(t, newECKey(t))
	t.Setenv("CALLBOARD_KEY", own.keyFile)
	_, err = callboard.Connect(callboard.Options{Addr: somewhere})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "cert-of-the-environment.pem") {
		t.Errorf("the certificate of the environment: got %v", err)
	}
}

func TestTheEnvironmentIsNotReadWhereTheOptionsNameBoth(t *testing.T) {
	t.Setenv("CALLBOARD_CERT", "absent.pem")
	t.Setenv("CALLBOARD_KEY", "absent.pem")
	own := newAuthority(t, "own").issue(t, newECKey(t))
	options := callboard.Options{Addr: somewhere, CertFile: own.certFile, KeyFile: own.keyFile}
	client, err := callboard.Connect(options)
	closeAtOnce(t, client, err)
}

// appendOnce appends to a server that demands certificates, once: nothing of the request is
// safe to repeat.
func appendOnce(t *testing.T, options callboard.Options) error {
	t.Helper()
	client := connect(t, options)
	_, err := callboard.Call(limited(t), client, client.Bus.AppendMessage, &callboardv1.AppendMessageRequest{})
	return err
}

func TestAServerThatDemandsCertificatesTakesThoseOfItsAuthority(t *testing.T) {
	vouching := newAuthority(t, "own")
	addr := listen(t, &scripted{}, grpc.Creds(credentials.NewTLS(vouching.demand(t))))
	for kind, newKey := range map[string]func(*testing.T) crypto.Signer{"EC": newECKey, "RSA": newRSAKey} {
		own := vouching.issue(t, newKey(t))
		options := callboard.Options{
			Addr: "https://" + addr, CAFile: vouching.file, CertFile: own.certFile, KeyFile: own.keyFile,
		}
		if err := appendOnce(t, options); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAServerThatDemandsCertificatesRefusesOthersAndTheErrorSaysWhy(t *testing.T) {
	vouching := newAuthority(t, "own")
	addr := listen(t, &scripted{}, grpc.Creds(credentials.NewTLS(vouching.demand(t))))
	other := newAuthority(t, "other").issue(t, newECKey(t))
	for want, pair := range map[string]identity{
		"certificate required":          {},
		"unknown certificate authority": other,
	} {
		options := callboard.Options{
			Addr: "https://" + addr, CAFile: vouching.file, CertFile: pair.certFile, KeyFile: pair.keyFile,
		}
		err := appendOnce(t, options)
		if !errors.Is(err, callboard.FamilyUnavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
