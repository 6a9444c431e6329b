#include "geofence_reading.hpp"

#include <algorithm>
#include <utility>

#include "command_handler.hpp"
#include "geofence_commands.hpp"
#include "geofence_import.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {

namespace {

bool says_gzip(const request& r) {
  const auto coding = r.header("content-encoding");
  return iequals(coding, "gzip") || iequals(coding, "x-gzip");
}

problem not_decodable(wire::gzip_error why) {
  if (why == wire::gzip_error::too_large)
    return {.what = code::body_too_large, .detail = "The body is too large once it is decompressed.", .errors = {}};
  return {.what = code::body_not_decodable, .detail = std::string{wire::to_string(why)}, .errors = {}};
}

}  // namespace

geofence_reading::geofence_reading(const request& r, std::optional<std::string_view> key, std::size_t geofences_max)
    : merchant_id_{r.principal->who == auth::role::merchant ? r.principal->merchant_id : std::string{}},
      made_{std::make_unique<pipeline::import_request>()} {
  reader_.emplace(wire::collection_limits{.features_max = geofences_max, .feature_bytes_max = geofence_body_bytes},
                  [this](engine::geofence&& read) { return keep(std::move(read)); });
  if (key) key_.emplace(r, *key);
  if (says_gzip(r)) gzip_.emplace(import_body_bytes);
  made_->merchant_id = r.principal->merchant_id;
}

bool geofence_reading::fail(problem why) {
  wrong_ = std::move(why);
  made_ = std::make_unique<pipeline::import_request>();
  return false;
}

bool geofence_reading::take(std::string_view piece) {
  if (wrong_) return false;
  if (!gzip_) return take_plain(piece);
  const auto failed = gzip_->feed(piece, [this](std::string_view text) { take_plain(text); });
  if (failed && !wrong_) return fail(not_decodable(*failed));
  return !wrong_;
}

bool geofence_reading::take_plain(std::string_view text) {
  if (wrong_) return false;
  if (key_) key_->add(text);
  if (!reader_->feed(text)) return fail(to_problem(reader_->failure()));
  return true;
}

std::optional<wire::body_failure> geofence_reading::keep(engine::geofence&& read) {
  if (!merchant_id_.empty()) {
    if (!read.merchant_id.empty() && read.merchant_id != merchant_id_)
      return wire::body_failure{"field_invalid", "/properties/merchant_id", "A merchant has geofences of its own only."};
    read.merchant_id = merchant_id_;
  }
  read.prepare();
  made_->geofences.push_back(std::make_shared<engine::geofence>(std::move(read)));
  return std::nullopt;
}

bool geofence_reading::finish() {
  if (wrong_) return false;
  if (gzip_) {
    if (const auto failed = gzip_->finish()) return fail(not_decodable(*failed));
  }
  if (!reader_->finish()) return fail(to_problem(reader_->failure()));
  for (const auto& each : made_->geofences) made_->ids.push_back(each->id);
  std::ranges::sort(made_->ids);
  if (key_) made_->retry = key_->end();
  return true;
}

bool geofence_reading::clear() {
  made_.reset();
  reader_.reset();
  return true;
}

}  // namespace haulcast::http
