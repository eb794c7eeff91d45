package natstest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Cluster is several servers with JetStream in this process. They reach each other through proxies only, so that each can
// be cut off. Its methods are for the goroutine of the test.
type Cluster struct {
	tb      testing.TB
	nodes   []*node
	proxies map[[2]int]*proxy // the ways from one to another
}

// node is one server, and how to start it again.
type node struct {
	options  *server.Options
	running  *server.Server // nil while it is stopped
	isolated bool
}

// nowhere is what servers tell others of how to reach them: so all keep to the proxies.
const nowhere = "127.0.0.1:1"

// StartCluster starts n servers, each with a store in a temporary folder that is synced with every write, and waits until
// they have elected a leader. The end of the test stops them.
func StartCluster(tb testing.TB, n int) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb, proxies: map[[2]int]*proxy{}}
	for from := range n {
		for to := range n {
			if from != to {
				c.proxies[[2]int{from, to}] = newProxy(tb)
			}
		}
	}
	for i := range n {
		c.nodes = append(c.nodes, &node{options: c.options(i, n)})
	}
	for i := range n {
		c.Restart(i)
	}
	tb.Cleanup(func() {
		for i := range c.nodes {
			c.Stop(i)
		}
	})
	c.AwaitReady()
	return c
}

func (c *Cluster) options(i, n int) *server.Options {
	options := &server.Options{
		ServerName: fmt.Sprint("server-", i), Host: loopback, Port: lastingPort(c.tb), NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: c.tb.TempDir(), SyncAlways: true, JetStreamMaxStore: 8 << 30, JetStreamMaxMemory: 1 << 30,
		Cluster: server.ClusterOpts{
			Name: "test", Host: loopback, Port: -1, Advertise: nowhere, NoAdvertise: true, PoolSize: -1,
		},
		LeafNode: server.LeafNodeOpts{Host: loopback, Port: lastingPort(c.tb), NoAdvertise: true},
	}
	for other := range n {
		if other != i {
			options.Routes = append(options.Routes, &url.URL{Scheme: "nats-route", Host: c.proxies[[2]int{i, other}].addr()})
		}
	}
	return options
}

// Restart starts a server that was stopped, at its old place and with its old store.
func (c *Cluster) Restart(i int) {
	c.tb.Helper()
	node := c.nodes[i]
	options := node.options.Clone()
	node.running = start(c.tb, options)
	for way, proxy := range c.proxies {
		if way[1] == i {
			proxy.setTarget(node.running.ClusterAddr().String())
		}
	}
	c.Heal(i)
}

// Stop shuts a server down, which hands its leaderships over first; it does nothing if it is stopped.
func (c *Cluster) Stop(i int) {
	if running := c.nodes[i].running; running != nil {
		c.nodes[i].running = nil
		stop(running)
	}
}

// Kill ends a server without giving the others notice: it is cut off before it is shut down.
func (c *Cluster) Kill(i int) {
	c.Isolate(i)
	c.Stop(i)
}

// Isolate cuts a server off from the others; its clients still reach it.
func (c *Cluster) Isolate(i int) { c.setIsolated(i, true) }

// Heal undoes Isolate.
func (c *Cluster) Heal(i int) { c.setIsolated(i, false) }

func (c *Cluster) setIsolated(i int, isolated bool) {
	c.nodes[i].isolated = isolated
	for way, proxy := range c.proxies {
		if way[0] == i || way[1] == i {
			proxy.setCut(c.nodes[way[0]].isolated || c.nodes[way[1]].isolated)
		}
	}
}

// Servers returns the servers that run.
func (c *Cluster) Servers() []*server.Server {
	var all []*server.Server
	for _, node := range c.nodes {
		if node.running != nil {
			all = append(all, node.running)
		}
	}
	return all
}

// URL returns the URLs of the servers given, or of all, separated by commas.
func (c *Cluster) URL(which ...int) string {
	if len(which) == 0 {
		for i := range c.nodes {
			which = append(which, i)
		}
	}
	urls := make([]string, len(which))
	for i, n := range which {
		urls[i] = fmt.Sprintf("nats://127.0.0.1:%d", c.nodes[n].options.Port)
	}
	return strings.Join(urls, ",")
}

// LeafURL returns where all servers take leaf nodes, separated by commas.
func (c *Cluster) LeafURL() string {
	urls := make([]string, len(c.nodes))
	for i, node := range c.nodes {
		urls[i] = LeafURL(node.options)
	}
	return strings.Join(urls, ",")
}

// AwaitReady waits until all servers that run know a leader and each other.
func (c *Cluster) AwaitReady() {
	c.tb.Helper()
	c.await("the cluster to be ready", func() bool {
		leaders := 0
		for _, running := range c.Servers() {
			if !running.JetStreamIsCurrent() || running.NumRoutes() < len(c.Servers())-1 {
				return false
			}
			if running.JetStreamIsLeader() {
				leaders++
			}
		}
		return leaders == 1
	})
}

// LeaderOf waits until a stream of the default account has a leader, and returns which server that is.
func (c *Cluster) LeaderOf(stream string) int {
	c.tb.Helper()
	leader := -1
	c.await("a leader of "+stream, func() bool {
		for i, node := range c.nodes {
			if node.running != nil && node.running.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
				leader = i
				return true
			}
		}
		return false
	})
	return leader
}

func (c *Cluster) await(what string, holds func() bool) {
	c.tb.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.tb.Fatal("waited in vain for ", what)
		}
	}
}
