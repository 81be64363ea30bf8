// Consumers of a webhook and of a stream subscription.
//
//	go mod init consumer && go get github.com/redis/go-redis/v9
//	WEBHOOK_SECRET=whsec_... go run consumer.go webhook
//	go run consumer.go stream
//
// Events come at least once: keep their ids and skip what comes again.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	tolerance    = 5 * time.Minute
	claimAfter   = time.Minute
	maxBodyBytes = 2 << 20
)

type event struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

func handle(body []byte) error {
	var received event
	if err := json.Unmarshal(body, &received); err != nil {
		return err
	}
	fmt.Println(received.Type, received.ID, string(received.Data))
	return nil
}

// isAuthentic checks Standard Webhooks' HMAC-SHA256 over "id.timestamp.body". While the secret is replaced there are two
// signatures.
func isAuthentic(key []byte, header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, signature := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(expected), []byte(signature)) {
			return true
		}
	}
	return false
}

func serve() error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil || len(key) == 0 {
		return errors.New("WEBHOOK_SECRET is missing or no secret")
	}
	return http.ListenAndServe(":"+setting("PORT", "8080"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		switch {
		case err != nil:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case !isAuthentic(key, r.Header, body):
			w.WriteHeader(http.StatusUnauthorized)
		case handle(body) != nil:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
}

func readStream(ctx context.Context) error {
	options, err := redis.ParseURL(setting("REDIS_URL", "redis://127.0.0.1:6379"))
	if err != nil {
		return err
	}
	store := redis.NewClient(options)
	defer store.Close()
	stream, group := setting("STREAM", "wx:{stream.open1.crm}"), setting("GROUP", "crm")
	member := fmt.Sprintf("go-%d", os.Getpid())
	err = store.XGroupCreateMkStream(ctx, stream, group, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return err
	}
	for {
		// What a member took and did not acknowledge, because it crashed, is claimed after a minute.
		entries, _, err := store.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: stream, Group: group, Consumer: member, MinIdle: claimAfter, Start: "0", Count: 100,
		}).Result()
		if err != nil {
			return err
		}
		fresh, err := store.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: group, Consumer: member, Streams: []string{stream, ">"}, Count: 100, Block: time.Second,
		}).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		for _, read := range fresh {
			entries = append(entries, read.Messages...)
		}
		for _, entry := range entries {
			if body, ok := entry.Values["event"].(string); ok {
				if err := handle([]byte(body)); err != nil {
					return err
				}
			}
			if err := store.XAck(ctx, stream, group, entry.ID).Err(); err != nil {
				return err
			}
		}
	}
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	var err error
	switch strings.Join(os.Args[1:], " ") {
	case "webhook":
		err = serve()
	case "stream":
		err = readStream(context.Background())
	default:
		err = errors.New("usage: consumer webhook | stream")
	}
	log.Fatal(err)
}
