package mongo

import (
	"context"
	"fmt"
	"regexp"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// layout stands in front of the names of all collections. It changes when they have to hold something else: the views of two
// versions of this program are then apart, and while the one takes over from the other neither writes what the other cannot
// read. The first layout had none.
const layout = "v2_"

// olderCollection matches the names of collections of older layouts.
var olderCollection = regexp.MustCompile(`^(?:views|checkpoints|(?:products|sightings|changes|fetches|rejects|sources)_\d+)$`)

func (s *Store) collection(name string) *driver.Collection {
	return s.database.Collection(layout + name)
}

// Outdated tells whether this Store found views of an older version of this program, and made empty ones beside them, which
// the projectors fill from the log. DropViews removes the older ones.
func (s *Store) Outdated() bool { return s.outdated.Load() }

// lookForOlder notes whether there are views of an older layout.
func (s *Store) lookForOlder(ctx context.Context) error {
	names, err := s.database.ListCollectionNames(ctx, bson.D{}, options.ListCollections().SetNameOnly(true))
	if err != nil {
		return fmt.Errorf("look for views of an older version: %w", err)
	}
	for _, name := range names {
		if olderCollection.MatchString(name) {
			s.outdated.Store(true)
		}
	}
	return nil
}
