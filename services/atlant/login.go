package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// loginFlags say what the server of a list lets in. What is secret comes from files or variables.
type loginFlags struct {
	PasswordFile   string `name:"password-file" placeholder:"FILE" help:"With the password for the user that the URL names; or the password itself in ATLANT_PASSWORD."`
	TokenFile      string `name:"bearer-token-file" placeholder:"FILE" help:"With the token that the server of the list lets in; or the token itself in ATLANT_BEARER_TOKEN."`
	SSHKey         string `name:"ssh-private-key" placeholder:"FILE" help:"With the private key that the server of the list lets in, over sftp."`
	PassphraseFile string `name:"ssh-passphrase-file" placeholder:"FILE" help:"With the passphrase of that key, if it is encrypted; or the passphrase itself in ATLANT_SSH_PASSPHRASE."`
}

// Variables that hold what the server of a list lets in.
const (
	passwordVariable   = "ATLANT_PASSWORD"
	bearerVariable     = "ATLANT_BEARER_TOKEN"   //nolint:gosec // its name
	passphraseVariable = "ATLANT_SSH_PASSPHRASE" //nolint:gosec // its name
)

func (l *loginFlags) check() error {
	given := 0
	for _, file := range []string{l.PasswordFile, l.TokenFile, l.SSHKey} {
		if file != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("one of --password-file, --bearer-token-file and --ssh-private-key is enough")
	case l.PassphraseFile != "" && l.SSHKey == "":
		return errors.New("--ssh-passphrase-file goes with --ssh-private-key")
	}
	return nil
}

// credentials returns those that the flags and variables give for a list at a URL, nil if there are none, and the URL without what
// they say. A file that is named counts for more than any variable.
func (l *loginFlags) credentials(listURL string) (*atlantv1.Credentials, string, error) {
	if l.SSHKey != "" {
		key, err := l.privateKey()
		return key, listURL, err
	}
	named := l.PasswordFile != "" || l.TokenFile != ""
	if l.PasswordFile != "" || !named && os.Getenv(passwordVariable) != "" && userIn(listURL) != "" {
		password, err := secret(l.PasswordFile, passwordVariable)
		if err != nil {
			return nil, "", err
		}
		user := userIn(listURL)
		if user == "" {
			return nil, "", &failure{
				text: "--password-file goes with a URL that names the user, like https://USER@host/list.csv", code: exitUsage,
			}
		}
		basic := &atlantv1.BasicCredentials{User: user, Password: password}
		return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_Basic{Basic: basic}}, userPart.ReplaceAllString(listURL, "$1"), nil
	}
	token, err := secret(l.TokenFile, bearerVariable)
	if err != nil || token == "" {
		return nil, listURL, err
	}
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: token}}, listURL, nil
}

func (l *loginFlags) privateKey() (*atlantv1.Credentials, error) {
	key, err := os.ReadFile(l.SSHKey)
	if err != nil {
		return nil, fmt.Errorf("read the private key: %w", err)
	}
	passphrase, err := secret(l.PassphraseFile, passphraseVariable)
	if err != nil {
		return nil, err
	}
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{
		SshPrivateKey: &atlantv1.SshPrivateKey{Key: string(key), Passphrase: passphrase},
	}}, nil
}

// userIn returns the user that a URL names, empty if none.
func userIn(listURL string) string {
	u, err := url.Parse(listURL)
	if err != nil || u.User == nil {
		return ""
	}
	return u.User.Username()
}

// userPart is where a URL names its user.
var userPart = regexp.MustCompile(`^([a-zA-Z0-9]+://)[^/?#@]*@`)
