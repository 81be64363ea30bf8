// A consumer of a stream subscription, as one member of a group.
//
//	go mod init consumer && go get github.com/gomodule/redigo github.com/mna/redisc
//	REDIS_URL=redis://127.0.0.1:6379 STREAM='sink.stream of the subscription' go run ./stream
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"consumer/connect"

	"github.com/gomodule/redigo/redis"
)

const keptIDs = 10_000

// Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
var (
	handled = map[string]bool{}
	ids     []string
)

func handle(body []byte) error {
	var event struct {
		ID, Type string
		Data     json.RawMessage
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return err
	}
	if handled[event.ID] {
		return nil
	}
	fmt.Println(event.Type, event.ID, string(event.Data))
	handled[event.ID] = true
	ids = append(ids, event.ID)
	if len(ids) > keptIDs {
		delete(handled, ids[0])
		ids = ids[1:]
	}
	return nil
}

func consume(store redis.Conn, stream, group, member, claimAfterMs string) error {
	_, err := store.Do("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return err
	}
	for {
		// What another member took and did not acknowledge, because it crashed, then what is new.
		claimed, err := redis.Values(store.Do("XAUTOCLAIM", stream, group, member, claimAfterMs, "0", "COUNT", 100))
		if err != nil {
			return err
		}
		entries, err := redis.Values(claimed[1], nil)
		if err != nil {
			return err
		}
		fresh, err := redis.Values(store.Do("XREADGROUP", "GROUP", group, member, "COUNT", 100, "BLOCK", 1000, "STREAMS", stream, ">"))
		if err != nil && !errors.Is(err, redis.ErrNil) {
			return err
		}
		for _, read := range fresh {
			pair, err := redis.Values(read, nil)
			if err != nil {
				return err
			}
			more, err := redis.Values(pair[1], nil)
			if err != nil {
				return err
			}
			entries = append(entries, more...)
		}
		for _, entry := range entries {
			if err := take(store, stream, group, entry); err != nil {
				return err
			}
		}
	}
}

// take handles one entry and acknowledges it. An error ends the process; the entry stays unacknowledged and comes again.
func take(store redis.Conn, stream, group string, entry any) error {
	pair, err := redis.Values(entry, nil)
	if err != nil {
		return err
	}
	fields, err := redis.StringMap(pair[1], nil)
	if err != nil {
		return err
	}
	if err := handle([]byte(fields["event"])); err != nil {
		return err
	}
	_, err = store.Do("XACK", stream, group, pair[0])
	return err
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	store, err := connect.To(os.Getenv("STREAM"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	member := setting("MEMBER", fmt.Sprintf("go-%d", os.Getpid()))
	log.Fatal(consume(store, os.Getenv("STREAM"), setting("GROUP", "crm"), member, setting("CLAIM_AFTER_MS", "60000")))
}
