#include <exception>
#include <iostream>

#include "haulcast/app/cli.hpp"
#include "haulcast/app/runners.hpp"

// jemalloc reads it before main begins (docs/decisions/0011-allocator.md). One arena for all threads: worlds are built by one
// and used by another, and each arena would keep what its largest moment took; who is in a hurry allocates next to nothing.
// Free pages go back to the system from a thread of the allocator's own.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:1,background_thread:true";

int main(int argc, char** argv) {
  namespace app = haulcast::app;
  try {
    return app::run_command_line(argc, argv, {app::current_environment(), haulcast::system_now(), std::cout, std::cerr},
                                 app::real_commands());
  } catch (const std::exception& error) {
    std::cerr << "haulcast: " << error.what() << '\n';
    return app::exit_failed;
  }
}
