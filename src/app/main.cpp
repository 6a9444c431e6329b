#include <malloc.h>

#include <exception>
#include <iostream>

#include "haulcast/app/cli.hpp"
#include "haulcast/app/runners.hpp"

int main(int argc, char** argv) {
  namespace app = haulcast::app;
  // One arena for all threads, before there are any: worlds are built by one thread and used by another, and each arena would
  // keep what its largest moment took. Who is in a hurry allocates next to nothing.
  ::mallopt(M_ARENA_MAX, 1);
  try {
    return app::run_command_line(argc, argv, {app::current_environment(), haulcast::system_now(), std::cout, std::cerr},
                                 app::real_commands());
  } catch (const std::exception& error) {
    std::cerr << "haulcast: " << error.what() << '\n';
    return app::exit_failed;
  }
}
