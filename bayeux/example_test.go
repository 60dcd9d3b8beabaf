package bayeux_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/callcontrol-go/callcontrol/bayeux"
)

// tinyServer is a Bayeux server for one session: it agrees to everything and has two orders to tell of.
func tinyServer(w http.ResponseWriter, r *http.Request) {
	var messages []struct {
		ID, Channel string
		Advice      *struct{}
	}
	if err := json.NewDecoder(r.Body).Decode(&messages); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var answers []any
	for _, m := range messages {
		answer := map[string]any{"id": m.ID, "channel": m.Channel, "successful": true}
		switch m.Channel {
		case "/meta/handshake":
			answer["clientId"], answer["supportedConnectionTypes"] = "x1", []string{"long-polling"}
		case "/meta/subscribe":
			for i := 1; i <= 2; i++ {
				answers = append(answers, map[string]any{"channel": fmt.Sprintf("/orders/%d", i), "data": map[string]any{"state": "new"}})
			}
		case "/meta/connect":
			if m.Advice == nil { // hold it
				select {
				case <-r.Context().Done():
				case <-time.After(time.Minute):
				}
			}
		}
		answers = append(answers, answer)
	}
	_ = json.NewEncoder(w).Encode(answers)
}

func Example() {
	server := httptest.NewServer(http.HandlerFunc(tinyServer))
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	session, err := bayeux.Dial(ctx, server.URL, bayeux.Options{
		Transports: []bayeux.Transport{bayeux.LongPolling{}},
		OnEvent: func(e bayeux.Event) {
			if e.PossibleGap {
				fmt.Println("something may have been lost: read everything anew")
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	orders, err := session.Subscribe(ctx, "/orders/*", bayeux.Delivery{Buffer: 100, Policy: bayeux.Block})
	if err != nil {
		fmt.Println(err)
		return
	}
	seen := 0
	for m := range orders.Messages(ctx) {
		var order struct{ State string }
		if err := json.Unmarshal(m.Data, &order); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Channel, order.State)
		if seen++; seen == 2 {
			break
		}
	}
	// Output:
	// /orders/1 new
	// /orders/2 new
}
