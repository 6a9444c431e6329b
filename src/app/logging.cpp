#include "haulcast/app/logging.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "haulcast/app/log_line.hpp"

namespace haulcast::app {
namespace {

constexpr std::size_t lines_waiting_max = 8192;

using line_function = std::string (*)(const log_record&);

std::string_view name_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace: return "trace";
    case spdlog::level::debug: return "debug";
    case spdlog::level::info: return "info";
    case spdlog::level::warn: return "warn";
    default: return "error";
  }
}

spdlog::level::level_enum level_named(std::string_view name) {
  for (const auto level : {spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn}) {
    if (name_of(level) == name) return level;
  }
  return name == "off" ? spdlog::level::off : spdlog::level::err;
}

/// The library's pattern would put a message as it is between the quotes of a JSON line.
class line_formatter final : public spdlog::formatter {
 public:
  explicit line_formatter(line_function to_line) : to_line_{to_line} {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto line = to_line_({message.time, name_of(message.level), {message.payload.data(), message.payload.size()}});
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<line_formatter>(to_line_); }

 private:
  line_function to_line_;
};

// Changed by start and stop alone, which the thread that started the process calls while no other thread runs.
std::shared_ptr<spdlog::details::thread_pool> pool;
std::shared_ptr<spdlog::logger> active;
std::uint64_t lost_before = 0;  // by queues that are gone

}  // namespace

void start_logging(const log_options& options) {
  stop_logging();
  pool = std::make_shared<spdlog::details::thread_pool>(lines_waiting_max, 1);
  active = std::make_shared<spdlog::async_logger>("haulcast", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool,
                                                  spdlog::async_overflow_policy::overrun_oldest);
  active->set_formatter(std::make_unique<line_formatter>(options.format == "json" ? to_json_line : to_console_line));
  active->set_level(level_named(options.level));
  spdlog::set_default_logger(active);
}

// spdlog::shutdown() would leave no default logger, and the next line that somebody logs would crash. This one stays, switched
// off.
void stop_logging() {
  if (active) active->set_level(spdlog::level::off);
  lost_before = log_overruns();
  pool.reset();
}

std::uint64_t log_overruns() { return lost_before + (pool ? pool->overrun_counter() : 0); }

}  // namespace haulcast::app
