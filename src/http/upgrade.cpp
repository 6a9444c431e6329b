#include "upgrade.hpp"

#include "answering.hpp"

namespace haulcast::http {
namespace {

/// One upgraded connection, for as long as it exists.
class counted_connection {
 public:
  counted_connection(std::shared_ptr<server_core> core, address_counts::place place)
      : core_{std::move(core)}, place_{std::move(place)} {
    ++core_->metrics.upgraded_open;
  }
  counted_connection(const counted_connection&) = delete;
  counted_connection& operator=(const counted_connection&) = delete;
  ~counted_connection() {
    --core_->metrics.upgraded_open;
    core_->leave();
  }

 private:
  std::shared_ptr<server_core> core_;
  address_counts::place place_;
};

}  // namespace

std::optional<response> hand_over(const std::shared_ptr<server_core>& core, exchange& one, read_buffer& in, channel& from,
                                  address_counts::place& place) {
  bool taken = false;
  const auto leave = [&]() -> departed {
    taken = true;
    ++core->metrics_of(one.to).by_class[1];
    return {.socket = std::move(from.socket()),
            .secured = from.take_tls(),
            .buffered = std::string{in.untaken()},
            .counted = std::make_shared<counted_connection>(core, std::move(place))};
  };
  try {
    return std::get<upgrade_handler>(one.to->handler)(one.request, leave);
  } catch (const std::exception& e) {
    auto answer = answer_failure(*core, one.to->pattern, e.what());
    if (taken) return std::nullopt;  // whoever took it has dropped it
    return answer;
  }
}

}  // namespace haulcast::http
