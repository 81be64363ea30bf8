// WeChat's APIs with silenceper/wechat v2: the gateway behind its HTTP client, a stand-in as its token.
//
//	go get github.com/silenceper/wechat/v2
//	GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... go run ./silenceper APPID OPENID
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"consumer/standin"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/util"
)

type gatewayToken struct{ *standin.StandIn }

func (t gatewayToken) GetAccessToken() (string, error) { return t.Get() }

func main() {
	appid, openid := os.Args[1], os.Args[2]
	// One for the whole process, and for all its accounts.
	util.DefaultHTTPClient = &http.Client{Transport: standin.Transport{Next: http.DefaultTransport}, Timeout: time.Minute}

	// miniprogram.NewMiniProgram is made in the same way. There is no secret, and the SDK keeps no token;
	// it wants a cache all the same, for tickets.
	account := officialaccount.NewOfficialAccount(&config.Config{AppID: appid, Cache: cache.NewMemory()})
	account.SetAccessTokenHandle(gatewayToken{standin.Of(appid)})

	user, err := account.GetUser().GetUserInfo(openid)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.OpenID)
}
