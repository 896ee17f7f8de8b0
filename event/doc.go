// Package event has the kinds of events that torpor's log tells of, so that the
// same thing is known by the same name and number wherever it is logged:
//
//	log.Info("asleep", event.Asleep, "reason", reason, "keeps", event.Bytes(n))
//
// The journal's handler makes a MESSAGE_ID of the kind, by which
// torpor.catalog explains it. Handlers for text leave it out.
//
// The package imports nothing of ours and may be used by everybody.
package event
