package main

import (
	"errors"
	"fmt"
	"os"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Validate is called by kong.
func (f *fetchCommand) Validate() error {
	switch {
	case f.Token != "" && f.SSHKey != "":
		return errors.New("--bearer-token and --ssh-private-key do not go together")
	case f.Passphrase != "" && f.SSHKey == "":
		return errors.New("--ssh-passphrase goes with --ssh-private-key")
	}
	return nil
}

// credentials returns those that the flags give, nil if there are none beside those in the URL.
func (f *fetchCommand) credentials() (*atlantv1.Credentials, error) {
	switch {
	case f.Token != "":
		return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: f.Token}}, nil
	case f.SSHKey != "":
		key, err := os.ReadFile(f.SSHKey)
		if err != nil {
			return nil, fmt.Errorf("read the private key: %w", err)
		}
		return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{
			SshPrivateKey: &atlantv1.SshPrivateKey{Key: string(key), Passphrase: f.Passphrase},
		}}, nil
	}
	return nil, nil //nolint:nilnil // as documented
}
