//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/v2/ferretdb"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// startFerretDB serves, until ctx ends, PostgreSQL at the address listen, and keeps its own files in folder. It returns the
// URI as soon as a client gets an answer there, PostgreSQL's included.
func startFerretDB(ctx context.Context, postgresURL, folder, listen string) (uri string, err error) {
	logPath := filepath.Join(folder, "ferretdb.log")
	log, err := os.Create(logPath)
	if err != nil {
		return "", fmt.Errorf("start FerretDB: %w", err)
	}
	telemetry := false
	server, err := ferretdb.New(&ferretdb.Config{
		PostgreSQLURL: postgresURL,
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
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetTimeout(startLimit))
	if err != nil {
		return "", fmt.Errorf("connect to FerretDB: %w", err)
	}
	defer func() { _ = client.Disconnect(ctx) }()
	if _, err := client.ListDatabaseNames(ctx, bson.D{}); err != nil {
		return "", fmt.Errorf("ask FerretDB: %w; its log:\n%s", err, tail(logPath))
	}
	return uri, nil
}
