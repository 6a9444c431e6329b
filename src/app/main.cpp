#include <exception>
#include <iostream>

#include "haulcast/app/cli.hpp"
#include "haulcast/app/runners.hpp"

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
