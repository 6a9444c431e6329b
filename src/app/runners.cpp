#include "haulcast/app/runners.hpp"

#include <iostream>

#include "haulcast/app/logging.hpp"
#include "haulcast/app/signals.hpp"
#include "haulcast/client/health.hpp"
#include "haulcast/client/import_geofences.hpp"
#include "haulcast/client/replay.hpp"
#include "haulcast/client/simulate.hpp"
#include "haulcast/client/watch.hpp"

namespace haulcast::app {
namespace {

/// Logging for as long as it lives, so that the last lines are written on every way out.
class logging {
 public:
  explicit logging(const log_keys& keys) { start_logging({keys.level, keys.format}); }
  ~logging() { stop_logging(); }
  logging(const logging&) = delete;
  logging& operator=(const logging&) = delete;
};

int serve_with_log(const config& cfg) {
  hold_signals();  // until the server can obey them: recovery takes a while
  const logging on{cfg.log};
  return serve(cfg);
}

int verify_with_log(const config& cfg, const verify_options& options) {
  const logging on{cfg.log};
  return verify(cfg, options);
}

}  // namespace

command_runners real_commands() {
  return {.serve = serve_with_log,
          .verify = verify_with_log,
          .migrate = migrate,
          .simulate = [](const auto& options) { return client::simulate(options, std::cout, std::cerr); },
          .replay = [](const auto& options) { return client::replay(options, std::cout, std::cerr); },
          .import_geofences = [](const auto& options) { return client::import_geofences(options, std::cout, std::cerr); },
          .watch = [](const auto& options) { return client::watch(options, std::cout, std::cerr); },
          .health = [](const auto& options) { return client::health(options, std::cout); }};
}

}  // namespace haulcast::app
