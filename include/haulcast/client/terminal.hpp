// What may be drawn where: the command line asks and fills `terminal` and `colour` of the options.
#pragma once

namespace haulcast::client {

/// Whether a file descriptor is a terminal that can move its cursor (not TERM=dumb).
bool is_terminal(int fd) noexcept;

/// Whether to colour what goes there: a terminal, and NO_COLOR is unset or empty.
bool wants_colour(int fd) noexcept;

/// Lines and columns of a terminal; 24 x 80 when it does not say.
struct terminal_size {
  int rows = 24;
  int columns = 80;
};
terminal_size size_of_terminal(int fd) noexcept;

}  // namespace haulcast::client
