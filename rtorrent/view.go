package rtorrent

import "context"

// Views returns the names of rTorrent's views.
func (c *Client) Views(ctx context.Context) ([]string, error) {
	var names []string
	err := c.Call(ctx, &names, "view.list")
	return names, err
}

// View returns the torrents in a view, in its order.
func (c *Client) View(ctx context.Context, name string) ([]Hash, error) {
	var hashes []Hash
	err := c.Call(ctx, &hashes, "download_list", "", name)
	return hashes, err
}
