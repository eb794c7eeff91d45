package sftp

import (
	"errors"
	"net"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/atlant-log/atlant/services/fetch/remote"
)

// readKnownHosts reads a file in the format of OpenSSH's known_hosts.
func readKnownHosts(file string) (ssh.HostKeyCallback, error) { return knownhosts.New(file) }

// hostCheck looks whether a server is who it is said to be.
type hostCheck struct {
	known ssh.HostKeyCallback // nil: nobody is known
	err   error               // what was wrong
}

// key is an ssh.HostKeyCallback. What it refuses it says with the line that would make the server known: a key is no secret.
func (c *hostCheck) key(address string, at net.Addr, key ssh.PublicKey) error {
	line := knownhosts.Line([]string{knownhosts.Normalize(address)}, key)
	if c.known == nil {
		c.err = remote.Refused("the server shows the key %s, and whoever runs Atlant has not said which keys servers have. "+
			"If the key is right, that is --ssh-known-hosts with a file that holds the line: %s", ssh.FingerprintSHA256(key), line)
		return c.err
	}
	err := c.known(address, at, key)
	var unknown *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown) && len(unknown.Want) == 0:
		c.err = remote.Refused("the server shows the key %s, which nobody vouches for. "+
			"If it is right, whoever runs Atlant can add to the file of --ssh-known-hosts: %s", ssh.FingerprintSHA256(key), line)
	case errors.As(err, &unknown):
		c.err = remote.Refused("the server shows the key %s, and not the one in the file of --ssh-known-hosts: "+
			"it has a new one, or another server answers in its place", ssh.FingerprintSHA256(key))
	case errors.As(err, &revoked):
		c.err = remote.Refused("the server shows the key %s, which the file of --ssh-known-hosts revokes", ssh.FingerprintSHA256(key))
	default:
		c.err = remote.Refused("the key of the server is refused: %w", err)
	}
	return c.err
}

// algorithms returns those of the keys that are known of a server: of its several keys it must show one of them. It returns nil,
// for all of them, where none is known.
func (c *hostCheck) algorithms(address string) []string {
	var unknown *knownhosts.KeyError
	if !errors.As(c.known(address, &net.TCPAddr{IP: net.IPv4zero}, noKey{}), &unknown) {
		return nil
	}
	var all []string
	for _, want := range unknown.Want {
		if of := want.Key.Type(); of == ssh.KeyAlgoRSA {
			all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			all = append(all, of)
		}
	}
	return all
}

// noKey is a key that no server has.
type noKey struct{}

var _ ssh.PublicKey = noKey{}

// Type implements ssh.PublicKey.
func (noKey) Type() string { return "none" }

// Marshal implements ssh.PublicKey.
func (noKey) Marshal() []byte { return nil }

// Verify implements ssh.PublicKey.
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("there is no key") }
