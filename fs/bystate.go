package fs

import (
	"context"
	"errors"
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
				if err == nil && act != nil {
					err = act(ctx, d)
				}
				if errors.Is(err, errInvalid) {
					// mv(1) takes EINVAL for a move into itself.
					return fmt.Errorf("%w: %v", errPerm, err)
				}
				return err
			}
		},
	}
}
