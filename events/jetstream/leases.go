package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

const (
	leaseBucket = "LEASES"
	// markerTTL is how long the bucket remembers that a claim lapsed, for watchers to see: the least that is possible.
	markerTTL = time.Second
)

// LeaseConfig says how to open the leases.
type LeaseConfig struct {
	Replicas int           // of the bucket; 0 means 1
	TTL      time.Duration // of a claim, at least 100 ms; 0 means events.LeaseTTL. A bucket that is there keeps its own.
}

// Leases are claims in a key-value bucket, a key each. The bucket's TTL ends them (a TTL of the key's own would be gone
// with the first renewal).
type Leases struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	kv     jetstream.KeyValue
	config jetstream.KeyValueConfig
}

var _ events.Leases = (*Leases)(nil)

// OpenLeases opens the leases, creating their bucket if it is missing; many processes may do so at once. The connection
// stays the caller's. It returns events.ErrUnavailable if NATS does not answer.
func OpenLeases(ctx context.Context, nc *nats.Conn, config LeaseConfig) (*Leases, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open leases: %w", err)
	}
	ttl := config.TTL
	if ttl == 0 {
		ttl = events.LeaseTTL
	}
	// On one server the bucket is in memory: renewing must not keep a disk busy. Replicas need what they agreed on to be on
	// the disk: in memory they were seen to end up at odds after a change of leaders, and took no claim any more.
	storage := jetstream.MemoryStorage
	if config.Replicas > 1 {
		storage = jetstream.FileStorage
	}
	leases := &Leases{nc: nc, js: js, config: jetstream.KeyValueConfig{
		Bucket: leaseBucket, Description: "who works on what", Storage: storage,
		TTL: ttl, LimitMarkerTTL: markerTTL, Replicas: max(config.Replicas, 1),
	}}
	if leases.kv, err = leases.openBucket(ctx); err != nil {
		return nil, err
	}
	status, err := leases.kv.Status(ctx)
	if err != nil {
		return nil, unavailable("open leases", err)
	}
	leases.config.TTL = status.TTL()
	return leases, nil
}

// openBucket opens or creates the bucket.
func (l *Leases) openBucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := l.js.KeyValue(ctx, leaseBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = l.js.CreateKeyValue(ctx, l.config)
		if errors.Is(err, jetstream.ErrBucketExists) { // a process of another configuration was faster
			kv, err = l.js.KeyValue(ctx, leaseBucket)
		}
	}
	if err != nil {
		return nil, unavailable("open leases", err)
	}
	return kv, nil
}

// TTL implements events.Leases.
func (l *Leases) TTL() time.Duration { return l.config.TTL }

// claim is what the bucket holds.
type claim struct {
	Name   string `json:"name"`
	Holder string `json:"holder"`
	Note   []byte `json:"note,omitempty"`
}

type lease struct {
	kv           jetstream.KeyValue
	name, holder string
	revision     uint64
}

// Take implements events.Leases.
func (l *Leases) Take(ctx context.Context, name, holder string, note []byte) (events.Lease, error) {
	taken := &lease{kv: l.kv, name: name, holder: holder}
	create := func(data []byte) (uint64, error) { return l.kv.Create(ctx, leaseKey(name), data) }
	err := taken.write(ctx, note, create)
	if errors.Is(err, jetstream.ErrNoStreamResponse) { // the bucket was lost with a restart of NATS
		if _, err := l.openBucket(ctx); err != nil {
			return nil, err
		}
		err = taken.write(ctx, note, create)
	}
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// Renew implements events.Lease.
func (l *lease) Renew(ctx context.Context, note []byte) error {
	return l.write(ctx, note, func(data []byte) (uint64, error) {
		return l.kv.Update(ctx, leaseKey(l.name), data, l.revision)
	})
}

// write puts the claim into the bucket. If that is refused, the key may still hold a claim of this holder: an earlier
// write whose confirmation was lost. It is then written over.
func (l *lease) write(ctx context.Context, note []byte, put func(data []byte) (uint64, error)) error {
	data, err := json.Marshal(claim{Name: l.name, Holder: l.holder, Note: note})
	if err != nil {
		return fmt.Errorf("hold lease %s: %w", l.name, err)
	}
	revision, err := put(data)
	if isTaken(err) {
		if at, ours := l.find(ctx); ours {
			revision, err = l.kv.Update(ctx, leaseKey(l.name), data, at)
		}
	}
	switch {
	case isTaken(err):
		return fmt.Errorf("hold lease %s: %w", l.name, events.ErrConflict)
	case err != nil:
		return unavailable("hold lease "+l.name, err)
	}
	l.revision = revision
	return nil
}

// find returns the revision of the key if it holds a claim of this holder.
func (l *lease) find(ctx context.Context) (uint64, bool) {
	entry, err := l.kv.Get(ctx, leaseKey(l.name))
	if err != nil {
		return 0, false
	}
	var found claim
	err = json.Unmarshal(entry.Value(), &found)
	return entry.Revision(), err == nil && found.Holder == l.holder
}

// Release implements events.Lease.
func (l *lease) Release(ctx context.Context) error {
	err := l.kv.Delete(ctx, leaseKey(l.name), jetstream.LastRevision(l.revision))
	if err != nil && !isTaken(err) {
		return unavailable("release lease "+l.name, err)
	}
	return nil
}

// isTaken tells whether a write was refused because the key is not what it was expected to be.
func isTaken(err error) bool {
	return errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyRevisionMismatch)
}

// notInKeys is what cannot stand in a key, or, as the dot does, means something there.
var notInKeys = regexp.MustCompile(`[^-_/a-zA-Z0-9]+`)

// leaseKey writes a name as a key; two names never share one.
func leaseKey(name string) string {
	return notInKeys.ReplaceAllStringFunc(name, func(s string) string { return fmt.Sprintf("=%X=", s) })
}
