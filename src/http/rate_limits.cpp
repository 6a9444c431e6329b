#include "haulcast/http/rate_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "haulcast/auth/principal.hpp"

namespace haulcast::http {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t charges_kept_max = 1024;  // about as many batches as wait for a commit at once
constexpr std::size_t charge_trucks_kept = 64;  // of one

siphash_key random_key() {
  std::random_device dice;
  const auto word = [&dice] { return std::uint64_t{dice()} << 32 | dice(); };
  return {word(), word()};
}

std::uint32_t whole_seconds(nanoseconds t) noexcept {
  return static_cast<std::uint32_t>(std::min<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(t).count(), 0xffff'ffff));
}

told_rate told(const bucket_limit& limit, const bucket_level& level) noexcept {
  return {.limit = static_cast<std::uint32_t>(limit.burst),
          .remaining = static_cast<std::uint32_t>(level.tokens),
          .reset_s = whole_seconds(level.full)};
}

/// `who`: "The truck TRK-1 has". The next one comes within the seconds that Retry-After names.
response refuse_for_now(std::string_view who, const bucket_level& level, std::string_view what = "request") {
  const std::uint32_t wait_s = std::max(1U, whole_seconds(level.next));
  return to_response({.what = code::too_many_requests,
                      .detail = fmt::format("{} no {} left; the next one comes in {} s.", who, what, wait_s),
                      .errors = {},
                      .retry_after_s = wait_s});
}

bool has_own_rate(const auth::principal& who) noexcept { return who.requests_per_s > 0; }

/// Where only a rate is given, a second of it may come at once.
bucket_limit own_rate_of(const auth::principal& who) noexcept {
  const auto burst = who.request_burst > 0 ? who.request_burst : static_cast<std::uint32_t>(std::ceil(who.requests_per_s));
  return bucket_limit::per_second(who.requests_per_s, burst);
}

}  // namespace

rate_limits::rate_limits(const rate_limit_options& options)
    : options_{options},
      hash_{random_key()},
      own_hash_{random_key()},
      trucks_{options.trucks},
      subjects_{options.subjects},
      addresses_{options.addresses},
      customers_{options.customers},
      charges_{charges_kept_max} {}

std::optional<response> rate_limits::count_request(request& r) {
  const auth::principal& who = *r.principal;
  const bool own = has_own_rate(who);
  if (!own && who.who == auth::role::admin) return std::nullopt;
  const bucket_limit limit = own ? own_rate_of(who) : options_.subject;
  if (!limit.is_on()) return std::nullopt;
  const auto level = subjects_.take(siphash(own ? own_hash_ : hash_, who.subject), limit, r.started);
  r.rate = told(limit, level);
  if (level.granted) return std::nullopt;
  ++(own ? metrics_.key : metrics_.subject);
  return refuse_for_now(own ? "This API key has" : "You have", level);
}

std::optional<response> rate_limits::count_delivery(request& r) {
  const auth::principal& who = *r.principal;
  if (who.who != auth::role::customer || !options_.deliveries.is_on()) return std::nullopt;
  const auto level = customers_.take(siphash(hash_, who.customer_id), options_.deliveries, r.started);
  r.rate = told(options_.deliveries, level);
  if (level.granted) return std::nullopt;
  ++metrics_.delivery;
  return refuse_for_now("You have", level, "delivery");
}

std::optional<response> rate_limits::charge(request& r, const engine::batch& batch, held_charge& taken) {
  if (r.principal->who != auth::role::driver || !options_.truck.is_on()) return std::nullopt;
  held_charge charge = charges_.take();
  collect_trucks(r, batch, charge->keys);
  if (const auto scarcest = scarcest_of(charge->keys, r.started); !scarcest.level.granted) {
    ++metrics_.truck;
    r.rate = told(options_.truck, scarcest.level);
    auto refused = refuse_for_now(fmt::format("The truck {} has", name_of(scarcest.key, batch)), scarcest.level);
    settle(std::move(charge));
    return refused;
  }
  bucket_level left;
  for (const std::uint64_t key : charge->keys) {
    const auto level = trucks_.spend(key, options_.truck, r.started);
    if (level.full > left.full) left = level;
  }
  if (!charge->keys.empty()) r.rate = told(options_.truck, left);
  charge->of = &r;
  taken = std::move(charge);
  return std::nullopt;
}

/// Of several with the same limit, the one that is furthest from full.
rate_limits::scarcity rate_limits::scarcest_of(const std::vector<std::uint64_t>& keys, token_buckets::time at) const noexcept {
  scarcity found{{.granted = true, .tokens = options_.truck.burst}};
  for (const std::uint64_t key : keys) {
    const auto level = trucks_.look(key, options_.truck, at);
    if (level.full > found.level.full) found = {level, key};
  }
  return found;
}

std::string_view rate_limits::name_of(std::uint64_t key, const engine::batch& batch) const {
  for (const std::string_view id : batch.trucks) {
    if (siphash(hash_, id) == key) return id;
  }
  const auto found = std::ranges::find_if(batch.rejected, [&](const auto& p) { return siphash(hash_, p.truck_id) == key; });
  return found != batch.rejected.end() ? found->truck_id : "";
}

/// Each truck once. Those of rejected positions stand with them, and are not told apart by anyone before.
void rate_limits::collect_trucks(const request& r, const engine::batch& batch, std::vector<std::uint64_t>& keys) const {
  keys.clear();
  for (const std::string_view id : batch.trucks) keys.push_back(siphash(hash_, id));
  if (batch.rejected.empty()) return;
  std::string_view last;
  for (const engine::rejected_position& p : batch.rejected) {
    if (p.truck_id.empty() || p.truck_id == last || !r.principal->may_post_for(p.truck_id)) continue;
    last = p.truck_id;
    keys.push_back(siphash(hash_, last));
  }
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
}

void rate_limits::settle(held_charge taken) noexcept {
  if (taken && taken->keys.capacity() <= charge_trucks_kept) charges_.give_back(std::move(taken));
}

void rate_limits::give_back(held_charge taken) noexcept {
  if (!taken) return;
  for (const std::uint64_t key : taken->keys) trucks_.give_back(key, options_.truck);
  taken->of->rate = told(options_.truck, scarcest_of(taken->keys, taken->of->started).level);
  settle(std::move(taken));
}

std::uint64_t rate_limits::key_of_address(const request& r) const {
  const auto address = r.client();
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return siphash(hash_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (address.to_v6().is_v4_mapped()) {
    const auto bytes = address.to_v6().to_bytes();
    return siphash(hash_, {reinterpret_cast<const char*>(bytes.data()) + 12, 4});
  }
  constexpr std::size_t network_bytes = 8;
  const auto bytes = address.to_v6().to_bytes();
  return siphash(hash_, {reinterpret_cast<const char*>(bytes.data()), network_bytes});
}

// Only failures make buckets, so an address that has not failed is never refused for what others did, however many they are;
// and whoever has addresses without end pays a connection of his own for each look at a forgery.
std::optional<response> rate_limits::refuse_login(request& r) {
  if (!options_.failed_logins.is_on()) return std::nullopt;
  const auto key = key_of_address(r);
  if (!addresses_.is_empty(key, options_.failed_logins, r.started)) return std::nullopt;
  ++metrics_.login;
  const auto level = addresses_.look(key, options_.failed_logins, r.started);
  r.rate = told(options_.failed_logins, level);
  return refuse_for_now("Too many credentials from this address were not valid: it has", level);
}

void rate_limits::login_failed(const request& r) {
  if (options_.failed_logins.is_on()) addresses_.spend(key_of_address(r), options_.failed_logins, r.started);
}

}  // namespace haulcast::http
