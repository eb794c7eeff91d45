package jetstream

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/atlant-log/atlant/events"
)

// The streams that are not projected.
const (
	queueStream   = "FETCHES"
	parkedStream  = "PARKED"
	sourcesStream = "SOURCES"

	alertsStream       = "ALERTS"
	notificationStream = "NOTIFICATIONS"
	deliveryStream     = "DELIVERIES"
)

// Subjects of the sources, one of each kind a source.
const (
	sourceRecords = "sources.record.*"
	sourceAlarms  = "sources.alarm.*" // that are set
	sourcesDue    = "sources.due.*"   // alarms that have gone off
)

// Subjects of the alerts.
const (
	alertRecords         = "alerts.rule.*"
	alertPositions       = "alerts.position.*" // of each shard
	notificationSubjects = "notifications.*"   // by id
	deliverySubjects     = "deliveries.*.*"    // by alert and id
)

func deliverySubject(alert, id string) string { return subjectOf("deliveries.*", alert) + "." + id }

func observedSubject(shard int) string { return fmt.Sprintf("prices.%d.observed", shard) }

func markerSubject(shard int, fetch events.FetchID) string {
	return fmt.Sprintf("prices.%d.fetch.%s", shard, fetch)
}

func fetchSubject(fetch events.FetchID) string { return "fetches." + fetch.String() }

// queueSubjects are those of all partitions of the queue.
const queueSubjects = "queue.*.*"

func queueSubject(partition int, fetch string) string {
	return fmt.Sprintf("queue.%d.%s", partition, fetch)
}

// consumerPrefix begins the names of the consumers of a partition.
func consumerPrefix(partition int) string { return fmt.Sprintf("fetchers-%02d-", partition) }

func progressSubject(fetch string) string { return "progress." + fetch }

// claimSubject hashes the key, which may hold anything a client likes, into one token of a subject.
func claimSubject(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "requests." + hex.EncodeToString(sum[:16])
}

func parkedSubject(stream events.Stream, sequence uint64) string {
	return fmt.Sprintf("parked.%s.%d", stream, sequence)
}

// kindOf tells what a message holds, and the fetch it belongs to, from its subject.
func kindOf(subject string) (events.Kind, string) {
	if strings.HasSuffix(subject, ".observed") {
		return events.KindObserved, ""
	}
	token := strings.Split(subject, ".")
	switch {
	case len(token) == 4 && token[0] == "prices" && token[2] == "fetch":
		return events.KindMarker, token[3]
	case len(token) == 2 && token[0] == "fetches":
		return events.KindFetchEvent, token[1]
	case len(token) == 2 && token[0] == "requests":
		return events.KindClaim, ""
	default:
		return events.KindUnknown, ""
	}
}
