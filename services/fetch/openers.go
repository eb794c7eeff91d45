package fetch

import (
	"fmt"
	"log/slog"

	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/fetch/remote/bucket"
	"github.com/atlant-log/atlant/services/fetch/remote/folder"
	"github.com/atlant-log/atlant/services/fetch/remote/ftp"
	"github.com/atlant-log/atlant/services/fetch/remote/sftp"
	"github.com/atlant-log/atlant/services/outbound"
)

// newOpeners returns what opens lists that are kept as files, by the schemes of their URLs. All connections to servers that a
// request names are made under the guard; those to the clouds are the operator's.
func newOpeners(guard outbound.DialControl, config *Config, logger *slog.Logger) (map[string]remote.Opener, error) {
	dialer := &remote.Dialer{Timeout: dialTimeout, Guard: guard}
	ftpOpener := &ftp.Opener{Dialer: dialer}
	sftpOpener := &sftp.Opener{Dialer: dialer, KnownHosts: config.KnownHosts}
	if err := sftpOpener.Check(); err != nil {
		return nil, fmt.Errorf("read known hosts: %w", err)
	}
	folderOpener := &folder.Opener{Dir: config.ListsFolder}
	if err := folderOpener.Check(); err != nil {
		return nil, fmt.Errorf("open folder of lists: %w", err)
	}
	bucketOpener, err := bucket.NewOpener(config.Buckets, logger)
	if err != nil {
		return nil, fmt.Errorf("allow buckets: %w", err)
	}
	return map[string]remote.Opener{
		"ftp": ftpOpener, "ftps": ftpOpener, "ftpes": ftpOpener, "sftp": sftpOpener,
		"s3": bucketOpener, "gs": bucketOpener, "azblob": bucketOpener, "file": folderOpener,
	}, nil
}
