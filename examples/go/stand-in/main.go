// A call of WeChat's API as an SDK makes it: to its own host, through standin.Transport.
//
//	GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... go run ./stand-in APPID OPENID
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"

	"consumer/standin"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatalf("usage: %s APPID OPENID", os.Args[0])
	}
	token, err := standin.Of(os.Args[1]).Get()
	if err != nil {
		log.Fatal(err)
	}
	query := url.Values{"access_token": {token}, "openid": {os.Args[2]}}
	client := &http.Client{Transport: standin.Transport{Next: http.DefaultTransport}}
	response, err := client.Get("https://api.weixin.qq.com/cgi-bin/user/info?" + query.Encode())
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))
}
