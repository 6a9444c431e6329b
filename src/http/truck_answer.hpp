// A truck as reads show it, and the tag of what they show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/pipeline/view.hpp"

namespace haulcast::http {

/// `said`: what is said of it, which may be older than what the view has by now; null: nothing.
void append_truck(std::string& out, const pipeline::told_truck& t, const engine::registration* said);

/// `"<version>.<newest position><status>"`: another one whenever an answer would look different, so that a copy is never taken
/// for fresh because only the position has changed. What a client must not overwrite unseen is the registration; so If-Match
/// compares its version alone: a truck that drives on does not make what was read of it stale. The same after a restart.
std::string etag_of(const pipeline::told_truck& t, std::uint64_t version);

/// The version in such a tag (without quotes).
std::optional<std::uint64_t> version_in(std::string_view opaque) noexcept;

}  // namespace haulcast::http
