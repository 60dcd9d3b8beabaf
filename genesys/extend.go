package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strconv"

	cc "github.com/callcontrol-go/callcontrol"
)

// AddParty calls a number and joins it to the call in one step (SingleStepConference). It returns when
// the party is on the call; one that does not answer is ErrUncertain when the time is up, since the
// server tells nothing of it. A party that the server reports under another number than the one that
// was dialled is seen by there being one more.
func (c *Call) AddParty(ctx context.Context, number string) error {
	if !isNumber(number) {
		return c.shape(opAdd, c.d.api.fail(cc.ErrInvalid, "the number has a blank, a comma, a slash, or a character that is not ASCII"))
	}
	before := -1
	check := func(r CallRecord) error {
		before = len(r.Participants)
		for _, p := range r.Participants {
			if p.PhoneNumber == number {
				return &cc.Error{Kind: cc.ErrConflict, Err: cc.Detail("somebody with this number is on the call")}
			}
		}
		return offered(opAdd)(r)
	}
	return c.change(ctx, opAdd, check, operation{Name: opAdd, Destination: &destination{number}}, func(r CallRecord) bool {
		if before < 0 {
			return false // not asked for yet
		}
		for _, p := range r.Participants {
			if p.PhoneNumber == number || p.Digits == number || p.E164Number == number {
				return true
			}
		}
		return len(r.Participants) > before
	})
}

// AttachUserData adds pairs to what is attached to the call, and leaves those alone that are there.
func (c *Call) AttachUserData(ctx context.Context, pairs map[string]any) error {
	return c.data(ctx, opAttachUserData, pairs)
}

// UpdateUserData adds pairs, and replaces those that are there.
func (c *Call) UpdateUserData(ctx context.Context, pairs map[string]any) error {
	return c.data(ctx, opUpdateUserData, pairs)
}

// data attaches pairs. It is done when every key is there; of an update, with its value.
func (c *Call) data(ctx context.Context, op string, pairs map[string]any) error {
	if len(pairs) == 0 {
		return c.shape(op, c.d.api.fail(cc.ErrInvalid, "there are no pairs"))
	}
	raw, err := json.Marshal(pairs)
	if err != nil || len(raw) > 32<<10 {
		return c.shape(op, c.d.api.fail(cc.ErrInvalid, "the pairs have no JSON form, or more than 32 KiB"))
	}
	var want map[string]any
	if decode(raw, &want) != nil {
		return c.shape(op, c.d.api.fail(cc.ErrInvalid, "the pairs have no JSON form"))
	}
	return c.change(ctx, op, offered(op), operation{Name: op, UserData: json.RawMessage(raw)}, func(r CallRecord) bool {
		var have map[string]any
		if decode(r.UserData, &have) != nil {
			return false
		}
		for k, v := range want {
			got, ok := have[k]
			if !ok || op == opUpdateUserData && !sameData(got, v) {
				return false
			}
		}
		return true
	})
}

// sameData tells whether attached data are as asked. Servers keep some values as text that were sent as
// numbers or truth values.
func sameData(have, want any) bool {
	inner, ok := want.(map[string]any)
	if !ok {
		h, isScalar := scalar(have)
		w, wasScalar := scalar(want)
		return isScalar && wasScalar && h == w || reflect.DeepEqual(have, want)
	}
	other, ok := have.(map[string]any)
	if !ok || len(other) != len(inner) {
		return false
	}
	for k, v := range inner {
		if got, ok := other[k]; !ok || !sameData(got, v) {
			return false
		}
	}
	return true
}

// scalar is a text, number or truth value as a server would write it into a text.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// DeleteUserData takes away everything that is attached to the call.
func (c *Call) DeleteUserData(ctx context.Context) error {
	return c.change(ctx, opDeleteUserData, offered(opDeleteUserData), operation{Name: opDeleteUserData}, func(r CallRecord) bool {
		var have map[string]any
		return len(r.UserData) == 0 || decode(r.UserData, &have) == nil && len(have) == 0
	})
}

// DeleteUserDataPair takes one pair away. The vendor's pages do not say what the parameter is called;
// "key" is sent.
func (c *Call) DeleteUserDataPair(ctx context.Context, key string) error {
	if key == "" || len(key) > maxSetting {
		return c.shape(opDeleteUserDataPair, c.d.api.fail(cc.ErrInvalid, "the key is empty or longer than 256 bytes"))
	}
	return c.change(ctx, opDeleteUserDataPair, offered(opDeleteUserDataPair), operation{Name: opDeleteUserDataPair, Key: key}, func(r CallRecord) bool {
		var have map[string]any
		if len(r.UserData) > 0 && decode(r.UserData, &have) != nil {
			return false
		}
		_, there := have[key]
		return !there
	})
}

func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}
