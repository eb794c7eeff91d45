package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Empty tells whether the database that the URI names holds nothing.
func Empty(ctx context.Context, uri string) (empty bool, err error) {
	err = onDatabase(ctx, uri, "look into", func(database *driver.Database) error {
		names, err := database.ListCollectionNames(ctx, bson.D{})
		empty = len(names) == 0
		return err
	})
	return empty && err == nil, err
}

// Drop deletes all that the database holds which the URI names. It is for those who filled it to measure it.
func Drop(ctx context.Context, uri string) error {
	return onDatabase(ctx, uri, "drop", func(database *driver.Database) error { return database.Drop(ctx) })
}

func onDatabase(ctx context.Context, uri, operation string, do func(*driver.Database) error) error {
	target, err := parseURI(uri)
	if err != nil {
		return failed("read", "the URI", err)
	}
	client, err := driver.Connect(target.options)
	if err != nil {
		return failed("connect to", target.hosts(), err)
	}
	err = do(client.Database(target.database))
	return failed(operation, target.hosts(), errors.Join(err, client.Disconnect(context.WithoutCancel(ctx))))
}
