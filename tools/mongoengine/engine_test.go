//go:build linux

package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const beTheCommand = "MONGOENGINE_TEST_COMMAND"

// TestMain lets the test program be the command as well.
func TestMain(m *testing.M) {
	if os.Getenv(beTheCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

type engine struct {
	cmd   *exec.Cmd
	stdin io.Closer
	uri   string
}

func start(t *testing.T, args ...string) *engine {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), beTheCommand+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the command printed no URI: %v", err)
	}
	return &engine{cmd, stdin, strings.TrimSpace(line)}
}

// folder returns the folder of the engine's data, by the lock that it holds there.
func (e *engine) folder(t *testing.T) string {
	t.Helper()
	fds, err := filepath.Glob("/proc/" + strconv.Itoa(e.cmd.Process.Pid) + "/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		path, _ := os.Readlink(fd)
		if folder, name := filepath.Split(path); name == "lock" && strings.Contains(folder, "/run-") {
			return filepath.Clean(folder)
		}
	}
	t.Fatal("the engine holds no lock")
	return ""
}

func connect(t *testing.T, uri string) *mongo.Database {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	return client.Database("test")
}

// TestWhatViewsNeed does what views on MongoDB are going to do.
func TestWhatViewsNeed(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"fast": nil, "durable": {"-fsync"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			products := connect(t, start(t, args...).uri).Collection("products")
			if _, err := products.Indexes().CreateOne(t.Context(), mongo.IndexModel{
				Keys: bson.D{{Key: "name", Value: 1}, {Key: "_id", Value: 1}}, Options: options.Index().SetUnique(true),
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := products.InsertMany(t.Context(), []any{
				bson.M{"_id": "a", "name": "Apples", "seen": 1}, bson.M{"_id": "b", "name": "Bananas", "seen": 5},
			}); err != nil {
				t.Fatal(err)
			}
			_, err := products.InsertOne(t.Context(), bson.M{"_id": "a"})
			if !mongo.IsDuplicateKeyError(err) {
				t.Errorf("inserting an _id again: %v, want a duplicate key", err)
			}
			updated, err := products.UpdateMany(t.Context(),
				bson.M{"_id": bson.M{"$in": []string{"a", "b"}}, "seen": bson.M{"$lt": 3}}, bson.M{"$set": bson.M{"seen": 3}})
			if err != nil || updated.ModifiedCount != 1 {
				t.Errorf("updateMany: %+v, %v, want one modified", updated, err)
			}
			written, err := products.BulkWrite(t.Context(), []mongo.WriteModel{
				mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": "a", "seen": 3}).SetUpdate(bson.M{"$set": bson.M{"seen": 4}}),
				mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": "c"}).SetUpdate(bson.M{"$set": bson.M{"name": "Cherries"}}).SetUpsert(true),
			}, options.BulkWrite().SetOrdered(false))
			if err != nil || written.ModifiedCount != 1 || written.UpsertedCount != 1 {
				t.Errorf("bulkWrite: %+v, %v, want one modified and one upserted", written, err)
			}
			var found []struct {
				ID   string `bson:"_id"`
				Seen int    `bson:"seen"`
			}
			cursor, err := products.Find(t.Context(), bson.M{"seen": bson.M{"$gt": 0}}, options.Find().SetSort(bson.M{"name": -1}))
			if err == nil {
				err = cursor.All(t.Context(), &found)
			}
			if err != nil || len(found) != 2 || found[0].ID != "b" || found[0].Seen != 5 || found[1].ID != "a" || found[1].Seen != 4 {
				t.Errorf("find: %+v, %v, want b seen 5 and a seen 4", found, err)
			}
		})
	}
}

func TestNothingRemains(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*engine) error{
		"stdin closed": func(e *engine) error { return e.stdin.Close() },
		"interrupted":  func(e *engine) error { return e.cmd.Process.Signal(os.Interrupt) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			folder := e.folder(t)
			if err := end(e); err != nil {
				t.Fatal(err)
			}
			if err := e.cmd.Wait(); err != nil {
				t.Errorf("the command ended with %v", err)
			}
			if _, err := os.Stat(folder); !os.IsNotExist(err) {
				t.Errorf("%s remains: %v", folder, err)
			}
		})
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	e := start(t)
	folder := e.folder(t)
	socket := filepath.Join(folder, "socket", ".s.PGSQL.5432")
	if err := e.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	e.cmd.Wait()
	for listens := true; listens; time.Sleep(10 * time.Millisecond) { // the kernel kills it a moment later
		conn, err := net.Dial("unix", socket)
		if listens = err == nil; listens {
			conn.Close()
		}
	}
	start(t)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("%s remains after the next start: %v", folder, err)
	}
}

// TestHalfMade stands in for the real preparation, which takes a minute, one that fails, and then one that does not.
func TestHalfMade(t *testing.T) {
	t.Parallel()
	cache := cache{t.TempDir()}
	root := filepath.Join(cache.path, "root-test")
	err := cache.makeRoot(t.Context(), root, `mkdir -p "$1/half"; echo no network >&2; exit 1`)
	if err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("a preparation that fails: %v, want what it printed", err)
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("a half-made root took its place: %v", err)
	}
	if err := cache.makeRoot(t.Context(), root, `mkdir "$1" "$1/whole" "$1/mounted" && mount -t tmpfs tmpfs "$1/mounted" && touch "$1/mounted/gone"`); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"half": false, "whole": true, "mounted": true, "mounted/gone": false} {
		if _, err := os.Stat(filepath.Join(root, path)); (err == nil) != want {
			t.Errorf("%s exists: %t, want %t", path, err == nil, want)
		}
	}
	if err := cache.makeRoot(t.Context(), root, "exit 1"); err != nil {
		t.Errorf("a root that is there is made again: %v", err)
	}
}
