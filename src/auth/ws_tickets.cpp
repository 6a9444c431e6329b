#include "haulcast/auth/ws_tickets.hpp"

#include <algorithm>
#include <boost/multi_index/composite_key.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <iterator>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "haulcast/auth/api_key.hpp"
#include "haulcast/auth/sha256.hpp"
#include "random_text.hpp"

namespace haulcast::auth {
namespace {

namespace mi = boost::multi_index;
using clock = ws_tickets::clock;

constexpr std::size_t ticket_bytes = 43;
constexpr int forgotten_at_once = 16;  // far more than one call adds

struct entry {
  sha256_digest digest;
  std::shared_ptr<const principal> who;
  clock::time_point expires;
};

struct subject_of {
  using result_type = const std::string&;
  result_type operator()(const entry& one) const noexcept { return one.who->subject; }
};

/// A digest is a hash.
struct digest_hash {
  std::size_t operator()(const sha256_digest& digest) const noexcept { return fingerprint_of(digest); }
};

/// All live equally long, so the order of their issue is that of their ends.
using entries = mi::multi_index_container<
    entry, mi::indexed_by<mi::sequenced<>, mi::hashed_unique<mi::member<entry, sha256_digest, &entry::digest>, digest_hash>,
                          mi::ordered_non_unique<
                              mi::composite_key<entry, subject_of, mi::member<entry, clock::time_point, &entry::expires>>>>>;

ticket_refusal refusal_of(ticket_refusal::bound what, clock::time_point oldest, clock::time_point now) {
  return {what, std::max(seconds{1}, std::chrono::ceil<seconds>(oldest - now))};
}

}  // namespace

struct ws_tickets::table {
  entries all;
  sha256 digest_of;

  auto& by_digest() noexcept { return all.get<1>(); }
  auto& by_subject() noexcept { return all.get<2>(); }
};

void throw_exception_from_error(const ticket_refusal&, const boost::source_location&) {
  throw std::runtime_error{"there is no ticket to be had"};
}

ws_tickets::ws_tickets(options opts) : opts_{opts}, table_{std::make_unique<table>()} {}
ws_tickets::~ws_tickets() = default;

result<std::string, ticket_refusal> ws_tickets::issue(std::shared_ptr<const principal> who, clock::time_point now) {
  forget_expired(now);
  clock::time_point oldest;
  if (!make_room_for(who->subject, now, oldest)) {
    ++metrics_.refused_of_subject;
    return refusal_of(ticket_refusal::bound::of_subject, oldest, now);
  }
  if (table_->all.size() >= opts_.most) {
    ++metrics_.refused_of_all;
    return refusal_of(ticket_refusal::bound::of_all, table_->all.front().expires, now);
  }
  auto ticket = random_text(32);
  if (!ticket) throw std::runtime_error{"the kernel has no random bytes"};
  table_->all.push_back({table_->digest_of(*ticket), std::move(who), now + opts_.lifetime});
  ++metrics_.issued;
  return std::move(*ticket);
}

result<std::shared_ptr<const principal>, token_error> ws_tickets::redeem(std::string_view ticket, clock::time_point now,
                                                                         utc_time wall) {
  forget_expired(now);
  auto& tickets = table_->by_digest();
  const auto found = ticket.size() == ticket_bytes ? tickets.find(table_->digest_of(ticket)) : tickets.end();
  if (found == tickets.end()) {
    ++metrics_.unknown;
    return token_error::invalid;
  }
  const bool good = now < found->expires && wall < found->who->expires;
  auto who = found->who;
  tickets.erase(found);
  ++(good ? metrics_.used : metrics_.expired);
  if (!good) return token_error::invalid;
  return who;
}

void ws_tickets::forget_expired(clock::time_point now) {
  auto& all = table_->all;
  for (int i = 0; i < forgotten_at_once && !all.empty() && all.front().expires <= now; ++i) {
    all.pop_front();
    ++metrics_.expired;
  }
}

/// Those of the subject that have expired go first, so that what forget_expired() has not come to yet counts against nobody.
bool ws_tickets::make_room_for(const std::string& subject, clock::time_point now, clock::time_point& oldest) {
  auto& tickets = table_->by_subject();
  const auto [first, last] = tickets.equal_range(std::tie(subject));
  if (static_cast<std::size_t>(std::distance(first, last)) < opts_.most_of_subject) return true;
  oldest = first->expires;
  if (oldest > now) return false;
  tickets.erase(first);
  ++metrics_.expired;
  return true;
}

std::size_t ws_tickets::size() const noexcept { return table_->all.size(); }

}  // namespace haulcast::auth
