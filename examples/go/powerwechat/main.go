// WeChat's APIs with PowerWeChat 3: the gateway as its host, a stand-in as its token.
//
//	go get github.com/ArtisanCloud/PowerWeChat/v3
//	GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... go run ./powerwechat APPID OPENID
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"consumer/standin"

	"github.com/ArtisanCloud/PowerLibs/v3/object"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount"
)

func main() {
	appid, openid := os.Args[1], os.Args[2]
	// miniProgram.NewMiniProgram is made in the same way. The secret is never used: it is the token's provider that would.
	app, err := officialAccount.NewOfficialAccount(&officialAccount.UserConfig{
		AppID:  appid,
		Secret: "none",
		// The slash at its end is needed.
		Http: officialAccount.Http{BaseURI: standin.Host(appid) + "/", Timeout: 60},
	})
	if err != nil {
		log.Fatal(err)
	}
	app.AccessToken.GetCustomToken = func(string, bool) object.HashMap {
		token, err := standin.Of(appid).Get()
		if err != nil {
			// Without a token the SDK makes no call.
			log.Print(err)
			return object.HashMap{"expires_in": float64(0)}
		}
		return object.HashMap{"access_token": token, "expires_in": float64(600)}
	}

	user, err := app.User.Get(context.Background(), openid, "zh_CN")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.OpenID)
}
