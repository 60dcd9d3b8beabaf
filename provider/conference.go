package provider

import (
	"context"

	cc "github.com/callcontrol-go/callcontrol"
)

// A conference is the one implementation of callcontrol.Conference, for all drivers.
type conference struct {
	client *client
	id     cc.ConferenceID
}

func (h *conference) ID() cc.ConferenceID { return h.id }

func (h *conference) Snapshot(ctx context.Context) (cc.Snapshot, error) {
	s, err := h.client.snapshot(ctx, h.id)
	return s, h.client.fail(cc.OpSnapshot, h.id, "", err)
}

func (h *conference) RemoveParticipant(ctx context.Context, id cc.ParticipantID) error {
	return h.client.command(ctx, order{op: opRemove, conf: h.id, part: id})
}

func (h *conference) SetParticipantState(ctx context.Context, id cc.ParticipantID, change cc.Change) error {
	return h.client.command(ctx, order{op: opSet, conf: h.id, part: id, change: change})
}

func (h *conference) End(ctx context.Context) error {
	return h.client.command(ctx, order{op: opEnd, conf: h.id})
}

func (h *conference) As(target any) bool {
	if d, ok := h.client.driver.(ConferenceAser); ok && d.ConferenceAs(h.id, target) {
		return true
	}
	return h.client.driver.As(target)
}
