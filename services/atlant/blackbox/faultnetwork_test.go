package blackbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
)

var (
	leaderKills  = extent(1, 2)
	cutOff       = extent(8*time.Second, 10*time.Second)
	databaseDown = extent(8*time.Second, time.Minute)
	databaseSlow = extent(5*time.Second, 15*time.Second)
)

// killLeaders kills the NATS server that leads a shard, each time that of another one.
func (f *faults) killLeaders(t *testing.T) figures {
	t.Helper()
	got := figures{did: fmt.Sprintf("%d × the leader of a shard killed, back after others lead", leaderKills)}
	for shard := range leaderKills {
		stream := string(events.PriceStream(shard))
		leader := f.LeaderOf(stream)
		got.inFlight = append(got.inFlight, f.awaitInFlight(t))
		f.Kill(leader)
		began := time.Now()
		f.LeaderOf(stream)
		f.awaitCaughtUp(t)
		got.took = append(got.took, time.Since(began))
		f.Restart(leader)
		f.AwaitReady()
	}
	return got
}

// cutOffMinority cuts a NATS server off that leads a shard; the processes that are connected to it still reach it.
func (f *faults) cutOffMinority(t *testing.T) figures {
	t.Helper()
	got := figures{did: "1 of 3 servers cut off for " + cutOff.String()}
	minority := f.LeaderOf(string(events.PriceStream(2)))
	got.inFlight = append(got.inFlight, f.awaitInFlight(t))
	f.Isolate(minority)
	time.Sleep(cutOff)
	f.Heal(minority)
	began := time.Now()
	f.AwaitReady()
	f.awaitCaughtUp(t)
	got.took = append(got.took, time.Since(began))
	return got
}

// stopDatabase has nobody reach the database for a while.
func (f *faults) stopDatabase(t *testing.T) figures {
	t.Helper()
	got := figures{did: "unreachable for " + databaseDown.String(), inFlight: []int64{f.awaitInFlight(t)}}
	f.database.Stop()
	time.Sleep(databaseDown)
	if err := f.database.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	f.awaitCaughtUp(t)
	got.took = append(got.took, time.Since(began))
	return got
}

// slowDatabase has each answer of the database take long.
func (f *faults) slowDatabase(t *testing.T) figures {
	t.Helper()
	got := figures{
		did:      "each answer 200–300 ms late, a fifth of the connections 100 kB/s, for " + databaseSlow.String(),
		inFlight: []int64{f.awaitInFlight(t)},
	}
	for _, toxic := range []string{
		`{"name": "late", "type": "latency", "attributes": {"latency": 250, "jitter": 50}}`,
		`{"name": "narrow", "type": "bandwidth", "stream": "upstream", "toxicity": 0.2, "attributes": {"rate": 100}}`,
	} {
		if _, err := f.database.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(databaseSlow)
	f.database.Toxics.ResetToxics(t.Context())
	began := time.Now()
	f.awaitCaughtUp(t)
	got.took = append(got.took, time.Since(began))
	return got
}
