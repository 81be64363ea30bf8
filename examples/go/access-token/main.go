// An account's access token over HTTP. Needs nothing but the standard library.
//
//	GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... go run main.go APPID [REFUSED_TOKEN]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

var client = &http.Client{Timeout: 20 * time.Second}

// Error is an answer of the gateway; docs/errors.md says what each code asks of you.
type Error struct {
	StatusCode int    `json:"statusCode"`
	Code       string `json:"code"`
	Message    string `json:"message"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func accessToken(ctx context.Context, appid string) (string, error) {
	return call(ctx, http.MethodGet, "/access_token/"+appid, nil)
}

// replaceRefused is for 40001, 40014 and 42001: it answers the token that holds now. Try your call once more, not twice.
func replaceRefused(ctx context.Context, appid, token string) (string, error) {
	return call(ctx, http.MethodPost, "/access_token/"+appid+"/invalid", map[string]string{"token": token})
}

func call(ctx context.Context, method, path string, body any) (string, error) {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return "", err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, os.Getenv("GATEWAY")+path, &sent)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("GATEWAY_KEY"))
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		refused := &Error{}
		if err := json.NewDecoder(response.Body).Decode(refused); err != nil {
			return "", err
		}
		return "", refused
	}
	var answer struct {
		Token string `json:"token"`
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.Token, err
}

func main() {
	var token string
	var err error
	switch len(os.Args) {
	case 2:
		token, err = accessToken(context.Background(), os.Args[1])
	case 3:
		token, err = replaceRefused(context.Background(), os.Args[1], os.Args[2])
	default:
		err = fmt.Errorf("usage: %s APPID [REFUSED_TOKEN]", os.Args[0])
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token)
}
