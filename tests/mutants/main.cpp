// The product's main, and one command more.
#include <exception>
#include <iostream>

#include "haulcast/app/cli.hpp"
#include "haulcast/app/runners.hpp"
#include "mutants/rigged.hpp"

int main(int argc, char** argv) {
  namespace app = haulcast::app;
  if (argc == 3 && argv[1] == std::string_view{"store-checkpoints"}) return haulcast::rigged::store_checkpoints(argv[2]);
  try {
    return app::run_command_line(argc, argv, {app::current_environment(), haulcast::system_now(), std::cout, std::cerr},
                                 app::real_commands());
  } catch (const std::exception& error) {
    std::cerr << "haulcast: " << error.what() << '\n';
    return app::exit_failed;
  }
}
