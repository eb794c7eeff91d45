package sftp

import (
	"bytes"
	"errors"

	"golang.org/x/crypto/ssh"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
)

// What can be wrong with a private key.
var (
	// ErrKey is a key that cannot be read.
	ErrKey = errors.New("is no private key in the format of OpenSSH or PEM")
	// ErrPassphraseMissing is an encrypted key without a passphrase.
	ErrPassphraseMissing = errors.New("is encrypted, and the passphrase is missing")
	// ErrPassphrase is a passphrase that does not open the key.
	ErrPassphrase = errors.New("cannot be opened with this passphrase")
)

// CheckKey tells whether a private key can be used; if not it is one of the errors above.
func CheckKey(key *atlantv1.SshPrivateKey) error {
	_, err := signer(key)
	return err
}

// signer returns what proves that one has a private key. What a library says of a key is not passed on.
func signer(key *atlantv1.SshPrivateKey) (ssh.Signer, error) {
	pem := append(bytes.TrimSpace([]byte(key.GetKey())), '\n')
	got, err := ssh.ParsePrivateKey(pem)
	if _, encrypted := errors.AsType[*ssh.PassphraseMissingError](err); encrypted {
		if key.GetPassphrase() == "" {
			return nil, ErrPassphraseMissing
		}
		if got, err = ssh.ParsePrivateKeyWithPassphrase(pem, []byte(key.GetPassphrase())); err != nil {
			return nil, ErrPassphrase
		}
	}
	if err != nil {
		return nil, ErrKey
	}
	return got, nil
}

// clientConfig says how to log in.
func clientConfig(credentials *atlantv1.Credentials) (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{ClientVersion: "SSH-2.0-atlant"}
	switch c := credentials.GetCredentials().(type) {
	case *atlantv1.Credentials_Basic:
		config.User = c.Basic.GetUser()
		config.Auth = []ssh.AuthMethod{
			ssh.Password(c.Basic.GetPassword()), ssh.KeyboardInteractive(answerWith(c.Basic.GetPassword())),
		}
	case *atlantv1.Credentials_SshPrivateKey:
		key, err := signer(c.SshPrivateKey)
		if err != nil {
			return nil, remote.Refused("the private key %w", err)
		}
		config.User, config.Auth = c.SshPrivateKey.GetUser(), []ssh.AuthMethod{ssh.PublicKeys(key)}
	default:
		return nil, remote.Refused("sftp needs a user, and a password or a private key")
	}
	return config, nil
}

// answerWith gives a password to a server that asks for it in a conversation, and nothing to any other question.
func answerWith(password string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, echoes []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i, echo := range echoes {
			if !echo {
				answers[i] = password
			}
		}
		return answers, nil
	}
}
