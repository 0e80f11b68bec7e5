package fs

import (
	"context"
	"fmt"

	"rtfs/rtorrent"
)

// byState groups by state. Moving a torrent into a group asks for that state.
func byState() grouping {
	return grouping{
		fixed: states(),
		keys:  byKeys(func(t *rtorrent.Torrent) []string { return []string{stateOf(t)} }),
		take: func(d *driver, state string) func(context.Context, *rtorrent.Torrent, *linkDir) error {
			switch state {
			case stateMetadata, stateQueued, stateError:
				return nil
			}
			return func(ctx context.Context, t *rtorrent.Torrent, _ *linkDir) error {
				act, err := setState(t, state, false)
				if err != nil || act == nil {
					return err
				}
				if err := act(ctx, d); err != nil {
					return fmt.Errorf("%s: %w", state, err)
				}
				return nil
			}
		},
	}
}
