// An account's access token from Redis, as the read-only user.
//
//	go mod init consumer && go get github.com/gomodule/redigo github.com/mna/redisc
//	REDIS_URL=redis://token-reader:PASSWORD@127.0.0.1:6379 go run ./redis-token APPID
package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	"consumer/connect"

	"github.com/gomodule/redigo/redis"
)

func main() {
	platform := os.Getenv("PLATFORM")
	if platform == "" {
		platform = "open1"
	}
	key := "wx:{" + platform + "}:access_token:" + os.Args[1]
	store, err := connect.To(key)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	token, err := redis.String(store.Do("GET", key))
	switch {
	case errors.Is(err, redis.ErrNil):
		fmt.Println("none") // ask over HTTP, it tells why
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(token)
	}
}
