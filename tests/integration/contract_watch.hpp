// Holds every answer and every frame that a test sees against the published contract; what does not fit fails the test at once.
#pragma once

#include <string>
#include <string_view>

namespace haulcast::support {

/// For who speaks to the server with bytes: all that went either way over one connection.
void watch_bytes(std::string_view sent, std::string_view received);
/// One element of a stream that was asked for at `target`.
void watch_item(std::string_view target, std::string_view media_type, std::string_view item);

}  // namespace haulcast::support
