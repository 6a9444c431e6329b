#include <fmt/format.h>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/http/rate_limits.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/pipeline/pipeline.hpp"
#include "haulcast/wire/json_out.hpp"
#include "spine_refusal.hpp"

namespace haulcast::http {

namespace {

std::string_view detail_of(engine::reject_code c) {
  using engine::reject_code;
  switch (c) {
    case reject_code::position_not_an_object: return "A position is a JSON object.";
    case reject_code::duplicate_key: return "A member is given twice.";
    case reject_code::field_type_invalid: return "A member has the wrong type.";
    case reject_code::truck_id_missing: return "truck_id is missing.";
    case reject_code::truck_id_invalid: return "truck_id is 1 to 128 of A-Z a-z 0-9 . _ : -";
    case reject_code::truck_not_yours: return "The token does not cover this truck.";
    case reject_code::timestamp_missing: return "timestamp is missing.";
    case reject_code::timestamp_invalid: return "timestamp is RFC 3339 or epoch milliseconds.";
    case reject_code::timestamp_in_future: return "timestamp lies too far in the future: is the device's clock right?";
    case reject_code::timestamp_too_old: return "timestamp lies too far in the past.";
    case reject_code::latitude_missing: return "latitude is missing.";
    case reject_code::latitude_out_of_range: return "latitude is -90 to 90 degrees.";
    case reject_code::longitude_missing: return "longitude is missing.";
    case reject_code::longitude_out_of_range: return "longitude is -180 to 180 degrees.";
    case reject_code::speed_out_of_range: return "speed_kmh is 0 to 400.";
    case reject_code::heading_out_of_range: return "heading is 0 to 360 degrees.";
    case reject_code::accuracy_out_of_range: return "accuracy_m is 0 to 1,000,000.";
    case reject_code::altitude_out_of_range: return "altitude_m is -1,000 to 20,000.";
    case reject_code::odometer_out_of_range: return "odometer_km is 0 to 10,000,000.";
    case reject_code::fuel_level_out_of_range: return "fuel_level_pct is 0 to 100.";
    case reject_code::battery_out_of_range: return "battery_pct is 0 to 100.";
    case reject_code::trip_id_invalid: return "trip_id is 1 to 128 of A-Z a-z 0-9 . _ : -";
    case reject_code::driver_id_invalid: return "driver_id is 1 to 128 of A-Z a-z 0-9 . _ : -";
    case reject_code::engine_status_invalid: return "engine_status is a text of 1 to 64 bytes without control characters.";
    case reject_code::attributes_invalid: return "attributes is a flat object of at most 16 scalars in 1 KiB.";
    case reject_code::too_many_trucks: return "The server knows as many trucks as it may.";
    case reject_code::truck_unknown: return "The truck is not registered, and here it cannot register itself.";
  }
  return "";
}

// The body's refusals in the words of the API. Structure that is neither of its own code is a member's wrong type.
code code_of(wire::batch_error e) {
  using wire::batch_error;
  switch (e) {
    case batch_error::malformed_json: return code::malformed_json;
    case batch_error::not_an_object:
    case batch_error::positions_invalid: return code::field_type_invalid;
    case batch_error::positions_missing: return code::positions_missing;
    case batch_error::batch_empty: return code::batch_empty;
    case batch_error::batch_too_large: return code::batch_too_large;
    case batch_error::duplicate_key: return code::duplicate_key;
    case batch_error::unknown_member: return code::unknown_member;
    case batch_error::truck_id_invalid: return code::field_invalid;
  }
  return code::internal_error;
}

response refuse_batch(const wire::batch_failure& f) {
  problem p{.what = code_of(f.code), .detail = f.detail};
  if (!f.pointer.empty()) p.errors.push_back({f.pointer, std::string{entry_of(p.what).name}, f.detail});
  return to_response(p);
}

void write_answer(std::string& json, const pipeline::receipt& told) {
  const auto out = std::back_inserter(json);
  fmt::format_to(out, R"({{"accepted":{},"duplicates":{},"late":{},"rejected":[)", told.accepted, told.duplicates, told.late);
  bool first = true;
  for (const engine::rejected_position& r : told.input->rejected) {
    if (!std::exchange(first, false)) json += ',';
    fmt::format_to(out, R"({{"index":{},"code":"{}","detail":"{}"}})", r.index, to_string(r.code), detail_of(r.code));
  }
  json += "]}";
}

class ingest {
 public:
  ingest(pipeline::pipeline& spine, const ingest_options& options, rate_limits* trucks)
      : spine_{spine}, limits_{options.limits}, trucks_{trucks} {}

  answer_later operator()(request& r, response& to) {
    admitted in;
    if (auto refused = read(r, in)) {
      to = std::move(*refused);
      return {};
    }
    return [this, &to, taken = std::move(in)](answered done) mutable {
      auto told = [this, &to, charge = std::move(taken.charge), then = std::move(done)](pipeline::submit_result came) mutable {
        settle(came, std::move(charge));
        then(answer(to, std::move(came)));
      };
      spine_.submit(std::move(taken.batch), std::move(told));
    };
  }

 private:
  struct admitted {
    std::unique_ptr<engine::batch> batch;
    held_charge charge;
  };

  std::optional<response> read(request& r, admitted& in) {
    if (const auto refused = spine_.closed()) return refuse(spine_code(*refused));
    const auth::principal& who = *r.principal;
    wire::covers covers;
    if (who.who != auth::role::admin) covers = [&who](std::string_view truck) { return who.may_post_for(truck); };
    HAULCAST_FAILPOINT(admit_received);
    auto parsed = parser_.parse(r.body, system_now(), limits_, covers);
    if (!parsed) return refuse_batch(parsed.error());
    HAULCAST_FAILPOINT(admit_parsed);
    if (parsed->foreign && !parsed->covered) {
      return refuse(code::truck_not_yours, "The token covers none of the trucks in this batch.");
    }
    in.batch = std::move(parsed->batch);
    return trucks_ != nullptr ? trucks_->charge(r, *in.batch, in.charge) : std::nullopt;
  }

  /// Who is told 503 sends the same again, and pays once.
  void settle(const pipeline::submit_result& came, held_charge charge) noexcept {
    if (!charge) return;
    if (came) return trucks_->settle(std::move(charge));
    trucks_->give_back(std::move(charge));
  }

  /// Null, or why there is no answer.
  std::exception_ptr answer(response& to, pipeline::submit_result came) noexcept try {
    if (!came) {
      to = refuse(spine_code(came.error()));
    } else {
      write_answer(to.body, *came);
      parser_.give_back(std::move(came->input));
    }
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }

  pipeline::pipeline& spine_;
  wire::batch_limits limits_;
  rate_limits* trucks_;
  wire::batch_parser parser_;  // one thread, and never kept while an answer is waited for
};

}  // namespace

void add_ingest_routes(router& to, pipeline::pipeline& spine, const ingest_options& options, rate_limits* trucks) {
  const auto handler = std::make_shared<ingest>(spine, options, trucks);
  to.add({.method = method::post,
          .pattern = "/v1/positions",
          .body_limit = options.max_body_bytes,
          .handler = late_handler{[handler](request& r, response& to) { return (*handler)(r, to); }}});
}

}  // namespace haulcast::http
