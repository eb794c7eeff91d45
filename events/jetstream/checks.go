package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// oldestServer is the version that brought atomic batches and schedules of messages.
var oldestServer = [2]int{2, 12}

// checkServer returns the faults of the server that the connection has; of others in a cluster it cannot know.
func checkServer(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	if nc.IsClosed() {
		return unavailable("open log", nats.ErrConnectionClosed)
	}
	var faults FaultsError
	if fault, ok := versionFault(nc.ConnectedServerName(), nc.ConnectedServerVersion()); ok {
		faults = append(faults, fault)
	}
	err := untilAnswered(ctx, openPatience, func(ctx context.Context) error {
		_, err := js.AccountInfo(ctx)
		if denied := nc.LastError(); err != nil && errors.Is(denied, nats.ErrPermissionViolation) {
			return denied // which otherwise looks like a slow answer
		}
		return err
	})
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		faults = append(faults, Fault{
			Where: "server " + nc.ConnectedServerName(), What: "JetStream", Is: "off", Must: "on",
			Todo: todoEnable,
		})
	case errors.Is(err, nats.ErrPermissionViolation):
		faults = append(faults, Fault{
			Where: "server " + nc.ConnectedServerName(), What: "a permission", Is: "missing (" + err.Error() + ")", Must: "granted",
			Todo: "let Atlant's user publish to and subscribe to everything in an account of its own",
		})
	case err != nil && len(faults) == 0:
		return unavailable("open log", err)
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// versionFault tells whether a server is too old; one whose version is none, a build of one's own, may pass.
func versionFault(name, version string) (Fault, bool) {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); err != nil {
		return Fault{}, false
	}
	if slices.Compare([]int{major, minor}, oldestServer[:]) >= 0 {
		return Fault{}, false
	}
	return Fault{
		Where: "server " + name, What: "the version", Is: version, Must: fmt.Sprintf("%d.%d or newer", oldestServer[0], oldestServer[1]),
		Todo: "upgrade nats-server on all servers: older ones have neither atomic batches nor schedules",
	}, true
}

// What an operator can do about a setting.
const (
	todoEdit   = "change it with `nats stream edit %s`"
	todoEnable = "enable it in the server's configuration (jetstream {…}), and for the account if there are several"
	todoRemake = "it cannot be changed: copy what the stream holds, delete it, let Atlant create it, and copy it back"
)

// setting is one of a stream, with what it must be.
type setting struct {
	what, is, must string
	right          bool
	todo           string
}

// streamFaults compares a stream with what Atlant would create, in what its promises hang on. Without replicas wanted any
// number of them will do.
func streamFaults(is, must jetstream.StreamConfig) FaultsError {
	subjects, wanted := sorted(is.Subjects), sorted(must.Subjects)
	faults := FaultsError{}
	for _, s := range slices.Concat([]setting{
		{"subjects", fmt.Sprint(subjects), fmt.Sprint(wanted), slices.Equal(subjects, wanted), todoEdit},
		{"retention", name(is.Retention), name(must.Retention), is.Retention == must.Retention, todoRemake},
		{"storage", name(is.Storage), name(must.Storage), is.Storage == must.Storage, todoRemake},
		{
			"replicas", strconv.Itoa(is.Replicas), fmt.Sprintf("at least %d, as asked for", must.Replicas),
			is.Replicas >= must.Replicas, todoEdit,
		},
		{
			"persist mode", "async", "default, or nothing is synced to the disk",
			is.PersistMode != jetstream.AsyncPersistMode, todoRemake,
		},
		{"atomic publishing", "off", "on", is.AllowAtomicPublish || !must.AllowAtomicPublish, todoEdit},
		{
			"direct reading", "on", "off with several replicas, any of which would answer, even if it is behind",
			!is.AllowDirect || is.Replicas <= 1, todoEdit,
		},
		{"message schedules", "off", "on", is.AllowMsgSchedules || !must.AllowMsgSchedules, todoEdit},
		{"rolling up", "off", "on", is.AllowRollup || !must.AllowRollup, todoEdit},
	}, lossSettings(is, must), writeSettings(is)) {
		if !s.right {
			todo := strings.ReplaceAll(s.todo, "%s", is.Name)
			faults = append(faults, Fault{Where: "stream " + is.Name, What: s.what, Is: s.is, Must: s.must, Todo: todo})
		}
	}
	return faults
}

// lossSettings are those by which a stream would lose what it holds. What is kept for a while only, an operator may keep for
// another while.
func lossSettings(is, must jetstream.StreamConfig) []setting {
	old := is.Discard == jetstream.DiscardOld
	const limit = "unlimited, or discard new"
	return []setting{
		{"the limit of messages", fmt.Sprint(is.MaxMsgs, ", discard old"), limit, is.MaxMsgs <= 0 || !old, todoEdit},
		{"the limit of bytes", fmt.Sprint(is.MaxBytes, ", discard old"), limit, is.MaxBytes <= 0 || !old, todoEdit},
		{"the limit of age", is.MaxAge.String(), "unlimited", is.MaxAge <= 0 || must.MaxAge > 0, todoEdit},
		limitPerSubject(is, must),
	}
}

// limitPerSubject is wanted where only the last message of each subject counts.
func limitPerSubject(is, must jetstream.StreamConfig) setting {
	s := setting{what: "the limit of messages per subject", is: strconv.FormatInt(is.MaxMsgsPerSubject, 10), todo: todoEdit}
	if must.MaxMsgsPerSubject > 0 {
		s.must, s.right = strconv.FormatInt(must.MaxMsgsPerSubject, 10), is.MaxMsgsPerSubject == must.MaxMsgsPerSubject
		return s
	}
	s.must = "unlimited, or discard new per subject"
	s.right = is.MaxMsgsPerSubject <= 0 || (is.Discard == jetstream.DiscardNew && is.DiscardNewPerSubject)
	return s
}

// writeSettings are those by which a stream would take nothing, or would not say so.
func writeSettings(is jetstream.StreamConfig) []setting {
	return []setting{
		{"sealed", "true", "false", !is.Sealed, todoRemake},
		{"the source", "a mirror", "Atlant", is.Mirror == nil, "make it a stream of its own: remove the mirror with `nats stream edit %s`"},
		{"acknowledging", "off", "on", !is.NoAck, todoEdit},
		{"a subject transform", "set", "none", is.SubjectTransform == nil, todoEdit},
	}
}

func sorted(texts []string) []string { return slices.Sorted(slices.Values(texts)) }

func name(v fmt.Stringer) string { return strings.ToLower(strings.TrimSuffix(v.String(), "Policy")) }
