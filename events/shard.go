package events

import "encoding/binary"

// MaxShards is the largest number of shards that a log can have.
const MaxShards = 100

// ShardOf returns the shard, below shards, that holds a product's events. The first eight bytes of a UUIDv5 are as
// good as a hash, but for the four bits of its version.
func ShardOf(id ProductID, shards int) int {
	return int(binary.BigEndian.Uint32(id[:4]) % uint32(shards))
}
