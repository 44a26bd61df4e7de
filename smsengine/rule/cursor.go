package rule

import "sort"

// cursor goes through several lists as through one.
type cursor struct{ lists [][]int32 }

// seek finds the lists for a message as it now is, from behind one rule on.
func (x *index) seek(c *cursor, r *run, behind int) {
	c.lists = c.lists[:0]
	c.add(x.always, behind)
	for f, p := range x.fields {
		switch {
		case p == nil:
		case r.unknown.Has(Field(f)):
			c.add(p.rules, behind)
		default:
			p.find(c, r.fold(Field(f)), behind)
		}
	}
}

// find adds the lists of the rules that may hold for a value.
func (p *posting) find(c *cursor, v string, behind int) {
	c.add(p.lists[exactly][v], behind)
	for _, n := range p.sizes {
		if n > len(v) {
			break
		}
		c.add(p.lists[begins][v[:n]], behind)
	}
	if len(p.lists[inside]) == 0 {
		return
	}
	for i := range len(v) - gram + 1 {
		c.add(p.lists[inside][v[i:i+gram]], behind)
	}
}

// add adds a list from behind a rule on, once.
func (c *cursor) add(list []int32, behind int) {
	i := sort.Search(len(list), func(i int) bool { return int(list[i]) > behind })
	if i == len(list) {
		return
	}
	for _, l := range c.lists {
		if &l[0] == &list[i] {
			return
		}
	}
	c.lists = append(c.lists, list[i:])
}

// next is the first rule behind one, -1 if there is none.
func (c *cursor) next(behind int) int {
	first := -1
	for k, l := range c.lists {
		for len(l) > 0 && int(l[0]) <= behind {
			l = l[1:]
		}
		c.lists[k] = l
		if len(l) > 0 && (first < 0 || int(l[0]) < first) {
			first = int(l[0])
		}
	}
	return first
}
