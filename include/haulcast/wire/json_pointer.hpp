// What a refusal shows of a client's text: where in the body (RFC 6901), and no more of it than it should.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace haulcast::wire {

/// `text` cut to at most so many bytes, where a character ends.
std::string_view cut_at_character(std::string_view text, std::size_t bytes_max) noexcept;

/// Pointer to a member of the outermost object, whatever its name; a name over 64 bytes is cut at a character's boundary.
std::string json_pointer_to(std::string_view member);

}  // namespace haulcast::wire
