package main

import (
	"errors"
	"fmt"
	"os"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// loginFlags say what the server of a list lets in, beside what is in its URL.
type loginFlags struct {
	Token      string `name:"bearer-token" placeholder:"TOKEN" help:"What the server of the list lets in."`
	SSHKey     string `name:"ssh-private-key" placeholder:"FILE" help:"With the private key that the server of the list lets in, over sftp."`
	Passphrase string `name:"ssh-passphrase" placeholder:"TEXT" help:"Of that key, if it is encrypted; better as ATLANT_SSH_PASSPHRASE."`
}

func (l *loginFlags) check() error {
	switch {
	case l.Token != "" && l.SSHKey != "":
		return errors.New("--bearer-token and --ssh-private-key do not go together")
	case l.Passphrase != "" && l.SSHKey == "":
		return errors.New("--ssh-passphrase goes with --ssh-private-key")
	}
	return nil
}

// credentials returns those that the flags give, nil if there are none beside those in the URL.
func (l *loginFlags) credentials() (*atlantv1.Credentials, error) {
	switch {
	case l.Token != "":
		return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: l.Token}}, nil
	case l.SSHKey != "":
		key, err := os.ReadFile(l.SSHKey)
		if err != nil {
			return nil, fmt.Errorf("read the private key: %w", err)
		}
		return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{
			SshPrivateKey: &atlantv1.SshPrivateKey{Key: string(key), Passphrase: l.Passphrase},
		}}, nil
	}
	return nil, nil //nolint:nilnil // as documented
}
