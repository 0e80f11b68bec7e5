package cache

import "container/list"

// An lru keeps values by key, as many as have so many items together, such as
// files: the one that was not used for longest goes first, the last one never. It
// is not safe for concurrent use. It has no type parameters, since each kind of
// value would be code of its own in the program.
type lru struct {
	keys, items     int // at most
	kept            int // items of all values
	byKey           map[string]*list.Element
	lastUsedAtFront list.List // of held
}

// A held value is one of an lru's.
type held struct {
	key   string
	value any
	items int
}

func newLRU(keys, items int) *lru {
	return &lru{keys: keys, items: items, byKey: map[string]*list.Element{}}
}

func (l *lru) len() int { return len(l.byKey) }

// get returns a value, which is used by that, or nil.
func (l *lru) get(key string) any {
	at := l.byKey[key]
	if at == nil {
		return nil
	}
	l.lastUsedAtFront.MoveToFront(at)
	return heldAt(at).value
}

// put keeps a value of that many items, instead of the key's former one.
func (l *lru) put(key string, value any, items int) {
	l.drop(key)
	l.byKey[key] = l.lastUsedAtFront.PushFront(held{key, value, items})
	l.kept += items
	for len(l.byKey) > 1 && (len(l.byKey) > l.keys || l.kept > l.items) {
		l.drop(heldAt(l.lastUsedAtFront.Back()).key)
	}
}

func (l *lru) drop(key string) {
	if at := l.byKey[key]; at != nil {
		l.kept -= heldAt(at).items
		l.lastUsedAtFront.Remove(at)
		delete(l.byKey, key)
	}
}

// dropIf drops the values of which that is true.
func (l *lru) dropIf(true func(any) bool) {
	for key, at := range l.byKey {
		if true(heldAt(at).value) {
			l.drop(key)
		}
	}
}

func heldAt(at *list.Element) held {
	h, _ := at.Value.(held)
	return h
}
