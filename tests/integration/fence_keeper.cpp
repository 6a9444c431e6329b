#include "fence_keeper.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace haulcast::support {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr int geofences = 24;
constexpr auto between_commands = 20ms;
constexpr auto between_tries = 10ms;

json circle(const std::string& id, int number, int radius) {
  return {{"geofence_id", id},
          {"type", "circle"},
          {"center", {{"latitude", 10 + number % 12 + 0.004}, {"longitude", 20 + number / 12 * 0.01}}},
          {"radius_meters", radius},
          {"alert_on", {"enter", "exit", "dwell"}},
          {"dwell_seconds", 20},
          {"rules", {{"restricted", number % 3 == 0}, {"speed_limit_kmh", 30}}}};
}

}  // namespace

fence_keeper::fence_keeper(client::base_url server, std::string token, std::uint64_t seed)
    : server_{std::move(server)}, token_{std::move(token)}, dice_{seed}, thread_{[this] { work(); }} {}

fence_keeper::~fence_keeper() {
  stopping_ = true;
  abandoned_ = true;
  if (thread_.joinable()) thread_.join();
}

void fence_keeper::work() {
  while (!stopping_) {
    one_command();
    std::this_thread::sleep_for(between_commands);
  }
}

void fence_keeper::one_command() {
  const int number = static_cast<int>(dice_() % geofences);
  const std::string id = fmt::format("keeper-{}", number);
  const int radius = 200 + static_cast<int>(dice_() % 1'500);
  client::http_request request;
  request.target = "/v1/geofences/" + id;
  request.method = dice_() % 4 == 0 ? "DELETE" : "PUT";
  if (request.method == "PUT") request.body = circle(id, number, radius).dump();
  request.headers = {{"Idempotency-Key", fmt::format("{}-{}", report_.commands, dice_())}};
  while (!abandoned_) {
    try {
      const json_answer told = api{server_, token_}.send(request);
      if (told.status != 503) {
        ++report_.commands;
        if (told.raw.header("idempotency-replayed")) ++report_.replayed;
        const bool was_there = expected_.contains(id);
        const unsigned right = request.method == "PUT" ? (was_there ? 200 : 201) : (was_there ? 204 : 404);
        if (told.status != right && report_.wrong.empty())
          report_.wrong = fmt::format("{} {} was answered {} instead of {}", request.method, id, told.status, right);
        request.method == "PUT" ? static_cast<void>(expected_.insert_or_assign(id, radius))
                                : static_cast<void>(expected_.erase(id));
        return;
      }
    } catch (const std::runtime_error&) {  // dead, or dying
    }
    std::this_thread::sleep_for(between_tries);
  }
}

fence_keeper::report fence_keeper::finish(api& admin) {
  stopping_ = true;
  thread_.join();
  std::map<std::string, int> there;
  const auto listed = admin.get("/v1/geofences?limit=1000");
  for (const auto& item : listed.body.at("items")) there[item.at("geofence_id")] = item.at("radius_meters");
  if (there != expected_ && report_.wrong.empty())
    report_.wrong = fmt::format("{} geofences are there, and {} were answered to be", there.size(), expected_.size());
  return report_;
}

}  // namespace haulcast::support
