// How often callers may ask: per truck, per subject or API key, and how often an address may fail to say who it is.
//
// All of it is in memory and forgotten by a restart. What happens when a table is full: token_buckets.hpp.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "haulcast/base/recycler.hpp"
#include "haulcast/base/siphash.hpp"
#include "haulcast/base/token_buckets.hpp"
#include "haulcast/engine/batch.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"

namespace haulcast::http {

struct rate_limit_options {
  bucket_limit truck = bucket_limit::per_second(1, 10);      // requests of drivers, for each truck in them
  bucket_limit subject = bucket_limit::per_second(50, 500);  // requests of all but admins
  bucket_limit failed_logins = bucket_limit::per_second(1, 60);
  bucket_limit deliveries = bucket_limit::per_second(10.0 / 3600, 10);  // that a customer creates
  // A bucket is at work until it is full again: at 20,000 requests a second for at most 10 s.
  std::size_t trucks = 1U << 18;
  std::size_t subjects = 1U << 16;
  std::size_t addresses = 1U << 16;
  std::size_t customers = 1U << 14;
};

struct rate_limit_metrics {
  std::uint64_t truck = 0;     // batches refused
  std::uint64_t subject = 0;   // requests refused
  std::uint64_t key = 0;       // of these, by an API key's own limit
  std::uint64_t login = 0;     // credentials not looked at
  std::uint64_t delivery = 0;  // deliveries refused
};

/// What a batch has taken from its trucks' buckets. The request must stay until it is settled or given back.
struct truck_charge {
  std::vector<std::uint64_t> keys;
  request* of = nullptr;
};
using held_charge = std::unique_ptr<truck_charge>;  // null where nothing is limited

/// Owned by the composition, one thread, time is `request::started`. O(1), O(trucks) for a batch; no allocation but for
/// refusals. Whoever is counted finds in `request::rate` what the answer's head tells, refusals too.
class rate_limits {
 public:
  /// Draws the key of its hashes. Throws std::runtime_error when the system has no random bytes.
  explicit rate_limits(const rate_limit_options& options);

  /// One request of a caller who has been let in (`r.principal`). 429: it has none left. Admins are not counted; a principal
  /// with a rate of its own (an API key) is, admin or not, and by that alone.
  std::optional<response> count_request(request& r);

  /// One request of each truck in the batch that the caller may post for, also where its positions were rejected. 429: one of
  /// them has none left, and nothing is taken. Only drivers are counted.
  std::optional<response> charge(request& r, const engine::batch& batch, held_charge& taken);
  /// The batch was stored.
  void settle(held_charge taken) noexcept;
  /// It was not, through no fault of the sender: who sends it again pays once.
  void give_back(held_charge taken) noexcept;

  /// One delivery that a customer wants to create, whoever of them asks. 429: not one more for now. Others are not counted.
  std::optional<response> count_delivery(request& r);

  /// 429: too many credentials from there were not valid, so that further ones are not to be verified for now. Of IPv6 a /64
  /// counts as one, which is what one customer gets at least.
  std::optional<response> refuse_login(request& r);
  /// One from there was verified and is not valid.
  void login_failed(const request& r);

  const rate_limit_metrics& metrics() const noexcept { return metrics_; }
  const token_buckets& trucks() const noexcept { return trucks_; }
  const token_buckets& subjects() const noexcept { return subjects_; }
  const token_buckets& addresses() const noexcept { return addresses_; }
  const token_buckets& customers() const noexcept { return customers_; }

 private:
  void collect_trucks(const request& r, const engine::batch& batch, std::vector<std::uint64_t>& keys) const;
  struct scarcity {
    bucket_level level;
    std::uint64_t key = 0;
  };
  scarcity scarcest_of(const std::vector<std::uint64_t>& keys, token_buckets::time at) const noexcept;
  std::string_view name_of(std::uint64_t key, const engine::batch& batch) const;
  std::uint64_t key_of_address(const request& r) const;

  rate_limit_options options_;
  siphash_key hash_;      // of trucks, addresses and subjects
  siphash_key own_hash_;  // of subjects with a rate of their own
  token_buckets trucks_;
  token_buckets subjects_;
  token_buckets addresses_;
  token_buckets customers_;
  recycler<truck_charge> charges_;
  rate_limit_metrics metrics_;
};

}  // namespace haulcast::http
