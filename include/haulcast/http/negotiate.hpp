// Accept, Accept-Encoding, Content-Type: what they allow.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace haulcast::http {

/// Which of the `offered` media types the `Accept` field wants most; the first when it says nothing. Ties go to the one offered
/// first. Nullopt: none of them (406).
std::optional<std::size_t> negotiate(std::string_view accept, std::span<const std::string_view> offered) noexcept;

/// Whether an `Accept-Encoding` field allows gzip; no field does not.
bool accepts_gzip(std::string_view accept_encoding) noexcept;

/// Whether a body of this `Content-Type` is one of `accepted`. An empty field counts as JSON; parameters are ignored, but a
/// charset must be UTF-8 (or US-ASCII).
bool accepts_content_type(std::string_view content_type, std::span<const std::string_view> accepted) noexcept;

}  // namespace haulcast::http
