package request

import "bytes"

var (
	ofTwilio     = []byte("/2010-04-01/")
	ofMultiparty = []byte("/MultiPartyCall/")
	mute         = []byte("/Mute/")
	kick         = []byte("/Kick/")
	muteOn       = []byte(`"mute":true`)
	blank        = []byte(" ")
)

// answer carries out a request and chooses what is said to it.
func (s *server) answer(head, body []byte) []byte {
	method, rest, _ := bytes.Cut(head, blank)
	path, _, _ := bytes.Cut(rest, blank)
	read := len(method) == 3 // GET
	if !read {
		s.commands.Add(1)
	}
	who, known := member(path)
	switch {
	case known && who == failing:
		return broken
	case !known || who < firstMember || who >= firstMember+maxWorkers:
		return unknown
	}
	muted := &s.muted[who-firstMember]
	remove := len(method) == 6 // DELETE
	switch {
	case bytes.HasPrefix(path, ofTwilio):
		if remove {
			return noContent
		}
		return ofCaller
	case bytes.Contains(path, ofMultiparty):
		switch {
		case read:
			return participants[who-firstMember][index(muted.Load())]
		case remove:
			return noContent
		}
		muted.Store(bytes.Contains(body, muteOn))
		return updated
	case read:
		return conferences[who-firstMember][index(muted.Load())]
	case bytes.HasSuffix(path, mute):
		muted.Store(!remove)
	case !bytes.HasSuffix(path, kick):
		return unknown
	}
	if remove {
		return noContent
	}
	return switched
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// member is the last number of at least four digits in a path: of the participant, the member or the
// call that it names, or of the conference of one member.
func member(path []byte) (n int, ok bool) {
	for end := len(path); end > 0; end-- {
		if c := path[end-1]; c < '0' || c > '9' {
			continue
		}
		begin := end
		for begin > 0 && end-begin < 4 && path[begin-1] >= '0' && path[begin-1] <= '9' {
			begin--
		}
		if end-begin == 4 {
			return number(path[begin:end])
		}
		end = begin + 1
	}
	return 0, false
}
