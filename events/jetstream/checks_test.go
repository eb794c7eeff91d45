package jetstream_test

import (
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
)

// wantRefused checks that a log is not opened, and that the error says all of that.
func wantRefused(t testing.TB, nc *nats.Conn, config jetstream.Config, want ...string) {
	t.Helper()
	_, err := jetstream.Open(t.Context(), nc, config)
	if err == nil {
		t.Fatal("opened")
	}
	for _, words := range want {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q is missing in: %v", words, err)
		}
	}
}

// Each setting that breaks a promise is refused, with the stream's name, what it is and what it must be.
func TestOpenRefusesSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stream string
		change func(*natsjs.StreamConfig)
		want   []string
	}{
		"subjects": {
			"PRICES_00", func(c *natsjs.StreamConfig) { c.Subjects = []string{"prices.0.*"} },
			[]string{"subjects is [prices.0.*]", "must be [prices.0.>]", "nats stream edit PRICES_00"},
		},
		"retention":           {"PRICES_00", func(c *natsjs.StreamConfig) { c.Retention = natsjs.InterestPolicy }, []string{"retention is interest", "must be limits"}},
		"queue retention":     {"FETCHES", func(c *natsjs.StreamConfig) { c.Retention = natsjs.LimitsPolicy }, []string{"retention is limits", "must be workqueue"}},
		"storage":             {"PARKED", func(c *natsjs.StreamConfig) { c.Storage = natsjs.MemoryStorage }, []string{"storage is memory", "must be file"}},
		"messages":            {"PRICES_00", func(c *natsjs.StreamConfig) { c.MaxMsgs = 10 }, []string{"limit of messages is 10", "discard new"}},
		"bytes":               {"PRICES_00", func(c *natsjs.StreamConfig) { c.MaxBytes = 1 << 20 }, []string{"limit of bytes is 1048576"}},
		"queue bytes":         {"FETCHES", func(c *natsjs.StreamConfig) { c.MaxBytes, c.Discard = 1<<20, natsjs.DiscardOld }, []string{"limit of bytes"}},
		"age":                 {"FETCHES", func(c *natsjs.StreamConfig) { c.MaxAge = time.Hour }, []string{"limit of age is 1h0m0s"}},
		"per subject":         {"PARKED", func(c *natsjs.StreamConfig) { c.MaxMsgsPerSubject = 1 }, []string{"per subject is 1"}},
		"atomic":              {"PRICES_00", func(c *natsjs.StreamConfig) { c.AllowAtomicPublish = false }, []string{"atomic publishing is off", "must be on"}},
		"sources per subject": {"SOURCES", func(c *natsjs.StreamConfig) { c.MaxMsgsPerSubject = 5 }, []string{"per subject is 5, must be 1"}},
		"sources bytes":       {"SOURCES", func(c *natsjs.StreamConfig) { c.MaxBytes = 1 << 20 }, []string{"limit of bytes is 1048576"}},
		"schedules":           {"SOURCES", func(c *natsjs.StreamConfig) { c.AllowMsgSchedules = false }, []string{"schedules is off", "must be on"}},
		"persist mode": {"PRICES_00", func(c *natsjs.StreamConfig) {
			c.PersistMode, c.AllowAtomicPublish = natsjs.AsyncPersistMode, false // the server allows but one of them
		}, []string{"persist mode is async"}},
		"sealed": {"PARKED", func(c *natsjs.StreamConfig) { c.Sealed = true }, []string{"sealed is true"}},
		"mirror": {"PARKED", func(c *natsjs.StreamConfig) {
			c.Subjects, c.AllowAtomicPublish, c.Mirror = nil, false, &natsjs.StreamSource{Name: "ORIGIN"}
		}, []string{"the source is a mirror"}},
		"no ack": {"PARKED", func(c *natsjs.StreamConfig) { c.NoAck, c.AllowAtomicPublish = true, false }, []string{"acknowledging is off"}},
		"transform": {"PARKED", func(c *natsjs.StreamConfig) {
			c.SubjectTransform = &natsjs.SubjectTransformConfig{Source: "parked.*.*", Destination: "parked.{{wildcard(2)}}"}
		}, []string{"subject transform"}},
		"rolling up": {"OBJ_HELD", func(c *natsjs.StreamConfig) { c.AllowRollup = false }, []string{"rolling up is off"}},
		"held age":   {"OBJ_HELD", func(c *natsjs.StreamConfig) { c.MaxAge = time.Hour }, []string{"limit of age is 1h0m0s"}},
		"replicas":   {"PARKED", func(*natsjs.StreamConfig) {}, []string{"replicas is 1", "at least 3, as asked for", "nats stream edit PARKED"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc, _ := start(t, t.TempDir())
			js := server(t, nc)
			open(t, nc, jetstream.Config{})
			config := streamConfig(t, js, test.stream)
			wantNoError(t, js.DeleteStream(t.Context(), test.stream))
			sealed := config
			test.change(&config)
			if sealed.Sealed = config.Sealed; sealed.Sealed { // which no stream is from the start
				config.Sealed = false
			}
			_, err := js.CreateStream(t.Context(), config)
			wantNoError(t, err)
			if sealed.Sealed {
				_, err := js.UpdateStream(t.Context(), sealed)
				wantNoError(t, err)
			}
			asked := jetstream.Config{}
			if name == "replicas" {
				asked.Replicas = 3
			}
			wantRefused(t, nc, asked, append(test.want, "stream "+test.stream)...)
		})
	}
}

// An operator may limit a stream in ways by which it loses nothing, and old logs with one replica allow direct reads.
func TestOpenAllowsSettings(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	js := server(t, nc)
	open(t, nc, jetstream.Config{})
	for _, name := range []string{"PRICES_00", "FETCH_EVENTS", "PARKED", "FETCHES"} {
		config := streamConfig(t, js, name)
		config.MaxMsgs, config.MaxBytes, config.Discard = 1_000_000, 1<<30, natsjs.DiscardNew
		config.AllowDirect, config.Description, config.DenyPurge = true, "ours", true
		_, err := js.UpdateStream(t.Context(), config)
		wantNoError(t, err)
	}
	uploads := streamConfig(t, js, "OBJ_UPLOADS")
	uploads.MaxAge, uploads.MaxBytes = time.Hour, 1<<30
	_, err := js.UpdateStream(t.Context(), uploads)
	wantNoError(t, err)
	log := open(t, nc, jetstream.Config{})
	publish(t, log, 10)
}

// All faults are told together.
func TestOpenTellsAllFaults(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	js := server(t, nc)
	open(t, nc, jetstream.Config{Shards: 2})
	for _, name := range []string{"PRICES_00", "PRICES_01", "PARKED"} {
		config := streamConfig(t, js, name)
		config.MaxAge, config.AllowAtomicPublish = time.Hour, false
		_, err := js.UpdateStream(t.Context(), config)
		wantNoError(t, err)
	}
	wantRefused(t, nc, jetstream.Config{}, "stream PRICES_00: the limit of age", "stream PRICES_01: atomic publishing", "stream PARKED: the limit of age")
}

func TestOpenRefusesTakenSubjects(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	_, err := server(t, nc).CreateStream(t.Context(), natsjs.StreamConfig{Name: "THEIRS", Subjects: []string{"prices.>"}})
	wantNoError(t, err)
	wantRefused(t, nc, jetstream.Config{}, "stream PRICES_00", "prices.0.>", "taken by another stream")
}

func TestOpenRefusesTooFewServers(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	wantRefused(t, nc, jetstream.Config{Replicas: 3}, "stream FETCH_EVENTS: replicas", "3, which was asked for", "start as many servers")
}

func TestOpenRefusesServerWithoutJetStream(t *testing.T) {
	t.Parallel()
	running := natstest.StartServer(t, &natsd.Options{ServerName: "plain"})
	wantRefused(t, connect(t, running.ClientURL()), jetstream.Config{}, "server plain: JetStream is off")
}

func TestOpenNamesMissingPermission(t *testing.T) {
	t.Parallel()
	running := natstest.StartServer(t, &natsd.Options{
		ServerName: "strict", JetStream: true,
		Users: []*natsd.User{{Username: "u", Password: "secret", Permissions: &natsd.Permissions{
			Publish: &natsd.SubjectPermission{Allow: []string{"prices.>"}},
		}}},
	})
	url := strings.Replace(running.ClientURL(), "nats://", "nats://u:secret@", 1)
	wantRefused(t, connect(t, url), jetstream.Config{}, "server strict: a permission is missing", "$JS.API.INFO")
}

// Replicas of which any would answer are refused; with one replica direct reads do no harm.
func TestOpenRefusesDirectReadsOfReplicas(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	nc := connect(t, c.URL())
	open(t, nc, jetstream.Config{Replicas: 3})
	js := server(t, nc)
	config := streamConfig(t, js, "PRICES_00")
	config.AllowDirect = true
	_, err := js.UpdateStream(t.Context(), config)
	wantNoError(t, err)
	wantRefused(t, nc, jetstream.Config{}, "stream PRICES_00: direct reading is on")
	wantRefused(t, nc, jetstream.Config{Replicas: 5}, "stream PARKED: replicas is 3", "at least 5")
}
