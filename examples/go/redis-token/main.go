// An account's access token from Redis, as the read-only user.
//
//	go mod init consumer && go get github.com/gomodule/redigo
//	REDIS_URL=redis://token-reader:PASSWORD@127.0.0.1:6379 go run main.go APPID
package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/gomodule/redigo/redis"
)

func main() {
	store, err := redis.DialURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	platform := os.Getenv("PLATFORM")
	if platform == "" {
		platform = "open1"
	}
	token, err := redis.String(store.Do("GET", "wx:{"+platform+"}:access_token:"+os.Args[1]))
	switch {
	case errors.Is(err, redis.ErrNil):
		fmt.Println("none") // ask over HTTP, it tells why
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(token)
	}
}
