package fs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"rtfs/rtorrent"
)

// erasedKeep is how long the .torrent of an erased torrent is kept.
const erasedKeep = 30 * 24 * time.Hour

// eraseHook is the event whose handlers rTorrent runs on d.erase.
const eraseHook = "event.download.erased"

// erase removes a torrent from rTorrent; its data stays. It is refused where
// rTorrent has a hook of the user's: such hooks execute something that deletes data.
func (d *driver) erase(ctx context.Context, h rtorrent.Hash) error {
	if err := d.jobs.refuse(h, "erase"); err != nil {
		return err
	}
	if err := d.mayErase(ctx); err != nil {
		return err
	}
	if err := d.keepMetainfo(h); err != nil {
		return err
	}
	_, err := d.cache.Apply(ctx, h, rtorrent.Erase(h))
	if err == nil {
		d.loadings.forget(h)
	}
	return err
}

// mayErase fails where an erase would execute something.
func (d *driver) mayErase(ctx context.Context) error {
	if d.opts.AllowEraseHook {
		return nil
	}
	hook, err := EraseHook(ctx, d.cache.Client())
	if err == nil && hook != "" {
		err = fmt.Errorf("erase: %w: rTorrent's %s would run %q; mount with --allow-erase-hook if that is harmless", errPerm, eraseHook, hook)
	}
	return err
}

// EraseHook returns the first of rTorrent's erase hooks that may execute
// something, "" if there is none. While there is one, a mount erases nothing.
func EraseHook(ctx context.Context, client *rtorrent.Client) (string, error) {
	var hooks any
	err := client.Call(ctx, &hooks, "method.get", "", eraseHook)
	var fault *rtorrent.Fault
	switch {
	case errors.Is(err, rtorrent.ErrUntrusted):
		return "a hook that this untrusted connection cannot read", nil
	case errors.As(err, &fault):
		return "", nil // no such event: nothing listens
	case err != nil:
		return "", err
	}
	for _, hook := range texts(hooks) {
		if hook != "" && !slices.Contains(harmlessHooks[:], hook) {
			return hook, nil
		}
	}
	return "", nil
}

// harmlessHooks are the hooks that every rTorrent has by itself. Any other can
// call a command that somebody defined, and that execute something.
var harmlessHooks = [...]string{"ui.unfocus_download=", "d.delete_tied="}

// texts returns all strings inside a decoded value, those of maps in the order
// of their keys.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, texts(e)...)
		}
		return all
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		var all []string
		for _, k := range keys {
			all = append(all, texts(v[k])...)
		}
		return all
	}
	return nil
}

// keepMetainfo copies a torrent's .torrent out of the session, where that can
// be read, before d.erase deletes it; copies of over 30 days are removed.
func (d *driver) keepMetainfo(h rtorrent.Hash) error {
	caps := d.cache.Client().KnownCaps()
	if d.opts.StateDir == "" || caps == nil || caps.Session == "" {
		return nil
	}
	name := string(h) + ".torrent"
	content, err := os.ReadFile(filepath.Join(d.local(caps.Session), name))
	if err != nil {
		return nil // another machine's session, or a magnet: there is nothing to keep
	}
	dir := filepath.Join(d.opts.StateDir, "erased")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep %s: %w", name, fromOS(err))
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.torrent"))
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > erasedKeep {
			os.Remove(path)
		}
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, fromOS(err))
	}
	return nil
}
