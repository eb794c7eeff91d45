package events

import (
	"encoding/base64"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// LogPosition says how far into the price log something reaches: for each shard, the sequence of its last message.
// A shard that is absent does not matter.
type LogPosition map[uint32]uint64

// Reaches tells whether p is as far as q in each shard that matters to q.
func (p LogPosition) Reaches(q LogPosition) bool {
	for shard, sequence := range q {
		if p[shard] < sequence {
			return false
		}
	}
	return true
}

// LogPlace is where the price log holds a message: the place of all observations in it.
type LogPlace struct {
	Shard    uint32
	Sequence uint64 // 0 while it is not in the log
}

// ErrBadPosition says that a text is not a log position.
var ErrBadPosition = errors.New("not a position that this log gave out")

// String returns the opaque text that clients hold; empty for an empty position.
func (p LogPosition) String() string {
	if len(p) == 0 {
		return ""
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(&atlantv1.FetchCompleted{Position: p})
	if err != nil {
		panic(fmt.Sprintf("events: encode position: %v", err)) // a map of numbers always encodes
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// ParseLogPosition reads what String wrote for a log of so many shards; it returns ErrBadPosition for anything else.
func ParseLogPosition(text string, shards int) (LogPosition, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, ErrBadPosition
	}
	var m atlantv1.FetchCompleted
	if err := proto.Unmarshal(data, &m); err != nil || (text != "" && len(m.GetPosition()) == 0) {
		return nil, ErrBadPosition
	}
	for shard := range m.GetPosition() {
		if int(shard) >= shards {
			return nil, ErrBadPosition
		}
	}
	return m.GetPosition(), nil
}
