package sftp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"

	"github.com/pkg/sftp"

	"github.com/atlant-log/atlant/services/fetch/remote"
)

var errBrokeOff = errors.New("the server broke off the conversation over SSH")

// explain says in words for the user what went wrong, but nothing in the words of the server.
func explain(err error) error {
	var status *sftp.StatusError
	var refused *remote.RefusedError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remote.Refused("the server has no such file")
	case errors.Is(err, fs.ErrPermission):
		return remote.Refused("the server does not let this user read the file")
	case errors.As(err, &status):
		return fmt.Errorf("the server answered %w", status.FxCode())
	case strings.Contains(err.Error(), "ssh: unable to authenticate"): // there is no type for it
		return remote.Refused("the server did not let the user in: wrong user, password or key")
	case strings.Contains(err.Error(), "ssh: no common algorithm"): // as above
		return remote.Refused("the server speaks SSH in no way that is still safe")
	case errors.As(err, &refused), isNetwork(err):
		return err
	default:
		return errBrokeOff // the reason may be in the server's words
	}
}

func isNetwork(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, sftp.ErrSSHFxConnectionLost)
}
