package mongo

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/events"
)

// Keys are binary values of a fixed length, big-endian, because these the server compares by their bytes.

// uuidKey is a product's or fetch's id.
type uuidKey uuid.UUID

// positionValue is a position in 24 bytes that sort as positions do.
type positionValue events.Position

// changeKey is a product's id and a position, in 40 bytes: a product's changes lie together, in order.
type changeKey struct {
	product events.ProductID
	at      events.Position
}

// rejectKey is a fetch's id and the place among its rejects, in 24 bytes.
type rejectKey struct {
	fetch events.FetchID
	index int64
}

const (
	sizeID       = 16
	sizePosition = 8 + sizeID
	sizeChange   = sizeID + sizePosition
	sizeReject   = sizeID + 8
	signBit      = 1 << 63 // flipped, so that times before 1970 come first
)

func appendPosition(data []byte, p events.Position) []byte {
	data = binary.BigEndian.AppendUint64(data, uint64(p.ObservedAt)^signBit)
	return append(data, p.Fetch[:]...)
}

func readPosition(data []byte) events.Position {
	at := events.Micros(binary.BigEndian.Uint64(data) ^ signBit)
	return events.Position{ObservedAt: at, Fetch: events.FetchID(data[8:])}
}

// MarshalBSONValue implements bson.ValueMarshaler.
func (k uuidKey) MarshalBSONValue() (kind byte, value []byte, err error) {
	return byte(bson.TypeBinary), append(binaryHead(sizeID, bson.TypeBinaryUUID), k[:]...), nil
}

// UnmarshalBSONValue implements bson.ValueUnmarshaler.
func (k *uuidKey) UnmarshalBSONValue(kind byte, value []byte) error {
	data, err := binaryData(kind, value, sizeID)
	copy(k[:], data)
	return err
}

// MarshalBSONValue implements bson.ValueMarshaler.
func (p positionValue) MarshalBSONValue() (kind byte, value []byte, err error) {
	return byte(bson.TypeBinary), appendPosition(binaryHead(sizePosition, bson.TypeBinaryGeneric), events.Position(p)), nil
}

// UnmarshalBSONValue implements bson.ValueUnmarshaler.
func (p *positionValue) UnmarshalBSONValue(kind byte, value []byte) error {
	data, err := binaryData(kind, value, sizePosition)
	if err == nil {
		*p = positionValue(readPosition(data))
	}
	return err
}

// MarshalBSONValue implements bson.ValueMarshaler.
func (k changeKey) MarshalBSONValue() (kind byte, value []byte, err error) {
	value = append(binaryHead(sizeChange, bson.TypeBinaryGeneric), k.product[:]...)
	return byte(bson.TypeBinary), appendPosition(value, k.at), nil
}

// UnmarshalBSONValue implements bson.ValueUnmarshaler.
func (k *changeKey) UnmarshalBSONValue(kind byte, value []byte) error {
	data, err := binaryData(kind, value, sizeChange)
	if err == nil {
		k.product, k.at = events.ProductID(data), readPosition(data[sizeID:])
	}
	return err
}

// MarshalBSONValue implements bson.ValueMarshaler.
func (k rejectKey) MarshalBSONValue() (kind byte, value []byte, err error) {
	value = append(binaryHead(sizeReject, bson.TypeBinaryGeneric), k.fetch[:]...)
	return byte(bson.TypeBinary), binary.BigEndian.AppendUint64(value, uint64(k.index)), nil
}

// UnmarshalBSONValue implements bson.ValueUnmarshaler.
func (k *rejectKey) UnmarshalBSONValue(kind byte, value []byte) error {
	data, err := binaryData(kind, value, sizeReject)
	if err == nil {
		k.fetch, k.index = events.FetchID(data), int64(binary.BigEndian.Uint64(data[sizeID:]))
	}
	return err
}

// binaryHead returns what precedes the data of a binary value, with room for them.
func binaryHead(size int, subtype byte) []byte {
	head := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+1+size), uint32(size))
	return append(head, subtype)
}

// binaryData returns the data of a binary value of this size.
func binaryData(kind byte, value []byte, size int) ([]byte, error) {
	if bson.Type(kind) != bson.TypeBinary || len(value) != 4+1+size {
		return nil, fmt.Errorf("a %s of %d bytes where a key of %d is expected", bson.Type(kind), len(value), size)
	}
	return value[5:], nil
}
