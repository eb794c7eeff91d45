package mongo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections"
)

// wordDocument says which products, of some that were inserted together, have a word in their names. It is true for good: a
// product's id is made of its name. So it is written before the products, and stays when one is removed; it may name products
// that there are not, and a product may be named twice. An index on an array of words in each product would say the same, and
// make inserting products three times as slow on the engine that was measured: this is one document for each word that is new
// among the products of a batch, with no index but its key.
type wordDocument struct {
	ID       string `bson:"_id"`      // the word, a space, and a hash of the products
	Products idList `bson:"products"` // at most idsPerWord
}

// idsPerWord bounds a document, and so what is read of a word too much.
const idsPerWord = 500

// idList is ids, one behind the other, in one binary value.
type idList []uuidKey

// MarshalBSONValue implements bson.ValueMarshaler.
func (l idList) MarshalBSONValue() (kind byte, value []byte, err error) {
	value = binaryHead(sizeID*len(l), bson.TypeBinaryGeneric)
	for _, id := range l {
		value = append(value, id[:]...)
	}
	return byte(bson.TypeBinary), value, nil
}

// UnmarshalBSONValue implements bson.ValueUnmarshaler.
func (l *idList) UnmarshalBSONValue(kind byte, value []byte) error {
	const head = 4 + 1
	if bson.Type(kind) != bson.TypeBinary || len(value) < head || (len(value)-head)%sizeID != 0 {
		return fmt.Errorf("a %s of %d bytes where ids are expected", bson.Type(kind), len(value))
	}
	for data := range slices.Chunk(value[head:], sizeID) {
		*l = append(*l, uuidKey(data))
	}
	return nil
}

// insertWords records by which words the products are found.
func (v *views) insertWords(ctx context.Context, products []projections.Product) error {
	byWord := map[string]idList{}
	for i := range products {
		for _, word := range projections.NameWords(products[i].Name) {
			byWord[word] = append(byWord[word], uuidKey(products[i].ID))
		}
	}
	all := make([]wordDocument, 0, len(byWord))
	for word, ids := range byWord {
		slices.SortFunc(ids, compareIDs) // the same products give the same documents
		for chunk := range slices.Chunk(ids, idsPerWord) {
			all = append(all, newWordDocument(word, chunk))
		}
	}
	slices.SortFunc(all, func(a, b wordDocument) int { return cmp.Compare(a.ID, b.ID) })
	if _, err := insertNew(ctx, v.words, all); err != nil {
		return fmt.Errorf("insert words: %w", err)
	}
	return nil
}

func newWordDocument(word string, ids idList) wordDocument {
	hash := sha256.New()
	for _, id := range ids {
		hash.Write(id[:])
	}
	return wordDocument{ID: word + " " + hex.EncodeToString(hash.Sum(nil)[:8]), Products: ids}
}

// idSet is products, each once.
type idSet map[uuidKey]struct{}

// findWord returns the products that have a word with this beginning, and whether these are all. It stops when it has more than
// so many.
func (v *views) findWord(ctx context.Context, beginning string, most int) (found idSet, all bool, err error) {
	const documentsPerAnswer, beyond = 200, "\U0010FFFF" // which is no letter
	filter := bson.D{{Key: fieldID, Value: bson.D{{Key: "$gte", Value: beginning}, {Key: "$lt", Value: beginning + beyond}}}}
	how := options.Find().SetSort(ordered(1, fieldID)).SetBatchSize(documentsPerAnswer)
	cursor, err := v.words.Find(ctx, filter, how)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = cursor.Close(ctx) }()
	found = idSet{}
	for len(found) <= most && cursor.Next(ctx) {
		var d wordDocument
		if err := cursor.Decode(&d); err != nil {
			return nil, false, err
		}
		for _, id := range d.Products {
			found[id] = struct{}{}
		}
	}
	return found, len(found) <= most, cursor.Err()
}

// findWords returns the products that have words with all of these beginnings, and whether they are known to have. It reads up
// to so many of each word; all is false where each has more. Of those that it returns some may not be there any more.
func (v *views) findWords(ctx context.Context, beginnings []string, most int) (found idSet, sure, all bool, err error) {
	sure = true
	for _, beginning := range beginnings {
		ids, complete, err := v.findWord(ctx, beginning, most)
		switch {
		case err != nil:
			return nil, false, false, err
		case !complete:
			sure = false
		case !all:
			found, all = ids, true
		default:
			maps.DeleteFunc(found, func(id uuidKey, _ struct{}) bool { _, both := ids[id]; return !both })
		}
	}
	return found, sure, all, nil
}

// ids returns them in their order.
func (s idSet) ids() []uuidKey { return slices.SortedFunc(maps.Keys(s), compareIDs) }
