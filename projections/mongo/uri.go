package mongo

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

const defaultDatabase = "atlant"

// target is what a URI says.
type target struct {
	database string
	options  *options.ClientOptions
}

// hosts returns the servers, for errors: the URI itself may hold a password.
func (t *target) hosts() string { return strings.Join(t.options.Hosts, ",") + "/" + t.database }

func parseURI(uri string) (*target, error) {
	t := &target{options: options.Client().ApplyURI(uri)}
	if err := t.options.Validate(); err != nil {
		return nil, hideUser(uri, err)
	}
	database, err := databaseOf(uri)
	if err != nil {
		return nil, err
	}
	t.database = database
	t.options.SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Local()).SetReadPreference(readpref.Primary())
	if t.options.AppName == nil {
		t.options.SetAppName("atlant")
	}
	if t.options.ServerSelectionTimeout == nil {
		t.options.SetServerSelectionTimeout(patience)
	}
	return t, nil
}

// hideUser returns what is wrong with a URI apart from its user and password, parts of which the driver's error may show.
func hideUser(uri string, err error) error {
	at := strings.LastIndex(uri, "@")
	if at < 0 {
		return err
	}
	scheme, _, _ := strings.Cut(uri, "://")
	if err := options.Client().ApplyURI(scheme + "://" + uri[at+1:]).Validate(); err != nil {
		return err
	}
	return errors.New("it is malformed. In user and password, and in values of options, special characters must be escaped, " +
		"such as @ as %40")
}

// databaseOf returns the name in the path of a URI that the driver found valid.
func databaseOf(uri string) (string, error) {
	_, rest, _ := strings.Cut(uri, "://")
	_, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	name, err := url.PathUnescape(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("its database: %w", err)
	case name == "":
		return defaultDatabase, nil
	case slices.Contains([]string{"admin", "config", "local"}, name):
		return "", fmt.Errorf("the database %s is MongoDB's own. Name another one for the views, such as /%s?authSource=%s",
			name, defaultDatabase, name)
	}
	return name, nil
}
