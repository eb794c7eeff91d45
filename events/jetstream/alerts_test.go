package jetstream_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func alertRecord(name, url string) *atlantv1.AlertRecord {
	return &atlantv1.AlertRecord{
		Alert: &atlantv1.Alert{Name: name, WebhookUrl: url, UpdatedAt: timestamppb.Now()}, Since: map[uint32]uint64{0: 7},
	}
}

func registerAlert(t testing.TB, log *jetstream.Log, record *atlantv1.AlertRecord, revision uint64) uint64 {
	t.Helper()
	now, err := log.RegisterAlert(t.Context(), record, revision)
	wantNoError(t, err)
	return now
}

// TestAlertRegistry: records go on revisions, and whatever changes them changes the revision of all.
func TestAlertRegistry(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	revision := func() uint64 {
		t.Helper()
		now, err := log.AlertsRevision(t.Context())
		wantNoError(t, err)
		return now
	}
	if revision() != 0 {
		t.Errorf("revision %d of no alerts", revision())
	}
	first := registerAlert(t, log, alertRecord("b.1", "http://one"), 0)
	_, err := log.RegisterAlert(t.Context(), alertRecord("b.1", "http://two"), 0)
	wantConflict(t, err)
	_, err = log.RegisterAlert(t.Context(), alertRecord("none", "http://two"), first)
	wantConflict(t, err)
	before := revision()
	wantNoError(t, log.MoveAlertPosition(t.Context(), 0, 5))
	if revision() != before {
		t.Error("a position counts as a change of an alert")
	}
	changed := alertRecord("b.1", "http://three")
	second := registerAlert(t, log, changed, first)
	if second <= first || revision() == before {
		t.Errorf("revision %d after %d; of all %d after %d", second, first, revision(), before)
	}
	for _, name := range []string{"a", "c", "d"} {
		registerAlert(t, log, alertRecord(name, "http://"+name), 0)
	}
	page, err := log.RegisteredAlerts(t.Context(), "a", 2)
	wantNoError(t, err)
	if len(page) != 2 || page[0].Revision != second || !proto.Equal(page[0].Record, changed) || page[1].Record.GetAlert().GetName() != "c" {
		t.Errorf("got %v", page)
	}
	before = revision()
	wantConflict(t, log.UnregisterAlert(t.Context(), "b.1", first))
	wantNoError(t, log.UnregisterAlert(t.Context(), "b.1", second))
	found, err := log.RegisteredAlert(t.Context(), "b.1")
	wantNoError(t, err)
	if found != nil || revision() == before {
		t.Errorf("got %v; of all %d", found, revision())
	}
	registerAlert(t, log, alertRecord("b.1", "http://again"), 0)
}

// TestAlertPosition moves forward only, whoever moves it.
func TestAlertPosition(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 2)
	for _, targets := range [][]uint64{{5, 3, 4}, {1, 2, 3}, {9, 9, 6}, {9, 20, 8}} {
		before, err := log.AlertPosition(t.Context(), 0)
		wantNoError(t, err)
		failed := make(chan error)
		for _, to := range targets {
			go func() { failed <- log.MoveAlertPosition(t.Context(), 0, to) }()
		}
		for range targets {
			wantNoError(t, <-failed)
		}
		if now, err := log.AlertPosition(t.Context(), 0); err != nil || now != max(before, slices.Max(targets)) {
			t.Fatalf("from %d to %v: at %d, %v", before, targets, now, err)
		}
	}
	if other, err := log.AlertPosition(t.Context(), 1); err != nil || other != 0 {
		t.Errorf("the other shard is at %d, %v", other, err)
	}
}

func fired(id string) *atlantv1.AlertFired {
	return &atlantv1.AlertFired{Id: id, Notification: &atlantv1.AlertNotification{Data: &atlantv1.FiredAlert{Alert: "a"}}}
}

func nextNotification(t testing.TB, queue events.NotificationQueue, want string) events.NotificationItem {
	t.Helper()
	item, err := queue.Next(t.Context())
	wantNoError(t, err)
	if !proto.Equal(item.Fired(), fired(want)) {
		t.Fatalf("got %v, want %s", item.Fired(), want)
	}
	return item
}

// TestNotifications: one of an id is on the queue at a time, and it comes back until it is done.
func TestNotifications(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	for _, id := range []string{"1", "2", "1"} {
		wantNoError(t, log.Notify(t.Context(), fired(id)))
	}
	queue, err := log.TakeNotifications(t.Context())
	wantNoError(t, err)
	nextNotification(t, queue, "1").Later(time.Millisecond)
	second := nextNotification(t, queue, "2")
	second.Keep()
	wantNoError(t, second.Done(t.Context()))
	again := nextNotification(t, queue, "1")
	queue.Close()
	if queue, err = log.TakeNotifications(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	again.Later(time.Millisecond)
	wantNoError(t, nextNotification(t, queue, "1").Done(t.Context()))
	wantNoError(t, log.Notify(t.Context(), fired("1")))
	wantNoError(t, nextNotification(t, queue, "1").Done(t.Context()))
}

// TestDeliveries: pages of any size give each delivery once, in the order of the last attempts, as it was recorded last.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	none, err := log.Deliveries(t.Context(), "", 0, 10)
	if err != nil || len(none) != 0 {
		t.Errorf("got %v, %v", none, err)
	}
	var want []string // of alert one.1 in front, the last first
	all := map[string]int32{}
	for i := range 120 {
		alert := []string{"one.1", "two"}[min(i%10, 1)]
		id := fmt.Sprint("id", i%70) // of the first some are recorded twice
		all[alert+id]++
		wantNoError(t, log.RecordDelivery(t.Context(), &atlantv1.Delivery{Id: id, Alert: alert, Attempts: all[alert+id]}))
		want = slices.DeleteFunc(want, func(known string) bool { return known == alert+id })
		want = append([]string{alert + id}, want...)
	}
	for _, size := range []int{1000, 7} {
		for _, alert := range []string{"", "one.1", "none"} {
			var got []string
			for before := uint64(0); ; {
				page, err := log.Deliveries(t.Context(), alert, before, size)
				wantNoError(t, err)
				for _, d := range page {
					key := d.Delivery.GetAlert() + d.Delivery.GetId()
					if d.Delivery.GetAttempts() != all[key] {
						t.Fatalf("%s has %d attempts, want %d", key, d.Delivery.GetAttempts(), all[key])
					}
					got = append(got, key)
					before = d.Sequence
				}
				if len(page) < size {
					break
				}
			}
			wanted := slices.DeleteFunc(slices.Clone(want), func(key string) bool { return alert != "" && key[:min(len(key), len(alert))] != alert })
			if !slices.Equal(got, wanted) {
				t.Errorf("%d a page of %q: got %d, %v, want %d, %v", size, alert, len(got), got, len(wanted), wanted)
			}
		}
	}
	found, err := log.Delivery(t.Context(), "one.1", "id0")
	if err != nil || found.GetAttempts() != all["one.1id0"] {
		t.Errorf("got %v, %v", found, err)
	}
	if found, err = log.Delivery(t.Context(), "none", "id0"); err != nil || found != nil {
		t.Errorf("got %v, %v", found, err)
	}
}
