// A consumer of a webhook subscription, behind your TLS proxy. Needs nothing but the standard library.
//
//	WEBHOOK_SECRET=whsec_... PORT=8080 go run main.go
package main

import (
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
	"sync"
	"time"
)

const (
	tolerance    = 5 * time.Minute
	maxBodyBytes = 2 << 20
	keptIDs      = 10_000
)

// Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
var (
	mutex   sync.Mutex
	handled = map[string]bool{}
	ids     []string
)

type event struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
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
	for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(expected), []byte(given)) {
			return true
		}
	}
	return false
}

// handle's answer is read when the subscription has "reply": true. Be quick: work afterwards.
func handle(received event) map[string]any {
	mutex.Lock()
	defer mutex.Unlock()
	if handled[received.ID] {
		return map[string]any{}
	}
	fmt.Println(received.Type, received.ID, string(received.Data))
	handled[received.ID] = true
	ids = append(ids, received.ID)
	if len(ids) > keptIDs {
		delete(handled, ids[0])
		ids = ids[1:]
	}
	var message struct{ Content string }
	if received.Type != "wechat.message.text" || json.Unmarshal(received.Data, &message) != nil {
		return map[string]any{}
	}
	return map[string]any{"reply": map[string]string{"MsgType": "text", "Content": "收到：" + message.Content}}
}

func receive(key []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// The bytes as they came: what is parsed and written again has another signature.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if !isAuthentic(key, r.Header, body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var received event
		if err := json.Unmarshal(body, &received); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("content-type", "application/json")
		if err := json.NewEncoder(w).Encode(handle(received)); err != nil {
			log.Println(err)
		}
	}
}

func serve() error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil || len(key) == 0 {
		return errors.New("WEBHOOK_SECRET is missing or no secret")
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	return http.ListenAndServe("127.0.0.1:"+port, receive(key))
}

func main() {
	log.Fatal(serve())
}
