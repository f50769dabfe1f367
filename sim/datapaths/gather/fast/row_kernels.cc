#include "datapaths/gather/fast/row_kernels.h"

#include "datapaths/gather/fast/vectorise.h"

// Vectors are passed between functions of this file only.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace lacuna::gather::fast {

namespace {

typedef Moment Times __attribute__((vector_size(kRowsTogether * sizeof(Moment))));
typedef std::uint32_t Counts __attribute__((vector_size(kRowsTogether * sizeof(std::uint32_t))));

#define LACUNA_INLINE [[gnu::always_inline]] inline

LACUNA_INLINE Times load(const Moment* from) {
  Times v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
LACUNA_INLINE Times load(const std::uint32_t* from) {
  Counts v;
  __builtin_memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v, Times);
}
LACUNA_INLINE void store(Moment* to, const Times& v) { __builtin_memcpy(to, &v, sizeof v); }
LACUNA_INLINE void add(Moment* to, const Times& v) { store(to, load(to) + v); }
LACUNA_INLINE Times larger(const Times& a, const Times& b) { return a > b ? a : b; }
LACUNA_INLINE Times smaller(const Times& a, const Times& b) { return a < b ? a : b; }
LACUNA_INLINE Times all(Moment t) {
  __asm__("" : "+r"(t));  // GCC 12 loads it once for each element otherwise
  return Times{t, t, t, t, t, t, t, t};
}
LACUNA_INLINE Times above_zero(const Times& a) { return larger(a, Times{}); }
LACUNA_INLINE Moment largest(const Times& all) {
  Times v = larger(all, __builtin_shufflevector(all, all, 4, 5, 6, 7, 0, 1, 2, 3));
  v = larger(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));
  return v[0] > v[1] ? v[0] : v[1];
}

}  // namespace

LACUNA_VECTORISE void send_first(const FirstSend& send) {
  const FirstSend s = send;
  for (std::uint32_t i = 0; i < s.rows; i += kRowsTogether) {
    const Times bus = load(s.bus + i);
    Times start = larger(bus, load(s.room[0] + i));
    if (s.classes == 2) start = larger(start, load(s.room[1] + i));
    const Times arrival = start + load(s.words + i);
    store(s.start + i, start);
    store(s.arrival + i, arrival);
    store(s.bus + i, load(s.mapped + i) != 0 ? arrival : bus);
  }
}

LACUNA_VECTORISE void begin_segment(const Begin& begin) {
  const Begin b = begin;  // which stores do not change
  for (std::uint32_t r = 0; r < b.pes.rows; r += kRowsTogether) {
    const Times mapped = load(b.pes.mapped + r), start = load(b.rows.start + r), arrival = load(b.rows.arrival + r);
    Times earliest = load(b.earliest + r), latest = load(b.latest + r);
    for (std::uint32_t c = b.pes.begin; c < b.pes.end; ++c) {
      const std::uint32_t pe = c * b.pes.stride + r;
      const Times column_start = all(b.columns.start[c]), column_arrival = all(b.columns.arrival[c]);
      const Times free = load(b.free + pe);
      add(b.starved_weight + pe, above_zero(arrival - larger(free, start)) & mapped);
      const Times there = larger(free, arrival);
      add(b.starved_activation + pe, above_zero(column_arrival - larger(there, column_start)) & mapped);
      const Times ready = larger(there, column_arrival);
      store(b.ready + pe, ready);
      earliest = smaller(earliest, ready);
      latest = larger(latest, ready);
    }
    store(b.earliest + r, earliest);
    store(b.latest + r, latest);
  }
}

LACUNA_VECTORISE void count_memory_waits(const Begin& b, Moment* starved_memory) {
  for (std::uint32_t r = 0; r < b.pes.rows; r += kRowsTogether) {
    const Times mapped = load(b.pes.mapped + r), arrival = load(b.rows.arrival + r);
    const Times begin = load(b.rows.memory_begin + r),
                end = smaller(load(b.rows.memory_end + r), load(b.rows.start + r));
    for (std::uint32_t c = b.pes.begin; c < b.pes.end; ++c) {
      const std::uint32_t pe = c * b.pes.stride + r;
      const Times column_begin = all(b.columns.memory_begin[c]);
      const Times column_end = smaller(all(b.columns.memory_end[c]), all(b.columns.start[c]));
      const Times free = load(b.free + pe);
      add(starved_memory + pe, (above_zero(end - larger(free, begin)) +
                                above_zero(column_end - larger(larger(free, arrival), column_begin))) &
                                   mapped);
    }
  }
}

LACUNA_VECTORISE void wait_for_gate(const Gate& g) {
  const Times untaken_begin = all(g.untaken_begin), untaken_end = all(g.untaken_end);
  for (std::uint32_t r = 0; r < g.pes.rows; r += kRowsTogether) {
    const Times mapped = load(g.pes.mapped + r);
    Times earliest = load(g.earliest + r), latest = load(g.latest + r);
    for (std::uint32_t c = g.pes.begin; c < g.pes.end; ++c) {
      const std::uint32_t pe = c * g.pes.stride + r;
      const Times there = load(g.ready + pe), open = larger(there, load(g.gate + pe));
      const Times memorys = above_zero(smaller(open, untaken_end) - larger(there, untaken_begin));
      add(g.blocked_memory + pe, memorys & mapped);
      add(g.blocked_output + pe, (open - there - memorys) & mapped);
      store(g.ready + pe, open);
      earliest = smaller(earliest, open);
      latest = larger(latest, open);
    }
    store(g.earliest + r, earliest);
    store(g.latest + r, latest);
  }
}

// With `taken` the cycles of the groups before, a group begins in a PE at taken + max(ready, sigma), sigma the latest
// of arrival - taken so far. It is popped, and makes room, with its last cycle.
LACUNA_VECTORISE bool follow(const Chain& chain, std::uint32_t& next) {
  const Chain c = chain;
  const std::uint32_t stride = c.rows;
  for (std::uint32_t group = next, slot = group % c.depth; group < c.last; ++group) {
    const Times before_it = all(group), with_it = all(group + 1), words = all(c.words);
    Times waits{};  // above zero where some PE waits
    for (std::uint32_t r = 0; r < c.rows; r += kRowsTogether) {
      const Times groups = load(c.groups + r), taken = load(c.taken + r), before = load(c.sigma + r);
      Times sigma = before, end = taken + 1;
      if (group != 0) {
        const Times bus = load(c.bus + r);
        Times start = larger(bus, load(c.room[0] + slot * stride + r));
        if (c.classes == 2) start = larger(start, load(c.room[1] + slot * stride + r));
        const Times arrival = start + (groups == with_it ? load(c.last_words + r) : words);
        sigma = groups > before_it ? larger(before, arrival - taken) : before;
        waits = larger(waits, smaller(sigma - before, sigma - load(c.earliest + r)));
        store(c.bus + r, groups > before_it ? arrival : bus);
        store(c.sigma + r, sigma);
        store(c.before + r, before);
        store(c.taken_before + r, taken);
        store(c.start + r, start);
        store(c.arrival + r, arrival);
      }
      if (c.cycles != nullptr) {
        Moment cycles[kRowsTogether];
        for (std::uint32_t i = 0; i < kRowsTogether; ++i)
          cycles[i] = group < c.groups[r + i] ? c.cycles[r + i][group] : 0;
        end = taken + load(cycles);
      }
      store(c.taken + r, groups > before_it ? end : taken);
      for (int k = 0; k < c.classes; ++k) {
        Moment* const room = c.room[k] + slot * stride + r;
        store(room, groups > before_it ? end + larger(load(c.latest[k] + r), sigma) : load(room));
      }
    }
    slot = slot + 1 == c.depth ? 0 : slot + 1;
    if (largest(waits) <= 0) continue;
    next = group + 1;
    return true;
  }
  return false;
}

LACUNA_VECTORISE void count_group_waits(const Chain& c, const PeRange& pes, const Moment* ready,
                                        Moment* starved_weight) {
  for (std::uint32_t r = 0; r < pes.rows; r += kRowsTogether) {
    const Times on_bus = load(c.arrival + r) - load(c.start + r), before = load(c.before + r),
                sigma = load(c.sigma + r);
    for (std::uint32_t column = pes.begin; column < pes.end; ++column) {
      const std::uint32_t pe = column * pes.stride + r;
      add(starved_weight + pe, smaller(on_bus, above_zero(sigma - larger(load(ready + pe), before))));
    }
  }
}

LACUNA_VECTORISE void keep_pace(const Chain& c) {
  for (std::uint32_t r = 0; r < c.rows; r += kRowsTogether) {
    const Times left = above_zero(load(c.groups + r) - all(Moment{c.depth} + 1));
    add(c.bus + r, left);
    add(c.taken + r, left);
  }
}

LACUNA_VECTORISE void next_room(const Chain& c, bool paced, const std::array<Moment*, 2>& next) {
  const std::uint32_t depth = c.depth, stride = c.rows;
  for (int k = 0; k < c.classes; ++k) {
    Times few{};  // above zero where some of them were gone through
    for (std::uint32_t r = 0; r < c.rows; r += kRowsTogether) {
      // The last `depth` groups, if they kept pace.
      const Times first =
          load(c.groups + r) + all(1 - Moment{depth}) + larger(load(c.latest[k] + r), load(c.sigma + r));
      for (std::uint32_t i = 0; i < depth; ++i) store(next[k] + i * stride + r, first + all(i));
      few = larger(few, all(2 * Moment{depth} + 1) - load(c.groups + r));
    }
    if (paced && largest(few) <= 0) continue;
    for (std::uint32_t r = 0; r < c.rows; ++r) {
      const std::uint32_t groups = c.groups[r];
      if (paced && groups > 2 * depth) continue;
      for (std::uint32_t i = 0, slot = groups % depth; i < depth; ++i, slot = slot + 1 == depth ? 0 : slot + 1)
        if (!paced || groups + i <= 2 * depth) next[k][i * stride + r] = c.room[k][slot * stride + r];
    }
  }
}

LACUNA_VECTORISE void end_segment(const End& end) {
  const End e = end;
  for (std::uint32_t c = e.pes.begin; c < e.pes.end; ++c) {
    std::array<Times, 2> popped{all(kLongAgo), all(kLongAgo)};
    for (std::uint32_t r = 0; r < e.pes.rows; r += kRowsTogether) {
      const std::uint32_t pe = c * e.pes.stride + r;
      const Times done = load(e.taken + r) + larger(load(e.ready + pe), load(e.sigma + r));
      store(e.free + pe, load(e.pes.mapped + r) != 0 ? done : load(e.free + pe));
      for (int k = 0; k < 2; ++k) {
        if (k >= e.classes) continue;
        popped[k] = larger(popped[k], load(e.of_class[k] + r) != 0 ? done : all(kLongAgo));
      }
    }
    for (int k = 0; k < e.classes; ++k) e.popped[k][c] = largest(popped[k]);
  }
}

}  // namespace lacuna::gather::fast
