#include "geofence_import.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "geofence_commands.hpp"
#include "geofence_reading.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/http/idempotency_key.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "spine_refusal.hpp"

namespace haulcast::http {

namespace {

using engine::command_status;
constexpr int politeness = 10;             // of 19: the loop and the journal come first
constexpr std::size_t pieces_waiting = 8;  // at the desk

/// What the imports of a server share.
struct import_office {
  explicit import_office(pipeline::pipeline& to, net::any_io_executor executor) : spine{to}, loop{executor}, aside{executor} {
    // On Linux this is of the thread alone.
    aside.run([] { return ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), politeness); }, [](int) {});
  }

  pipeline::pipeline& spine;
  net::any_io_executor loop;
  desk aside;
  bool taken = false;
};

response refuse_feature(code what, std::size_t place, std::string_view member) {
  problem p{.what = what, .detail = {}, .errors = {}};
  p.errors.push_back({fmt::format("/features/{}{}", place, member), std::string{entry_of(what).name},
                      std::string{entry_of(what).title} + '.'});
  return to_response(p);
}

response counted(const engine::import_counts& counts) {
  return json_response(
      fmt::format(R"({{"created":{},"updated":{},"unchanged":{}}})", counts.created, counts.updated, counts.unchanged));
}

response to_answer(const pipeline::command_result& came) {
  if (!came) return refuse(spine_code(came.error()));
  const engine::command_outcome& decided = came->decided;
  switch (decided.what) {
    case command_status::imported:
    case command_status::unchanged: {
      response answer = counted(decided.counts);
      if (decided.again) answer.headers.push_back({"Idempotency-Replayed", "true"});
      return answer;
    }
    case command_status::exists: return refuse_feature(code::geofence_exists, decided.version, "/id");
    case command_status::no_room: return refuse_feature(code::too_many_geofences, decided.version, "");
    case command_status::key_reused: return refuse(code::idempotency_key_reused);
    default: return refuse(code::internal_error);
  }
}

class import_upload final : public upload {
 public:
  import_upload(std::shared_ptr<import_office> office, std::unique_ptr<geofence_reading> reading)
      : office_{std::move(office)}, reading_{std::move(reading)}, news_{std::make_shared<news>(office_->loop)} {
    office_->taken = true;
  }
  // Very many geofences may have been read: they go where they came from.
  ~import_upload() override {
    office_->taken = false;
    office_->aside.run([gone = std::move(reading_)]() mutable { return gone->clear(); }, [](bool) {});
  }

  net::awaitable<void> take(std::string piece) override {
    ++news_->waiting;
    office_->aside.run([from = reading_, piece = std::move(piece)] { return from->take(piece); },
                       [about = news_](bool) { about->one_less(); });
    while (news_->waiting >= pieces_waiting) {
      auto waiting = news_->timer.async_wait(net::as_tuple(net::use_awaitable));
      co_await std::move(waiting);
    }
  }

  net::awaitable<response> finish() override {
    ++news_->waiting;
    office_->aside.run([from = reading_] { return from->finish(); }, [about = news_](bool) { about->one_less(); });
    while (news_->waiting > 0) {
      auto waiting = news_->timer.async_wait(net::as_tuple(net::use_awaitable));
      co_await std::move(waiting);
    }
    if (const auto& wrong = reading_->wrong()) co_return to_response(*wrong);
    auto submitting = submit();
    const auto came = co_await std::move(submitting);
    co_return to_answer(came);
  }

 private:
  // The desk may be at a piece when the upload is gone.
  struct news {
    explicit news(const net::any_io_executor& loop) : timer{loop, net::steady_timer::time_point::max()} {}
    void one_less() {
      --waiting;
      timer.cancel();
    }
    net::steady_timer timer;
    std::size_t waiting = 0;
  };

  net::awaitable<pipeline::command_result> submit() {
    auto start = [this](auto handler) {
      office_->spine.submit(reading_->take_request(), [answered = std::move(handler)](pipeline::command_result came) mutable {
        std::move(answered)(std::move(came));
      });
    };
    co_return co_await net::async_initiate<decltype(net::use_awaitable), void(pipeline::command_result)>(std::move(start),
                                                                                                         net::use_awaitable);
  }

  std::shared_ptr<import_office> office_;
  std::shared_ptr<geofence_reading> reading_;
  std::shared_ptr<news> news_;
};

std::unique_ptr<upload> begin(const std::shared_ptr<import_office>& office, const request& r, response& refused) {
  if (office->taken || office->spine.importing()) {
    refused = refuse(code::import_under_way);
    return nullptr;
  }
  if (const auto closed = office->spine.closed()) {
    refused = refuse(spine_code(*closed));
    return nullptr;
  }
  const auto key = read_idempotency_key(r);
  if (!key) {
    refused = to_response(key.error());
    return nullptr;
  }
  return std::make_unique<import_upload>(office, std::make_unique<geofence_reading>(r, *key, office->spine.max_geofences()));
}

}  // namespace

upload_handler import_geofences_handler(pipeline::pipeline& spine, net::any_io_executor loop) {
  return [office = std::make_shared<import_office>(spine, std::move(loop))](request& r, response& refused) {
    return begin(office, r, refused);
  };
}

}  // namespace haulcast::http
