#include "haulcast/client/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace haulcast::client {

bool is_terminal(int fd) noexcept {
  const char* kind = std::getenv("TERM");
  return ::isatty(fd) == 1 && kind != nullptr && std::string_view{kind} != "dumb";
}

bool wants_colour(int fd) noexcept {
  const char* refused = std::getenv("NO_COLOR");
  return is_terminal(fd) && (refused == nullptr || *refused == '\0');
}

terminal_size size_of_terminal(int fd) noexcept {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace haulcast::client
