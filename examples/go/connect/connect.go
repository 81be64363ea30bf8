// Package connect opens the connection to Redis, in each form, for the programs beside it. The settings are named as the gateway's own:
//
//	one server   REDIS_URL=redis://USER:PASSWORD@redis:6379
//	a cluster    REDIS_MODE=cluster REDIS_URL=redis://USER:PASSWORD@node1:6379,redis://USER:PASSWORD@node2:6379
//	sentinels    REDIS_MODE=sentinel REDIS_SENTINEL_NAME=... REDIS_URL=redis://USER:PASSWORD@sentinel1:26379,...
//	             and REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD where the sentinels want them
//	TLS          rediss: in REDIS_URL, and REDIS_TLS_CA_FILE where the CA is your own
package connect

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/mna/redisc"
)

const (
	connectTimeout = 3 * time.Second
	// Longer than any read that blocks.
	readTimeout  = 10 * time.Second
	redirections = 5
	retryDelay   = 100 * time.Millisecond
)

// To opens a connection for the commands of one key. After a failover it breaks: end, and be started again.
func To(key string) (redis.Conn, error) {
	texts := strings.Split(setting("REDIS_URL", "redis://127.0.0.1:6379"), ",")
	urls := make([]*url.URL, len(texts))
	for index, text := range texts {
		parsed, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		urls[index] = parsed
	}
	secured, err := security(urls[0].Scheme == "rediss")
	if err != nil {
		return nil, err
	}
	password, _ := urls[0].User.Password()
	server := append(secured, redis.DialUsername(urls[0].User.Username()), redis.DialPassword(password))
	switch os.Getenv("REDIS_MODE") {
	case "cluster":
		return node(urls, key, server)
	case "sentinel":
		return master(urls, server, secured)
	}
	return redis.Dial("tcp", address(urls[0], "6379"), server...)
}

func node(urls []*url.URL, key string, options []redis.DialOption) (redis.Conn, error) {
	cluster := &redisc.Cluster{DialOptions: options}
	for _, one := range urls {
		cluster.StartupNodes = append(cluster.StartupNodes, address(one, "6379"))
	}
	conn := cluster.Get()
	if err := redisc.BindConn(conn, key); err != nil {
		return nil, err
	}
	return redisc.RetryConn(conn, redirections, retryDelay)
}

func master(sentinels []*url.URL, server, secured []redis.DialOption) (redis.Conn, error) {
	theirs := append(secured[:len(secured):len(secured)],
		redis.DialUsername(os.Getenv("REDIS_SENTINEL_USERNAME")), redis.DialPassword(os.Getenv("REDIS_SENTINEL_PASSWORD")))
	last := fmt.Errorf("there is no sentinel")
	for _, one := range sentinels {
		sentinel, err := redis.Dial("tcp", address(one, "26379"), theirs...)
		if err != nil {
			last = err
			continue
		}
		found, err := redis.Strings(sentinel.Do("SENTINEL", "get-master-addr-by-name", os.Getenv("REDIS_SENTINEL_NAME")))
		sentinel.Close()
		if err == nil {
			return redis.Dial("tcp", net.JoinHostPort(found[0], found[1]), server...)
		}
		last = err
	}
	return nil, last
}

func security(hasTLS bool) ([]redis.DialOption, error) {
	options := []redis.DialOption{redis.DialConnectTimeout(connectTimeout), redis.DialReadTimeout(readTimeout), redis.DialUseTLS(hasTLS)}
	file := os.Getenv("REDIS_TLS_CA_FILE")
	if !hasTLS || file == "" {
		return options, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return append(options, redis.DialTLSConfig(&tls.Config{RootCAs: pool})), nil
}

func address(one *url.URL, port string) string {
	if one.Port() != "" {
		port = one.Port()
	}
	return net.JoinHostPort(one.Hostname(), port)
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
