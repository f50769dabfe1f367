// Points of a store as `compare` and `report` take them.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "report/page.h"
#include "report/result.h"

namespace lacuna {

/// Whether `path` is an SQLite file. False, too, for what cannot be read: the reader of results says why.
bool is_store(const std::filesystem::path& path);

/// UserError, once the sound rows have been shown or written, if `path` is a store with damaged rows.
void refuse_damage(const std::filesystem::path& path);

/// JSON of busy PEs that a sweep's page holds: some 800 points of LeNet-5 on 16 x 16 PEs.
constexpr std::size_t kMapBytes = 3 << 20;

/// Every sweep of a store that has finished points, in the order in which they were begun; points of different energy
/// units apart. Points that belong to no sweep come last. Points that front_order() names first have maps of their PEs,
/// as far as kMapBytes reach. UserError if the store has no point at all.
std::vector<PageSweep> page_sweeps(const std::filesystem::path& store);

/// Two stores as results that can be compared: a point is a layer, named by as few settings as tell the points of each
/// store apart. A point with a newer result version replaces the older one.
std::pair<Result, Result> comparable_stores(const std::filesystem::path& base, const std::filesystem::path& now);

}  // namespace lacuna
