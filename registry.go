package callcontrol

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The registry is the only state of this module that a whole process shares.
var (
	registryMu sync.RWMutex
	registry   = map[string]func(context.Context, Config) (Client, error){}
)

// modulePath is where the drivers of this module are.
const modulePath = "github.com/callcontrol-go/callcontrol"

// imports says which package registers the well-known providers.
var imports = map[string]string{
	"fake":             modulePath + "/fake",
	"genesys":          modulePath + "/genesys",
	"plivo-conference": modulePath + "/plivo",
	"plivo-mpc":        modulePath + "/plivo",
}

// Register makes a provider known to [Open] and [OpenConfig] under a name of lower-case letters,
// digits and hyphens that begins with a letter. Drivers call it from an init function.
//
// As the programmer's mistake can only be seen at start, Register panics if open is nil, the name
// has another form, or it is taken. Nothing else in this module panics.
func Register(provider string, open func(context.Context, Config) (Client, error)) {
	if !isProviderName(provider) {
		panic("callcontrol: Register with a name that is not lower-case letters, digits and hyphens")
	}
	if open == nil {
		panic("callcontrol: Register of " + provider + " without a function")
	}
	registryMu.Lock()
	defer registryMu.Unlock()
	if registry[provider] != nil {
		panic("callcontrol: Register called twice for " + provider)
	}
	registry[provider] = open
}

// Providers lists the names that are registered, in order.
func Providers() []string {
	registryMu.RLock()
	defer registryMu.RUnlock()
	return slices.Sorted(maps.Keys(registry))
}

// Open opens the client that a URL spells; see [ParseURL] and [OpenConfig].
func Open(ctx context.Context, url string) (Client, error) {
	c, err := ParseURL(url)
	if err != nil {
		return nil, err
	}
	return OpenConfig(ctx, c)
}

// OpenConfig opens the client that cfg describes. It makes no request to the provider: use
// Client.Check for that. What is wrong with cfg is [ErrInvalid]; the error for an unknown provider
// names the known ones and the import that is missing, and the error for an unknown setting names
// the known ones. The provider gets its own copy of the maps in cfg.
func OpenConfig(ctx context.Context, cfg Config) (Client, error) {
	registryMu.RLock()
	open := registry[cfg.Provider]
	registryMu.RUnlock()
	if open == nil {
		return nil, &Error{Op: OpOpen, Client: cfg.Name, Kind: ErrInvalid, Err: Detail(unknownProvider(cfg.Provider))}
	}
	if problem := cfg.check(); problem != "" {
		return nil, cfg.invalid(problem)
	}
	if ctx == nil {
		return nil, cfg.invalid("the context is nil")
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: OpOpen, Client: cfg.Name, Provider: cfg.Provider, Kind: ErrCanceled, Err: err}
	}
	cfg.Settings = maps.Clone(cfg.Settings)
	cfg.Secrets = maps.Clone(cfg.Secrets)
	client, err := open(ctx, cfg)
	if err != nil {
		return nil, cfg.failed(err)
	}
	if client == nil {
		return nil, cfg.invalid("the driver opened no client")
	}
	return client, nil
}

// failed gives the error of a driver that could not be opened the shape that all errors have.
func (c Config) failed(err error) error {
	var e *Error
	if !errors.As(err, &e) || e == nil {
		return &Error{
			Op: OpOpen, Client: c.Name, Provider: c.Provider,
			Kind: cmp.Or(KindOf(err), kindOfContext(err), ErrInvalid), Err: err,
		}
	}
	if err != error(e) {
		return err
	}
	told := *e
	told.Op = cmp.Or(told.Op, OpOpen)
	told.Client = cmp.Or(told.Client, c.Name)
	told.Provider = cmp.Or(told.Provider, c.Provider)
	told.Kind = cmp.Or(told.Kind, ErrInvalid)
	return &told
}

// unknownProvider tells what to do about a provider that is not registered.
func unknownProvider(name string) string {
	var b strings.Builder
	switch {
	case name == "":
		b.WriteString("the provider is missing")
	case isProviderName(name):
		b.WriteString("unknown provider " + quote(name))
	default:
		b.WriteString("unknown provider, and not a name that one can have")
	}
	if path, ok := imports[name]; ok {
		b.WriteString(`: import _ "` + path + `", or _ "` + modulePath + `/provider/all" for every provider`)
	} else {
		b.WriteString(`; import _ "` + modulePath + `/provider/all" for every provider of this module: ` +
			strings.Join(slices.Sorted(maps.Keys(imports)), ", "))
	}
	if known := Providers(); len(known) > 0 {
		b.WriteString("; known here: " + strings.Join(known, ", "))
	} else {
		b.WriteString("; none is known here")
	}
	return b.String()
}
