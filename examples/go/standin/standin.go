// Package standin has stand-ins for access tokens, for SDKs that insist on one. It needs nothing but the standard library.
//
//	GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=...
package standin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// It lasts two hours at most. Replaced before its end, so that no call under way meets it.
const renewBefore = 10 * time.Minute

// The host that SDKs have in their code.
const weChat = "api.weixin.qq.com"

var client = &http.Client{Timeout: 20 * time.Second}

// Error is an answer of the gateway; docs/errors.md says what each code asks of you.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Host is where an SDK finds WeChat, instead of at https://api.weixin.qq.com.
func Host(appid string) string { return os.Getenv("GATEWAY") + "/api/" + appid }

// StandIn is that of one account.
type StandIn struct {
	appid     string
	mutex     sync.Mutex
	token     string
	expiresAt time.Time
}

var accounts sync.Map

// Of answers the account's stand-in, one for the whole process.
func Of(appid string) *StandIn {
	known, _ := accounts.LoadOrStore(appid, &StandIn{appid: appid})
	return known.(*StandIn)
}

// Get answers the same one until ten minutes before its end.
func (s *StandIn) Get() (string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if time.Until(s.expiresAt) > renewBefore {
		return s.token, nil
	}
	request, err := http.NewRequest(http.MethodGet, os.Getenv("GATEWAY")+"/proxy_token/"+s.appid, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("GATEWAY_KEY"))
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if err := Refusal(response); err != nil {
		return "", err
	}
	var answer struct {
		Token     string `json:"token"`
		ExpiresIn int    `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	s.token, s.expiresAt = answer.Token, time.Now().Add(time.Duration(answer.ExpiresIn)*time.Second)
	return s.token, nil
}

// Drop is for a 401 of the gateway: the key has changed, or the sealing keys.
func (s *StandIn) Drop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.expiresAt = time.Time{}
}

func (s *StandIn) holds(token string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return token != "" && token == s.token
}

// Refusal is what the gateway itself refused, which is no answer of WeChat's; nil for all others.
func Refusal(response *http.Response) error {
	if response.Header.Get("X-Gateway-Error") == "" {
		return nil
	}
	refused := &Error{}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(refused); err != nil {
		return err
	}
	return refused
}

// Transport sends to the gateway what an SDK sends to WeChat with one of our stand-ins, and nothing else. It is for SDKs whose host
// cannot be set; the account is the one whose stand-in the query holds.
type Transport struct{ Next http.RoundTripper }

func (t Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host != weChat {
		return t.Next.RoundTrip(request)
	}
	token := request.URL.Query().Get("access_token")
	var account *StandIn
	accounts.Range(func(_, known any) bool {
		if known.(*StandIn).holds(token) {
			account = known.(*StandIn)
		}
		return account == nil
	})
	if account == nil {
		return t.Next.RoundTrip(request)
	}
	host, err := url.Parse(Host(account.appid))
	if err != nil {
		return nil, err
	}
	moved := request.Clone(request.Context())
	moved.Host = ""
	moved.URL.Scheme, moved.URL.Host = host.Scheme, host.Host
	moved.URL.Path, moved.URL.RawPath = strings.TrimSuffix(host.Path, "/")+request.URL.Path, ""
	response, err := t.Next.RoundTrip(moved)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusUnauthorized {
		account.Drop()
	}
	if err := Refusal(response); err != nil {
		response.Body.Close()
		return nil, err
	}
	return response, nil
}
