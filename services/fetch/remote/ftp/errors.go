package ftp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"

	"github.com/jlaffaye/ftp"

	"github.com/atlant-log/atlant/services/fetch/remote"
)

// The schemes, each a way to be safe or not.
const (
	plain    = "ftp"
	implicit = "ftps"
	explicit = "ftpes"
)

var defaultPorts = map[string]string{plain: "21", implicit: "990", explicit: "21"}

var (
	errLogin = remote.Refused("the server did not let the user in")
	errTalks = remote.Refused("the server does not stop talking, and sends no list")
	errNoFTP = errors.New("the server answered something that is not FTP")
)

// explain says in words for the user what went wrong. Of what a server answered only the number is told: the words may be
// anything, also what it was told in confidence.
func explain(err error) error {
	var answer *textproto.Error
	var noTLS tls.RecordHeaderError
	var refused *remote.RefusedError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &noTLS):
		return remote.Refused("the server does not begin with TLS, as ftps:// does; ftpes:// asks for it first, mostly on port 21")
	case isNetwork(err):
		return err
	case !errors.As(err, &answer):
		return errNoFTP
	case answer.Code == ftp.StatusNotLoggedIn:
		return remote.Refused("the server did not let the user in (530): wrong user or password")
	case answer.Code >= 500:
		return remote.Refused("%s", answered(answer))
	default:
		return errors.New(answered(answer))
	}
}

// explainFile explains what a server answers when it is asked for the file.
func explainFile(err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok && answer.Code == ftp.StatusFileUnavailable {
		return remote.Refused("the server has no such file, or not for this user (550)")
	}
	return explain(err)
}

// explainBreak explains what a server answers after it has begun to send the file: it may be well again next time.
func explainBreak(err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return errors.New(answered(answer))
	}
	return explain(err)
}

func answered(answer *textproto.Error) string {
	return strings.TrimSuffix(fmt.Sprintf("the server answered %d %s", answer.Code, ftp.StatusText(answer.Code)), ".")
}

// isRefusal tells whether the server understood and said no, for good.
func isRefusal(err error) bool {
	answer, ok := errors.AsType[*textproto.Error](err)
	return ok && answer.Code >= 500
}

// isNetwork tells whether the connection is to blame.
func isNetwork(err error) bool {
	_, network := errors.AsType[net.Error](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return network || certificate || record || alert || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed)
}
