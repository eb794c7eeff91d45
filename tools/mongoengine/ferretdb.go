//go:build linux

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/FerretDB/FerretDB/v2/ferretdb"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// startFerretDB serves, until ctx ends, the PostgreSQL in folder at the address listen. It returns the URI as soon as a
// client gets an answer there, PostgreSQL's included.
func startFerretDB(ctx context.Context, folder, listen string) (uri string, err error) {
	telemetry := false
	logPath := filepath.Join(folder, "ferretdb.log")
	log, err := os.Create(logPath)
	if err != nil {
		return "", fmt.Errorf("start FerretDB: %w", err)
	}
	socket := url.Values{"host": {filepath.Join(folder, "socket")}, "user": {"postgres"}}
	server, err := ferretdb.New(&ferretdb.Config{
		PostgreSQLURL: "postgres:///postgres?" + socket.Encode(),
		ListenAddr:    listen,
		StateDir:      folder,
		LogOutput:     log,
		Telemetry:     &telemetry,
	})
	if err != nil {
		return "", fmt.Errorf("start FerretDB: %w; its log:\n%s", err, tail(logPath))
	}
	go server.Run(ctx)
	uri = server.MongoDBURI()
	return uri, await(ctx, uri)
}

// await blocks until the engine answers a question that takes its database to answer.
func await(ctx context.Context, uri string) error {
	const limit, pause = time.Minute, 20 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return fmt.Errorf("connect to FerretDB: %w", err)
	}
	defer func() { _ = client.Disconnect(ctx) }()
	for {
		_, err := client.ListDatabaseNames(ctx, bson.D{})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for an answer: %w", err)
		case <-time.After(pause):
		}
	}
}
