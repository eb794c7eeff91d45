package events

import "encoding/binary"

// MaxShards is the largest number of shards that a log can have.
const MaxShards = 100

// ShardOf returns the shard, below shards, that holds a product's events. The first four bytes of a UUIDv5
// are as good as a hash.
func ShardOf(id ProductID, shards int) int {
	return int(binary.BigEndian.Uint32(id[:4]) % uint32(shards))
}
