// Command load does one measurement of one peer, and prints what it found as a line of JSON:
//
//	load append  --peer nats --address 127.0.0.1:4222 --in-flight 64 --seconds 2
//	load deliver --peer nats --address 127.0.0.1:4222 --seconds 2
//	load disk --dir /srv/agents --seconds 1
//
// It is one program for all peers, so that what it costs itself is about the same for each.
// benches/peers/run.py starts the servers and calls it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// How long preparing and connecting may take: a server that was just started may still refuse.
const prepareTimeout = 20 * time.Second

type settings struct {
	peer     string
	address  string
	dir      string
	inFlight int
	seconds  float64
	rate     int
	pid      int
}

func (s settings) interval() time.Duration {
	return time.Second / time.Duration(s.rate)
}

func (s settings) duration() time.Duration {
	return time.Duration(s.seconds * float64(time.Second))
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to measure: append, deliver, disk or disk-paced")
	}
	measure, known := map[string]func(context.Context, settings) (Found, error){
		"append": measureAppend, "deliver": measureDeliver,
		"disk": measureDisk, "disk-paced": measureDiskPaced,
	}[arguments[0]]
	if !known {
		return fmt.Errorf("unknown measurement %q; there are append, deliver, disk and disk-paced", arguments[0])
	}
	chosen, err := parse(arguments)
	if err != nil {
		return err
	}
	found, err := measure(context.Background(), chosen)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func parse(arguments []string) (settings, error) {
	var chosen settings
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	flags.StringVar(&chosen.peer, "peer", "", "what to measure: "+strings.Join(peerNames(), ", "))
	flags.StringVar(&chosen.address, "address", "", "where its server listens, as host:port")
	flags.StringVar(&chosen.dir, "dir", "", "a folder for the files of peers without a server, and of disk")
	flags.IntVar(&chosen.inFlight, "in-flight", 1, "how many appends there are at once")
	flags.Float64Var(&chosen.seconds, "seconds", 2, "how long to measure")
	flags.IntVar(&chosen.rate, "rate", 200, "how many messages a second are delivered, or synced by disk-paced")
	flags.IntVar(&chosen.pid, "pid", 0, "the server's process, whose processor time is measured")
	err := flags.Parse(arguments[1:])
	if err == nil && (chosen.inFlight < 1 || chosen.seconds <= 0 || chosen.rate < 1) {
		err = errors.New("--in-flight, --seconds and --rate must be above 0")
	}
	return chosen, err
}

// open connects to the peer and has it make an empty place for messages, again and again while its
// server is still starting.
func open(ctx context.Context, chosen settings) (Peer, error) {
	make, known := peers[chosen.peer]
	if !known {
		return nil, fmt.Errorf("unknown peer %q; there are %s", chosen.peer, strings.Join(peerNames(), ", "))
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	for {
		peer, err := make(ctx, chosen)
		if err == nil {
			if err = peer.Prepare(ctx); err == nil {
				return peer, nil
			}
			peer.Close()
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("prepare %s: %w", chosen.peer, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func measureAppend(ctx context.Context, chosen settings) (Found, error) {
	peer, err := open(ctx, chosen)
	if err != nil {
		return Found{}, err
	}
	defer peer.Close()
	return appendAtOnce(ctx, peer, chosen)
}

func measureDeliver(ctx context.Context, chosen settings) (Found, error) {
	peer, err := open(ctx, chosen)
	if err != nil {
		return Found{}, err
	}
	defer peer.Close()
	follower, follows := peer.(Follower)
	if !follows {
		return Found{}, fmt.Errorf("%s delivers nothing", chosen.peer)
	}
	return deliverPaced(ctx, peer, follower, chosen)
}

func measureDisk(_ context.Context, chosen settings) (Found, error) {
	return diskRate(chosen.dir, chosen.duration())
}

func measureDiskPaced(_ context.Context, chosen settings) (Found, error) {
	return diskPaced(chosen.dir, chosen.duration(), chosen.interval())
}
