package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/services/fetch/remote/bucket"
	"github.com/atlant-log/atlant/services/rpc"
	"github.com/atlant-log/atlant/services/telemetry"
)

// natsFlags say how to reach a log elsewhere.
type natsFlags struct {
	NATS        string   `name:"nats" placeholder:"URLS" help:"NATS servers that keep the log, separated by commas, like nats://host:4222."`
	NATSCreds   string   `name:"nats-creds" placeholder:"FILE" help:"Credentials for NATS, a user's JWT and seed."`
	NATSCA      string   `name:"nats-ca" placeholder:"FILE" help:"Certificate authorities of the NATS servers, in PEM."`
	NATSCert    string   `name:"nats-cert" placeholder:"FILE" help:"Certificate to show to the NATS servers, in PEM."`
	NATSKey     string   `name:"nats-key" placeholder:"FILE" help:"Its key, in PEM."`
	NATSMonitor []string `name:"nats-monitor" placeholder:"URLS" help:"Monitoring URLs of the NATS servers, like http://host:8222: at start they are asked whether they sync every write to the disk."`
}

// backendFlags say where the log and the views are.
type backendFlags struct {
	natsFlags
	Views    string `placeholder:"URI" help:"Where the views are: mongodb://… or sqlite:DIR."`
	Shards   int    `placeholder:"N" help:"Into how many shards to cut the log when it is created (1)."`
	Replicas int    `placeholder:"N" help:"On how many NATS servers to keep each stream when it is created (1)."`
}

// check returns what is wrong with the flags by themselves.
func (b *backendFlags) check() error {
	var all []error
	if b.NATS == "" {
		for name, value := range map[string]string{
			"--nats-creds": b.NATSCreds, "--nats-ca": b.NATSCA, "--nats-cert": b.NATSCert, "--nats-key": b.NATSKey,
			"--nats-monitor": strings.Join(b.NATSMonitor, ","),
		} {
			if value != "" {
				all = append(all, fmt.Errorf("%s goes with --nats", name))
			}
		}
	}
	all = append(all, b.natsFlags.check())
	if b.Views != "" && viewsScheme(b.Views) == "" {
		all = append(all, errors.New("--views must be a mongodb://, mongodb+srv:// or sqlite: URI"))
	}
	if b.Shards < 0 || b.Shards > events.MaxShards {
		all = append(all, fmt.Errorf("--shards must be between 1 and %d", events.MaxShards))
	}
	return errors.Join(append(all, checkReplicas(b.Replicas))...)
}

func (n *natsFlags) check() error {
	if (n.NATSCert == "") != (n.NATSKey == "") {
		return errors.New("--nats-cert and --nats-key go together")
	}
	return nil
}

func checkReplicas(n int) error {
	if n < 0 || n > 5 {
		return errors.New("--replicas must be between 1 and 5")
	}
	return nil
}

// require demands what the embedded shape would bring along.
func (b *backendFlags) require(command string) error {
	var missing []string
	if b.NATS == "" {
		missing = append(missing, "--nats")
	}
	if b.Views == "" {
		missing = append(missing, "--views")
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("atlant %s needs %s; `atlant up` brings its own", command, strings.Join(missing, " and "))
}

// The kinds of views.
const (
	schemeMongo  = "mongodb"
	schemeSQLite = "sqlite"
)

// viewsScheme tells which store a URI names, empty if none.
func viewsScheme(uri string) string {
	switch {
	case strings.HasPrefix(uri, "mongodb://"), strings.HasPrefix(uri, "mongodb+srv://"):
		return schemeMongo
	case strings.HasPrefix(uri, schemeSQLite+":") && len(uri) > len(schemeSQLite+":"):
		return schemeSQLite
	}
	return ""
}

// fetcherFlags say how lists are fetched.
type fetcherFlags struct {
	listFlags
	AllowPrivateURLs bool `name:"allow-private-urls" env:"ATLANT_ALLOW_PRIVATE_URLS" help:"Also fetch from private, loopback and link-local addresses. Whoever reaches the API can then read from your network."`
	Fetchers         int  `default:"4" placeholder:"N" help:"How many lists to work on at once (${default})."`

	SSHKnownHosts string   `name:"ssh-known-hosts" placeholder:"FILE" help:"Keys of the SFTP servers to fetch from, as in OpenSSH's known_hosts. Without it none is fetched from."`
	AllowBucket   []string `placeholder:"URL" help:"Fetch from this bucket, or from a folder in it, with what the environment of this process is let in with: s3://BUCKET/FOLDER, gs:// or azblob://. Parameters say how to reach it: s3://prices?region=eu-central-1. Can be repeated."`
	ListsFolder   string   `placeholder:"DIR" help:"Fetch from this folder of this machine, too: file:///a/b.csv is DIR/a/b.csv."`
}

// listFlags say which lists are taken.
type listFlags struct {
	MaxListBytes int64 `default:"2147483648" placeholder:"N" help:"Size of the largest list to take, as it is uploaded and decoded (${default})."`
}

func (l *listFlags) check() error {
	if l.MaxListBytes < 1 {
		return errors.New("--max-list-bytes must be at least 1")
	}
	return nil
}

func (f *fetcherFlags) check() error {
	if f.Fetchers < 1 || f.Fetchers > 64 {
		return errors.Join(errors.New("--fetchers must be between 1 and 64"), f.listFlags.check())
	}
	if err := bucket.Check(f.AllowBucket); err != nil {
		return errors.Join(fmt.Errorf("--allow-bucket: %w", err), f.listFlags.check())
	}
	return f.listFlags.check()
}

// httpFlags say how requests are answered.
type httpFlags struct {
	CORSOrigin []string `name:"cors-origin" placeholder:"ORIGIN" help:"Let scripts of this origin call the API from browsers: https://shop.example, https://*.shop.example, or * for all. Can be repeated."`
}

func (h *httpFlags) check() error {
	if err := rpc.CheckOrigins(h.CORSOrigin); err != nil {
		return fmt.Errorf("--cors-origin: %w", err)
	}
	return nil
}

// appConfig says what a server process does and with what.
type appConfig struct {
	Serve bool // answer requests
	Work  bool // fetch and project

	Listen  string // host:port; port 0 takes a free one; empty to answer nowhere
	HTTP    httpFlags
	Access  accessFlags
	DataDir string // made if it is missing; for the spool, and for what is embedded

	Backend  backendFlags // without NATS the log is embedded; without Views they are in DataDir
	Fetchers fetcherFlags // of these a process that only answers requests has the listFlags
	Alerts   alertFlags
	Except   []netip.AddrPort // addresses that are fetched from even if they are not public
	Process  string           // the name of this process among all
	Logger   *slog.Logger
	Observe  observeFlags

	telemetry *telemetry.Telemetry // what all parts report to; startApp makes it
}

// connectConfig returns how to reach NATS.
func (n *natsFlags) connectConfig(process string, logger *slog.Logger) jetstream.ConnectConfig {
	return jetstream.ConnectConfig{
		URL: n.NATS, CredsFile: n.NATSCreds, CAFile: n.NATSCA, CertFile: n.NATSCert, KeyFile: n.NATSKey,
		Name: "atlant " + process, Logger: logger,
	}
}

// checkFsync looks whether the servers sync what they confirm, as far as it was said where to ask.
func (n *natsFlags) checkFsync(ctx context.Context, logger *slog.Logger) error {
	if len(n.NATSMonitor) == 0 {
		logger.WarnContext(ctx, "cannot tell whether the NATS servers sync every write to the disk, without which a power cut "+
			"loses what was confirmed: set sync_interval: always on each, and name them with --nats-monitor")
		return nil
	}
	return jetstream.CheckFsync(ctx, n.NATSMonitor, logger)
}

// processName returns a name that no other process has, nor this one after a restart.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), uuid.NewString()[:8])
}
