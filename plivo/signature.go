package plivo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	cc "github.com/callcontrol-go/callcontrol"
)

// The headers of Plivo's signatures (Plivo's pages "Signature validation V3" and "Validating
// Requests"). A Signature header is made with the token of the account or sub-account that the
// callback belongs to, a MainSignature header with that of the main account; either proves as much.
const (
	HeaderSignatureV3     = "X-Plivo-Signature-V3"
	HeaderMainSignatureV3 = "X-Plivo-Signature-Ma-V3"
	HeaderNonceV3         = "X-Plivo-Signature-V3-Nonce"

	HeaderSignatureV2     = "X-Plivo-Signature-V2"
	HeaderMainSignatureV2 = "X-Plivo-Signature-Ma-V2"
	HeaderNonceV2         = "X-Plivo-Signature-V2-Nonce"
)

const (
	maxTokens        = 16      // of a Verifier, each of them one HMAC per request
	maxSignatures    = 16      // in all headers of a request
	maxSignatureText = 4 << 10 // bytes of these headers
	maxNonce         = 256     // bytes
)

// SignV3 gives the value of [HeaderSignatureV3] for one request, as Plivo signs it: in base64 the
// HMAC-SHA256, keyed with token, of a text made of the request and the nonce (Plivo's page "Signature
// validation V3"). It is for tests, and for those who stand in for Plivo.
//
// The method is GET or POST, in capitals. The URL is the one that Plivo was given, whole. Its scheme,
// host, port and path are signed as they are written and its fragment not at all. Of its query the
// percent-decoded pairs are signed, in order; a pair without a value is signed as one whose value is
// empty, and a semicolon is no separator.
//
// The form is the body of a POST, such as [http.Request.PostForm] after ParseForm; never Form, which
// has the query as well. Every value of a repeated key is signed. The form of a GET is taken as more
// of its query. A key that is both there and in the URL is ErrInvalid, since Plivo's own libraries do
// not agree what is signed then.
//
// Also ErrInvalid are a token that could be nobody's (empty, or with a blank), another method, a URL
// that is not a well-formed http or https URL with a host, its scheme in small letters and no user in
// it, text that is not UTF-8, a URL or a form of more than 64 KiB or 1,000 pairs, and a nonce that is
// not 1 to 256 visible ASCII characters without a full stop. Plivo sends digits as nonces. One with a
// full stop could take part of the form for itself, and the rest would pass for another request.
func SignV3(token Secret, method, rawURL string, form url.Values, nonce string) (string, error) {
	const op = "SignV3"
	problem := checkSigning(token, nonce)
	if problem != "" {
		return "", signatureError(op, cc.ErrInvalid, problem)
	}
	text, problem := textV3(method, rawURL, form)
	if problem != "" {
		return "", signatureError(op, cc.ErrInvalid, problem)
	}
	return base64.StdEncoding.EncodeToString(sum(token, text+"."+nonce)), nil
}

// SignV2 gives the value of [HeaderSignatureV2] for a request to rawURL, as Plivo signs messages and
// formerly signed calls (Plivo's page "Validating Requests"). It is the weaker scheme: see
// [Verifier.VerifyV2]. Errors are those of [SignV3], but for a query, which is not read.
func SignV2(token Secret, rawURL, nonce string) (string, error) {
	const op = "SignV2"
	problem := checkSigning(token, nonce)
	if problem != "" {
		return "", signatureError(op, cc.ErrInvalid, problem)
	}
	text, problem := textV2(rawURL)
	if problem != "" {
		return "", signatureError(op, cc.ErrInvalid, problem)
	}
	return base64.StdEncoding.EncodeToString(sum(token, text+nonce)), nil
}

// A Verifier tells whether a request was signed with one of its tokens. Its methods can be called
// concurrently. The zero Verifier has no token and refuses every request.
//
// A valid signature proves that a holder of a token once signed the text that this request makes. It
// does not prove
//
//   - that the request is new. Nothing signed tells the time, so whoever saw a request can send it
//     again; remember the nonces that were accepted, and refuse them.
//   - where one field ends and the next begins. A form is signed without separators, so Digits=1234 and
//     Dig=its1234 have the same signature, and so have A=1B2 and A=1, B=2. A query is signed unescaped,
//     so a=1%26b=2 passes for a=1&b=2; and a full stop in a value passes for the one between query and
//     form. Take no field whose name is not known or whose value is not of its own format.
//   - the method, the order of the fields, how a query was escaped, and any header but the nonce.
//   - a body that is not a form. With a nil form no byte of the body is signed.
//   - that what it tells is so by now, or still.
type Verifier struct{ tokens []Secret }

// NewVerifier makes a Verifier of 1 to 16 tokens: the auth token of the account, those of its main
// account and of other sub-accounts whose requests come to the same place, and of each the old one
// while it is being replaced. No token, too many, and one that could be nobody's (empty, longer than
// 512 characters, or with a blank, a control character or one outside ASCII) are ErrInvalid.
func NewVerifier(tokens ...Secret) (*Verifier, error) {
	const op = "NewVerifier"
	if len(tokens) == 0 || len(tokens) > maxTokens {
		return nil, signatureError(op, cc.ErrInvalid, "want 1 to 16 tokens")
	}
	for _, token := range tokens {
		if problem := tokenProblem(token); problem != "" {
			return nil, signatureError(op, cc.ErrInvalid, problem)
		}
	}
	return &Verifier{tokens: slices.Clone(tokens)}, nil
}

// VerifyV3 returns nil if one of the signatures in header, those of [HeaderSignatureV3] and those of
// [HeaderMainSignatureV3], is what [SignV3] gives for the request with one of the tokens. Each header
// may have several signatures, separated by commas.
//
// The URL is the one that Plivo was given. Build it of the origin that is known to be public, such as
// "https://hooks.example.net", and the RequestURI of the request; never of its Host or of a
// forwarded header, which the sender chooses.
//
// It is ErrUnauthenticated if the signature is wrong, if there is no signature, if there is not
// exactly one nonce of the form that SignV3 asks for, and if there are more than 16 signatures or
// more than 4 KiB of them, be one of them valid or not. A request that SignV3 would not sign is
// ErrInvalid. Either way it is not to be believed. No error repeats anything of the request.
//
// Signatures are compared as bytes, in a time that does not depend on what they are. There is one
// HMAC for each token at most, so no more than 16, and none where the headers or the URL are refused.
func (v *Verifier) VerifyV3(method, rawURL string, form url.Values, header http.Header) error {
	const op = "VerifyV3"
	signed, problem := readSignatures(header, HeaderNonceV3, HeaderSignatureV3, HeaderMainSignatureV3)
	if problem != "" {
		return signatureError(op, cc.ErrUnauthenticated, problem)
	}
	text, problem := textV3(method, rawURL, form)
	if problem != "" {
		return signatureError(op, cc.ErrInvalid, problem)
	}
	return v.verify(op, text+"."+signed.nonce, signed)
}

// VerifyV2 is VerifyV3 for the older scheme, [SignV2] and the headers of V2. It is the weaker one, and
// for calls only where V3 cannot be had: neither query nor body are signed, so whoever saw one request
// can send any other to the same path with its headers, and nothing separates the path from the
// nonce, so he can also move characters from one to the other.
func (v *Verifier) VerifyV2(rawURL string, header http.Header) error {
	const op = "VerifyV2"
	signed, problem := readSignatures(header, HeaderNonceV2, HeaderSignatureV2, HeaderMainSignatureV2)
	if problem != "" {
		return signatureError(op, cc.ErrUnauthenticated, problem)
	}
	text, problem := textV2(rawURL)
	if problem != "" {
		return signatureError(op, cc.ErrInvalid, problem)
	}
	return v.verify(op, text+signed.nonce, signed)
}

func (v *Verifier) verify(op, text string, signed signatures) error {
	for _, token := range v.tokens {
		want := sum(token, text)
		for _, got := range signed.sums {
			if hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return signatureError(op, cc.ErrUnauthenticated, "no signature is that of the request with a known token")
}

// signatures are what the headers of a request claim.
type signatures struct {
	nonce string
	sums  [][]byte // 1 to maxSignatures
}

// readSignatures reads no more of the headers than a genuine request could have. What is no signature
// by its form stands for nothing, but counts.
func readSignatures(header http.Header, nonceName string, names ...string) (signatures, cc.Detail) {
	var s signatures
	nonces := header.Values(nonceName)
	if len(nonces) != 1 {
		return s, "want one nonce"
	}
	if s.nonce = nonces[0]; !isNonce(s.nonce) {
		return s, nonceForm
	}
	length, count := 0, 0
	for _, name := range names {
		for _, value := range header.Values(name) {
			length += len(value)
			if length > maxSignatureText {
				return s, tooManySignatures
			}
			if count += 1 + strings.Count(value, ","); count > maxSignatures {
				return s, tooManySignatures
			}
			for one := range strings.SplitSeq(value, ",") {
				if decoded, ok := decodeSignature(strings.Trim(one, " \t")); ok {
					s.sums = append(s.sums, decoded)
				}
			}
		}
	}
	if len(s.sums) == 0 {
		return s, "there is no signature"
	}
	return s, ""
}

const (
	nonceForm         cc.Detail = "the nonce is not 1 to 256 visible ASCII characters without a full stop"
	tooManySignatures cc.Detail = "more than 16 signatures, or than 4 KiB of them"
)

// decodeSignature takes the one spelling that a signature has.
func decodeSignature(s string) ([]byte, bool) {
	if len(s) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return nil, false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(s)
	return decoded, err == nil && len(decoded) == sha256.Size
}

func sum(token Secret, text string) []byte {
	h := hmac.New(sha256.New, []byte(token.word()))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func checkSigning(token Secret, nonce string) cc.Detail {
	if problem := tokenProblem(token); problem != "" {
		return problem
	}
	if !isNonce(nonce) {
		return nonceForm
	}
	return ""
}

func tokenProblem(token Secret) cc.Detail {
	if err := checkToken(token.word()); err != nil {
		return cc.Detail(err.Error()) // words of this package's own
	}
	return ""
}

// isNonce takes no full stop: the last one in the text of V3 is then the one before the nonce.
func isNonce(s string) bool {
	if s == "" || len(s) > maxNonce {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '.' {
			return false
		}
	}
	return true
}

func signatureError(op string, kind cc.Kind, problem cc.Detail) error {
	return &cc.Error{Op: op, Kind: kind, Err: problem}
}
