// A hand-written adapter on Go's standard library alone: one provider's bets, translated for one wallet.
//
// What a good engineer would write for this one dialect: net/http on both sides, one kept-alive transport, strict
// reading, constant-time comparison, a buffered access log of its own goroutine, a counter and a histogram in the text
// exposition. It knows bets only, and neither a journal nor any other dialect.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	bodyLimit = 64 << 10
	deadline  = 3600 * time.Millisecond
	provider  = "acme"
)

var (
	password  = []byte(os.Getenv("PASSWORD"))
	signing   = must(base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("SIGNING"), "whsec_")))
	walletURL = os.Getenv("WALLET") + "/bet"
	exponents = map[string]int{"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// What the provider sends. Pointers tell what is absent from what is empty; json.Number keeps the digits.
type callback struct {
	Action   *string     `json:"action"`
	Player   *string     `json:"player_id"`
	Amount   json.Number `json:"amount"`
	Currency *string     `json:"currency_code"`
	Payload  *struct {
		Game     string  `json:"reference"`
		Session  *string `json:"session_token"`
		Transfer *struct {
			Transaction *string `json:"transaction_id"`
			Round       *string `json:"round_id"`
		} `json:"provider_transfer_data"`
	} `json:"payload"`
}

type walletCall struct {
	Provider    string `json:"provider"`
	Player      string `json:"player"`
	Session     string `json:"session"`
	Currency    string `json:"currency"`
	Game        string `json:"game,omitempty"`
	Transaction string `json:"transaction"`
	Amount      string `json:"amount"`
	Round       string `json:"round"`
}

type walletReply struct {
	Outcome     string `json:"outcome"`
	Call        string `json:"call"`
	Transaction string `json:"transaction"`
	Player      string `json:"player"`
	Balance     string `json:"balance"`
	Currency    string `json:"currency"`
}

type done struct {
	Transaction string      `json:"transaction_id"`
	Balance     json.Number `json:"balance"`
	Currency    string      `json:"currency_code"`
}

type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

var refusals = map[string]refusal{
	"request_invalid":    {400, "Bad request. Badly formatted JSON."},
	"insufficient_funds": {402, "The player does not have enough money for the action."},
	"signature_invalid":  {403, "Forbidden. Request sign doesn't match."},
	"session_invalid":    {403, "Forbidden. Request sign doesn't match."},
	"player_not_found":   {404, "Player not found."},
	"game_not_available": {405, "Game is not available."},
	"player_blocked":     {407, "Player is blocked."},
	"bet_not_allowed":    {408, "Bet is rejected."},
	"limit_exceeded":     {418, "The player has reached his responsible limits."},
	"internal_error":     {500, "Unknown error."},
	"maintenance":        {503, "Service is unavailable."},
	"unknown":            {504, "Request timed out."},
}

var client = &http.Client{Transport: &http.Transport{
	DialContext:         (&net.Dialer{Timeout: 250 * time.Millisecond}).DialContext,
	MaxIdleConns:        1024,
	MaxIdleConnsPerHost: 1024,
	DisableCompression:  true,
}}

var errInvalid = errors.New("invalid")

func handle(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	var transaction, outcome string
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	status, answer := 0, any(nil)
	if err != nil {
		outcome = "request_invalid"
	} else if !verified(body, r.Header.Get("X-Request-Sign")) {
		outcome = "signature_invalid"
	} else {
		transaction, outcome, answer = bet(r.Context(), body)
	}
	if answer == nil {
		told, known := refusals[outcome]
		if !known {
			told = refusals["unknown"]
		}
		status, answer = told.Code, told
	} else {
		status = http.StatusOK
	}
	out, _ := json.Marshal(answer)
	w.Header()["Content-Type"] = jsonType
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(out))}
	w.WriteHeader(status)
	w.Write(out)
	seconds := time.Since(began).Seconds()
	metrics.saw(outcome, seconds)
	access.line(began, outcome, transaction, status, seconds)
}

var jsonType = []string{"application/json"}

func verified(body []byte, given string) bool {
	mac := hmac.New(sha256.New, password)
	mac.Write(body)
	var sum [sha256.Size]byte
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], mac.Sum(sum[:0]))
	return subtle.ConstantTimeCompare(text[:], []byte(given)) == 1
}

// bet translates, asks the wallet and translates back; a nil answer means the refusal that the outcome names.
func bet(parent context.Context, body []byte) (transaction, outcome string, answer any) {
	var in callback
	decoder := json.NewDecoder(bytes.NewReader(body))
	if decoder.Decode(&in) != nil || decoder.More() || !in.whole() {
		return "", "request_invalid", nil
	}
	transaction = *in.Payload.Transfer.Transaction
	exponent, known := exponents[*in.Currency]
	amount, err := major(in.Amount.String(), exponent)
	if !known || err != nil {
		return transaction, "request_invalid", nil
	}
	id := provider + ":bet:" + transaction
	call, _ := json.Marshal(walletCall{
		provider, *in.Player, *in.Payload.Session, *in.Currency, in.Payload.Game, id, amount, *in.Payload.Transfer.Round,
	})
	ctx, cancel := context.WithTimeout(parent, deadline)
	defer cancel()
	reply, err := ask(ctx, id, call)
	switch {
	case err != nil, reply.Call != id, reply.Player != *in.Player:
		return transaction, "unknown", nil
	case reply.Outcome != "ok" && reply.Outcome != "already_done":
		return transaction, reply.Outcome, nil
	}
	balance, err := minor(reply.Balance, exponent)
	if err != nil || reply.Currency != *in.Currency {
		return transaction, "unknown", nil
	}
	told := reply.Transaction
	if told == "" {
		told = transaction
	}
	return transaction, reply.Outcome, done{told, json.Number(balance), reply.Currency}
}

func (in *callback) whole() bool {
	return in.Action != nil && *in.Action == "bet" && in.Player != nil && in.Currency != nil && in.Payload != nil &&
		in.Payload.Session != nil && in.Payload.Transfer != nil && in.Payload.Transfer.Transaction != nil &&
		in.Payload.Transfer.Round != nil
}

func ask(ctx context.Context, id string, call []byte) (*walletReply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, walletURL, bytes.NewReader(call))
	if err != nil {
		return nil, err
	}
	var random [16]byte
	rand.Read(random[:])
	message, stamp := hex.EncodeToString(random[:]), strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, signing)
	io.WriteString(mac, message+"."+stamp+".")
	mac.Write(call)
	request.Header = http.Header{
		"Content-Type":      jsonType,
		"Idempotency-Key":   {id},
		"Webhook-Id":        {message},
		"Webhook-Timestamp": {stamp},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
		"User-Agent":        nil,
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	var reply walletReply
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, err
	}
	return &reply, nil
}

// major prints minor units ("150") in major ones ("1.50"); only digits are amounts.
func major(digits string, exponent int) (string, error) {
	if digits == "" || len(digits) > 18 || strings.Trim(digits, "0123456789") != "" {
		return "", errInvalid
	}
	if exponent == 0 {
		return digits, nil
	}
	if missing := exponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	cut := len(digits) - exponent
	return digits[:cut] + "." + digits[cut:], nil
}

// minor prints a wallet's "98.50" in minor units, "9850"; nothing is rounded.
func minor(text string, exponent int) (string, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if whole == "" || len(fraction) > exponent || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", errInvalid
	}
	digits := strings.TrimLeft(whole+fraction+strings.Repeat("0", exponent-len(fraction)), "0")
	if digits == "" {
		digits = "0"
	}
	return digits, nil
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /"+provider+"/operator/wallet", handle)
	mux.HandleFunc("GET /metrics", metrics.show)
	server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
