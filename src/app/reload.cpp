#include "haulcast/app/reload.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace haulcast::app {

reloader::reloader(boost::asio::io_context& loop, std::vector<reloadable> what)
    : loop_{loop}, what_{std::move(what)}, metrics_{.last_success = system_now()} {}

void reloader::reload() {
  if (running_) {
    again_ = true;
    return;
  }
  running_ = true;
  aside_.run([this] { boost::asio::post(loop_, [this, read = read_all()] { finish(read); }); });
}

result<std::vector<put_in_force>> reloader::read_all() const {
  std::vector<put_in_force> all;
  try {
    for (const auto& one : what_) {
      auto read = one.read();
      if (!read) return read.error();
      all.push_back(std::move(*read));
    }
  } catch (const std::exception& surprise) {
    return failure{surprise.what()};
  }
  return all;
}

bool reloader::put_all(const std::vector<put_in_force>& all) {
  try {
    std::vector<std::shared_ptr<void>> before;
    for (const auto& put : all) before.push_back(put());
    aside_.run([before = std::move(before)]() mutable { before.clear(); });
    return true;
  } catch (const std::exception& surprise) {
    spdlog::error("not all of it is reloaded: {}", surprise.what());
    return false;
  }
}

void reloader::finish(const result<std::vector<put_in_force>>& read) {
  metrics_.last_successful = read && put_all(*read);
  ++(metrics_.last_successful ? metrics_.succeeded : metrics_.failed);
  if (metrics_.last_successful) metrics_.last_success = system_now();
  if (!read) spdlog::error("nothing is reloaded, and what was in force stays: {}", read.error().what);
  running_ = false;
  if (std::exchange(again_, false)) reload();
}

}  // namespace haulcast::app
